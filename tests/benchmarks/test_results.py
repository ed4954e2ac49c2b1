"""What is kept of a measurement, and what is said and drawn of it."""

import xml.etree.ElementTree as ET
from copy import deepcopy

import orjson
import pytest

from benchmarks import chart, results
from benchmarks.client import WrongAnswer
from benchmarks.operations import LEFT_OUT, OPERATIONS
from benchmarks.report import explanation, table
from benchmarks.rounds import Figures, comparable, difference
from benchmarks.servers import BACKLINE, IDIOMATIC, LIMIT, MERCURIUS, NAMES, Cores
from schema.root import schema

SVG = "{http://www.w3.org/2000/svg}"


def figures(rate, cpu):
    """Three rounds; the machine was half as fast in the last."""
    return Figures(rates=[rate, rate, rate / 2], cpu_ms=[cpu, cpu, cpu * 2], p50=[1.0, 2.0, 3.0], p99=[4.0, 5.0, 6.0])


@pytest.fixture
def measured():
    made = results.begin(results.facts(Cores(0, 1), "18.4", NAMES), rounds=3, seconds=0.5, absent={})
    found = {
        BACKLINE: figures(1000, 1.0),
        LIMIT: figures(1100, 0.9),
        MERCURIUS: figures(400, 3.0),
        IDIOMATIC: figures(20, 50.0),
    }
    made["operations"] = [results.examined(operation, 1234, 0.4, found) for operation in OPERATIONS]
    return made


def test_nothing_is_left_out_that_is_there():
    shown = schema.as_str().partition("type User ")[2].partition("\n}\n")[0]
    assert "username" in shown
    assert [name for name in LEFT_OUT if f"  {name}" in shown] == []


def test_ratios_are_taken_within_each_round(measured):
    ratio = measured["operations"][0]["ratios"]
    assert ratio[MERCURIUS] == {"rate": [2.5, 2.5, 2.5], "cpu": [3.0, 3.0, 3.0]}
    assert ratio[IDIOMATIC]["rate"][1] == 50
    assert measured["operations"][0]["servers"][BACKLINE]["rate"] == [750, 1000, 1000]


def test_goals_are_told_by_both_measures(measured):
    rooms = next(operation for operation in measured["operations"] if operation["name"] == "LiveRoomsWithChat")
    reached = {goal["beside"]: goal["reached"] for goal in rooms["goals"]}
    assert reached == {
        MERCURIUS: {"rate": True, "cpu": True},
        LIMIT: {"rate": True, "cpu": True},
        IDIOMATIC: {"rate": True, "cpu": True},
    }
    slower = results.ratios({BACKLINE: figures(790, 1.0), MERCURIUS: figures(400, 3.0)})
    [goal] = results.goals("LiveRoomsWithChat", slower)
    assert goal["reached"] == {"rate": False, "cpu": True}
    shown = table(rooms)
    assert "goal 2 x Mercurius jit: requests/s 2.50 reached, CPU 3.00 reached" in shown
    assert "load average 0.4" in shown


def test_a_system_that_tells_no_processor_time_is_measured_by_requests_alone():
    unknown = Figures(rates=[10.0], p50=[1.0], p99=[1.0])
    part = results.examined(OPERATIONS[0], 10, None, {BACKLINE: unknown, MERCURIUS: unknown})
    assert part["goals"] == [{"beside": MERCURIUS, "least": 2.0, "reached": {"rate": False}}]
    assert "?" in table(part)


def test_results_are_read_as_they_were_written(measured, tmp_path):
    results.write(measured, tmp_path / "kept.json")
    assert results.read(tmp_path / "kept.json") == measured


def test_what_is_left_out_is_said(measured):
    assert "is not measured" not in explanation(measured)
    measured["absent"] = {MERCURIUS: "there is no Node.js"}
    assert "Mercurius jit is not measured: there is no Node.js." in explanation(measured)


def test_the_chart_shows_each_figure_in_its_proportion(measured):
    picture = ET.fromstring(chart.draw(measured))
    bars = [bar for bar in picture.iter(f"{SVG}rect") if bar.get("class") in {"ours", "peer", "limit"}]
    assert len(bars) == 4 * len(OPERATIONS)
    widths = {bar.get("class"): float(bar.get("width")) for bar in bars if bar.get("class") != "peer"}
    assert widths["ours"] / widths["limit"] == pytest.approx(1000 / 1100, rel=0.01)
    texts = ["".join(line.itertext()) for line in picture.iter(f"{SVG}text")]
    assert {"1,000   1 ms", "400   3 ms", BACKLINE, LIMIT, *(operation.name for operation in OPERATIONS)} <= set(texts)
    assert not list(picture.iter(f"{SVG}script"))
    right = float(picture.get("width"))
    assert all(float(bar.get("x")) + float(bar.get("width")) < right for bar in bars)


def test_other_figures_make_another_chart(measured):
    other = deepcopy(measured)
    other["operations"][0]["servers"][BACKLINE]["rate"] = [1, 2, 3]
    assert chart.draw(other) != chart.draw(measured)


def test_the_chart_of_the_readme_is_made_from_the_results_that_are_kept():
    assert chart.FILE.read_text(encoding="utf-8") == chart.draw(results.read(results.FILE))
    assert chart.FILE.name in (results.FILE.parent.parent / "README.md").read_text(encoding="utf-8")


def test_the_order_of_keys_counts_and_signatures_do_not():
    assert comparable(b'{"data":{"a":1,"b":2}}') != comparable(b'{"data":{"b":2,"a":1}}')
    urls = (b'{"data":"/files/a.webp?expires=%d&signature=%s"}' % signed for signed in ((1, b"x-_"), (2, b"y")))
    assert len({comparable(url) for url in urls}) == 1
    with pytest.raises(WrongAnswer, match="errors instead of data"):
        comparable(b'{"data":null,"errors":[{"message":"no"}]}')


def test_the_order_of_keys_is_free_for_those_that_reorder_and_nothing_else_is():
    asked, other, wrong = b'{"a":1,"b":[1,2]}', b'{"b":[1,2],"a":1}', b'{"b":[2,1],"a":1}'
    assert difference({BACKLINE: asked, MERCURIUS: other}) is None
    assert difference({BACKLINE: asked, MERCURIUS: wrong})
    assert difference({BACKLINE: asked, LIMIT: other})


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"at": "2026-11-20T18:00:00.25+00:00"}, {"at": "2026-11-20T18:00:00.250000Z"}, True),
        ({"at": "2026-11-20T18:00:00.25+00:00"}, {"at": "2026-11-20T18:00:00.26+00:00"}, False),
        ({"bpm": 131.0}, {"bpm": 131}, True),
        ({"bpm": 131.5}, {"bpm": 131}, False),
        ({"verified": True}, {"verified": 1}, False),
        ([{"cursor": "a"}, {"endCursor": "a"}], [{"cursor": "x"}, {"endCursor": "x"}], True),
        ([{"cursor": "a"}, {"endCursor": "a"}], [{"cursor": "x"}, {"endCursor": "y"}], False),
        ([{"cursor": "a"}, {"cursor": "b"}], [{"cursor": "x"}, {"cursor": "x"}], False),
        ({"endCursor": None}, {"endCursor": "x"}, False),
        ({"text": "a"}, {"text": "b"}, False),
    ],
)
def test_what_may_be_written_in_several_ways_is_the_same_and_nothing_else(one, other, same):
    found = [comparable(orjson.dumps({"data": value})) for value in (one, other)]
    assert (found[0] == found[1]) is same
