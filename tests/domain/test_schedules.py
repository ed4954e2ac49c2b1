"""Ticks by the clock of a place: days, weeks, quarters of an hour, and clocks that are put forward and back."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.schedules import daily, every, ticks, weekly

BERLIN, UTC_ZONE = ZoneInfo("Europe/Berlin"), ZoneInfo("UTC")
NEW_YORK, APIA, HOWE = ZoneInfo("America/New_York"), ZoneInfo("Pacific/Apia"), ZoneInfo("Australia/Lord_Howe")
QUARTERS = every(15, time(8), time(20))


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def found(rule, zone, since, until):
    return [each.strftime("%m-%d %H:%M") for each in ticks(rule, zone, at(since), at(until))]


def test_a_day_has_one_and_both_ends_of_a_time_count_once():
    assert found(daily(time(10)), UTC_ZONE, "2026-06-01T00:00", "2026-06-03T09:59") == ["06-01 10:00", "06-02 10:00"]
    assert found(daily(time(10)), UTC_ZONE, "2026-06-01T10:00", "2026-06-02T10:00") == ["06-02 10:00"]
    assert found(daily(time(10)), UTC_ZONE, "2026-06-01T10:00", "2026-06-01T10:00") == []
    assert found(daily(time(10)), UTC_ZONE, "2026-06-02T10:00", "2026-06-01T10:00") == []


def test_a_quarter_of_an_hour_from_eight_to_twenty_is_49_times_a_day():
    day = found(QUARTERS, BERLIN, "2026-06-01T00:00", "2026-06-01T23:59")
    assert (len(day), day[0], day[-1]) == (49, "06-01 06:00", "06-01 18:00")
    assert len(found(QUARTERS, BERLIN, "2026-03-28T00:00", "2026-03-31T00:00")) == 3 * 49


def test_a_week_has_one():
    weeks = found(weekly(0, time(3)), BERLIN, "2026-06-01T00:00", "2026-06-30T00:00")
    assert weeks == ["06-01 01:00", "06-08 01:00", "06-15 01:00", "06-22 01:00", "06-29 01:00"]


def test_the_clock_of_the_place_counts():
    assert found(daily(time(10)), BERLIN, "2026-03-28T00:00", "2026-03-30T23:00") == [
        "03-28 09:00",
        "03-29 08:00",
        "03-30 08:00",
    ]


@pytest.mark.parametrize(
    ("zone", "rule", "day", "expected"),
    [
        # 02:00 to 03:00 is left out on 29 March.
        (BERLIN, daily(time(2, 30)), "2026-03-29", ["03-29 01:00"]),
        (BERLIN, every(15, time(1, 45), time(3, 15)), "2026-03-29", ["03-29 00:45", "03-29 01:00", "03-29 01:15"]),
        # 02:00 to 03:00 comes twice on 25 October: the first time counts.
        (BERLIN, daily(time(2, 30)), "2026-10-25", ["10-25 00:30"]),
        (
            BERLIN,
            every(30, time(1, 30), time(3)),
            "2026-10-25",
            ["10-24 23:30", "10-25 00:00", "10-25 00:30", "10-25 02:00"],
        ),
        (NEW_YORK, daily(time(2, 30)), "2026-03-08", ["03-08 07:00"]),
        (NEW_YORK, daily(time(1, 30)), "2026-11-01", ["11-01 05:30"]),
        # Half an hour only.
        (HOWE, daily(time(2, 15)), "2026-10-03", ["10-03 15:30"]),
        # A whole day is left out: its tick is at the beginning of the next, which has its own.
        (APIA, daily(time(10)), "2011-12-30", ["12-30 10:00", "12-30 20:00"]),
    ],
)
def test_clocks_that_are_put_forward_and_back(zone, rule, day, expected):
    start = at(f"{day}T00:00") - timedelta(hours=3)
    if zone is APIA:
        start = at("2011-12-29T21:00")
    length = timedelta(hours=24)
    assert [each.strftime("%m-%d %H:%M") for each in ticks(rule, zone, start, start + length)] == expected


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK, HOWE, UTC_ZONE])
@pytest.mark.parametrize("rule", [daily(time(2, 30)), QUARTERS, every(15, time(0), time(23, 45)), weekly(6, time(2))])
def test_looking_often_finds_the_same_as_looking_once(zone, rule):
    since, until = at("2026-01-01T00:00"), at("2026-12-31T00:00")
    whole = list(ticks(rule, zone, since, until))
    assert whole == sorted(set(whole))
    pieces, step = [], timedelta(hours=7, minutes=13)
    while since < until:
        pieces += ticks(rule, zone, since, min(since + step, until))
        since += step
    assert pieces == whole
    days = {"daily": 364, "weekly": 52}
    if len(rule.times) == 1:
        assert len(whole) == (days["weekly"] if rule.weekdays else days["daily"])
