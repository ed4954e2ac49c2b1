"""The three servers are compared over the same answers, or their figures say nothing."""

from dataclasses import replace

import orjson
import pytest
import uvloop

from benchmarks.__main__ import prepared
from benchmarks.client import WrongAnswer
from benchmarks.operations import OPERATIONS
from benchmarks.report import table
from benchmarks.rounds import alternate, answers_of, comparable, difference
from benchmarks.servers import BACKLINE, FACTORIES, LIMIT, Cores, DidNotStart, serving


@pytest.fixture(scope="module")
def servers(addresses, tmp_path_factory):
    folder = tmp_path_factory.mktemp("benchmarks")
    with prepared(list(FACTORIES), addresses, folder, Cores(None, None)) as running:
        yield running


def each_list(value):
    """Every list of an answer that is a list of objects."""
    if isinstance(value, dict):
        for item in value.values():
            yield from each_list(item)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        yield value
        for item in value:
            yield from each_list(item)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_all_servers_give_the_same_answer(servers, operation):
    found = uvloop.run(answers_of(servers, operation))
    assert set(found) == set(FACTORIES)
    assert difference(found) is None


def test_the_screen_of_rooms_is_as_large_as_it_is_said_to_be(servers):
    found = orjson.loads(uvloop.run(answers_of(servers, OPERATIONS[0]))[BACKLINE])
    rooms, *chats = each_list(found)
    assert len(rooms) == 50
    assert [len(chat) for chat in chats] == [10] * 50
    assert {room["nowPlaying"] is None for room in rooms} == {True, False}
    assert {room["curator"]["profilePhotoUrl"] is None for room in rooms} == {True, False}


def test_an_answer_to_something_else_is_noticed(servers):
    asked = OPERATIONS[-1]
    other = replace(asked, variables={"username": "person_0043"})
    mixed = uvloop.run(answers_of([servers[0]], asked)) | uvloop.run(answers_of([servers[1]], other))
    assert "person_0043" in difference(mixed)


def test_the_order_of_keys_counts_and_signatures_do_not():
    assert comparable(b'{"data":{"a":1,"b":2}}') != comparable(b'{"data":{"b":2,"a":1}}')
    urls = (b'{"data":"/files/a.webp?expires=%d&signature=%s"}' % signed for signed in ((1, b"x-_"), (2, b"y")))
    assert len({comparable(url) for url in urls}) == 1
    with pytest.raises(WrongAnswer, match="errors instead of data"):
        comparable(b'{"data":null,"errors":[{"message":"no"}]}')


def test_figures_are_measured_and_shown(servers):
    # A small answer: the slowest server takes 20 s for what it has to be asked of the largest.
    figures = uvloop.run(alternate(servers, OPERATIONS[-1], rounds=1, seconds=0.01))
    assert all(found.rate > 0 and found.cpu > 0 for found in figures.values())
    shown = table(OPERATIONS[0], 1000, figures)
    assert "Goals: 0.8 of the limit" in shown
    assert all(name in shown for name in FACTORIES)


def test_a_server_that_cannot_start_says_why(tmp_path):
    with pytest.raises(DidNotStart, match="POOL_SIZE"), serving(LIMIT, {}, tmp_path, None):
        pass
