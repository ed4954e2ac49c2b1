"""How often players are asked, and what counts as news of them."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.players import (
    HEARD_SECONDS,
    UNHEARD_SECONDS,
    Budget,
    LastSeen,
    Playing,
    RecentTrack,
    Silence,
    backoff_seconds,
    confirms,
    last_seen,
    wait_after,
)
from domain.tracks import MAX_NAME, TrackFacts, tidy_track

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def playing(key="a", progress=10.0, *, length=200.0, runs=True, after=0.0):
    facts = TrackFacts("Title", "Artist", duration_seconds=length)
    return Playing(key, facts, runs, progress, NOW + timedelta(seconds=after), None)


@pytest.mark.parametrize(
    ("seen", "heard", "wait"),
    [
        (playing(), True, HEARD_SECONDS),
        (playing(), False, UNHEARD_SECONDS),
        (playing(progress=195), True, 5.3),
        (playing(progress=195), False, UNHEARD_SECONDS),
        (playing(progress=190.4), True, HEARD_SECONDS),
        (playing(progress=190.6), True, 9.7),
        (playing(progress=199.3), True, 1.0),
        (playing(progress=199.9), True, 1.0),
        (playing(progress=200), True, 3.0),
        (playing(progress=201), True, 3.0),
        (playing(length=None), True, HEARD_SECONDS),
        (playing(progress=199, runs=False), True, HEARD_SECONDS),
        (playing(runs=False), False, UNHEARD_SECONDS),
        (Silence.NOTHING, True, HEARD_SECONDS),
        (Silence.NOTHING, False, UNHEARD_SECONDS),
        (Silence.ADVERTISEMENT, True, 5.0),
        (Silence.ADVERTISEMENT, False, UNHEARD_SECONDS),
    ],
)
def test_when_to_look_again(seen, heard, wait):
    assert wait_after(seen, heard=heard) == pytest.approx(wait)


def test_patience_grows_to_forty_seconds():
    assert [backoff_seconds(n, 0) for n in range(1, 7)] == [5, 10, 20, 40, 40, 40]
    assert [backoff_seconds(n, 1) for n in (1, 4, 99)] == [3.75, 30, 30]


@pytest.mark.parametrize(
    ("last", "seen", "same"),
    [
        (LastSeen(), Silence.NOTHING, True),
        (LastSeen(), Silence.ADVERTISEMENT, True),
        (LastSeen(), playing(), False),
        (last_seen(playing()), Silence.NOTHING, False),
        (last_seen(playing()), playing(progress=20, after=10), True),
        (last_seen(playing()), playing(progress=21.9, after=10), True),
        (last_seen(playing()), playing(progress=18.1, after=10), True),
        (last_seen(playing()), playing(progress=22.1, after=10), False),
        (last_seen(playing()), playing(progress=17.9, after=10), False),
        (last_seen(playing()), playing(progress=10, after=10, runs=False), False),
        (last_seen(playing(runs=False)), playing(progress=10, after=10, runs=False), True),
        (last_seen(playing(runs=False)), playing(progress=13, after=10, runs=False), False),
        (last_seen(playing()), playing("b", progress=20, after=10), False),
        (LastSeen("a", True), playing(progress=20, after=10), False),
    ],
)
def test_what_says_nothing_new(last, seen, same):
    assert last.tells_of(seen) is same


def test_what_the_player_itself_did():
    assert LastSeen().outdone_by(playing())
    assert LastSeen("b", True).outdone_by(playing())
    assert LastSeen("a", False).outdone_by(playing())
    assert not LastSeen("a", True).outdone_by(playing())
    assert not LastSeen("a", True).outdone_by(playing(runs=False))


@pytest.mark.parametrize("calls", [1, 2, 10, 30, 31, 300, 10_000])
def test_a_budget_is_kept_in_any_window(calls):
    """Greedy spending by the limiter's law: never more than the budget in any 30 seconds."""
    budget = Budget(calls)
    tat, spent, now = 0.0, [], 0.0
    while now < 90:
        ready = max(now, tat - budget.every_seconds * (budget.burst - 1))
        now = ready
        tat = max(tat, now) + budget.every_seconds
        spent.append(now)
    most = max(sum(begin <= at < begin + 30 for at in spent) for begin in spent[:: max(1, len(spent) // 200)])
    assert most <= calls


def test_a_budget_is_shared():
    budget = Budget(300)
    alone = budget.share(heard=True, heard_rooms=1, unheard_rooms=0)
    assert alone == pytest.approx(0.103, abs=0.001)
    assert budget.share(heard=True, heard_rooms=1000, unheard_rooms=0) == pytest.approx(103.4, abs=0.1)
    # Rooms that nobody hears cost the others a twentieth at most.
    assert budget.share(heard=True, heard_rooms=1000, unheard_rooms=5000) == pytest.approx(108.9, abs=0.1)
    assert budget.share(heard=False, heard_rooms=1000, unheard_rooms=100) == pytest.approx(206.9, abs=0.1)
    assert budget.share(heard=False, heard_rooms=0, unheard_rooms=100) == pytest.approx(10.3, abs=0.1)
    total = 1000 / budget.share(heard=True, heard_rooms=1000, unheard_rooms=100)
    total += 100 / budget.share(heard=False, heard_rooms=1000, unheard_rooms=100)
    assert total <= 10


def test_what_a_list_bears_out():
    recent = [
        RecentTrack("1", TrackFacts("One", "Somebody", isrc="ZAUX12600001"), None),
        RecentTrack("2", TrackFacts("Two", "STRASSE"), None),
    ]
    assert confirms(TrackFacts("Other name", "Nobody"), "2", recent)
    assert confirms(TrackFacts("Other name", "Nobody", isrc="ZAUX12600001"), None, recent)
    assert confirms(TrackFacts("two", "straße"), None, recent)
    assert not confirms(TrackFacts("Two", "Nobody"), None, recent)
    assert not confirms(TrackFacts("One", "Somebody", isrc="ZAUX12600009"), "9", recent)
    assert not confirms(TrackFacts("Two", "STRASSE"), None, [])


def test_what_a_service_tells_is_made_fit_to_be_shown():
    wild = TrackFacts(
        title=" \u202eTaxi\nto\x00 Soweto " + "!" * 400,
        artist="\x07",
        album="",
        isrc="nonsense",
        duration_seconds=-1,
        bpm=5,
        musical_key="much too long a key",
        artwork_url="http://insecure.example/a.jpg",
    )
    tidy = tidy_track(wild)
    assert tidy.title.startswith("Taxi to Soweto !")
    assert len(tidy.title) <= MAX_NAME
    assert tidy == TrackFacts(tidy.title, "Unknown artist")
    fine = TrackFacts("Éclair 👩‍🎤", "Ana", "Album", "ZAUX12600001", 214.5, 113, "D#m", "https://i.example/a.jpg")
    assert tidy_track(fine) == fine
