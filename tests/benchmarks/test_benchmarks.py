"""The servers are compared over the same answers to the same person, or their figures say nothing."""

import json
import subprocess
import sys
from dataclasses import replace

import orjson
import pytest

from benchmarks import node
from benchmarks.__main__ import prepared
from benchmarks.client import Load, NoCompiler, WrongAnswer, ask
from benchmarks.operations import OPERATIONS
from benchmarks.rounds import alternate, answers_of, comparable, difference
from benchmarks.servers import BACKLINE, FACTORIES, LIMIT, MERCURIUS, NAMES, ROOT, Cores, DidNotStart, serving


@pytest.fixture(scope="module")
def servers(addresses, tmp_path_factory):
    folder = tmp_path_factory.mktemp("benchmarks")
    with prepared(list(FACTORIES), addresses, folder, Cores(None, None)) as (running, _):
        yield running


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    try:
        return Load(tmp_path_factory.mktemp("load"))
    except NoCompiler as fault:
        pytest.skip(f"Nothing can be measured: {fault}")


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
    found = answers_of(servers, operation)
    assert set(found) == set(FACTORIES)
    assert difference(found) is None


def test_the_screen_of_rooms_is_as_large_as_it_is_said_to_be(servers):
    found = orjson.loads(answers_of(servers, OPERATIONS[0])[BACKLINE])
    rooms, *chats = each_list(found)
    assert len(rooms) == 50
    assert [len(chat) for chat in chats] == [10] * 50
    assert {room["nowPlaying"] is None for room in rooms} == {True, False}
    assert {room["curator"]["profilePhotoUrl"] is None for room in rooms} == {True, False}


def test_each_server_reads_the_token(servers):
    operation = OPERATIONS[-1]
    for server in servers:
        asked = server.request(operation)
        line = f"Authorization: Bearer {server.token}\r\n".encode()
        assert orjson.loads(ask(server.port, asked))["data"]["user"]["viewerIsFollowing"] is True
        stranger = orjson.loads(ask(server.port, asked.replace(line, b"")))
        assert stranger["data"]["user"]["viewerIsFollowing"] is False
        with pytest.raises(WrongAnswer):
            comparable(ask(server.port, asked.replace(line, line.replace(b".", b".x", 1))))


def test_an_answer_to_something_else_is_noticed(servers):
    asked = OPERATIONS[-1]
    other = replace(asked, variables={"username": "person_0043"})
    mixed = answers_of([servers[0]], asked) | answers_of([servers[1]], other)
    assert "person_0043" in difference(mixed)


def test_a_server_that_answers_with_errors_is_not_measured(servers):
    unknown = replace(OPERATIONS[-1], variables={"username": None})
    with pytest.raises(WrongAnswer, match=BACKLINE):
        answers_of([servers[0]], unknown)


def test_figures_are_measured(servers, load):
    # A small answer: the slowest server takes 20 s for what it has to be asked of the largest.
    figures = alternate(load, servers, OPERATIONS[-1], rounds=2, seconds=0.01)
    assert set(figures) == set(FACTORIES)
    for found in figures.values():
        assert [len(values) for values in (found.rates, found.cpu_ms, found.p50, found.p99)] == [2] * 4
        assert min(found.rates + found.cpu_ms + found.p50) > 0
        assert all(middle <= late for middle, late in zip(found.p50, found.p99, strict=True))


def test_the_client_counts_no_wrong_answers(servers, load):
    server = next(server for server in servers if server.name == LIMIT)
    asked = server.request(OPERATIONS[-1])
    assert load.run(server.port, asked, 3, 0).answers == 3
    with pytest.raises(WrongAnswer, match="404"):
        load.run(server.port, asked.replace(b"/UserProfile", b"/Somebody"), 2, 0.01)
    with pytest.raises(WrongAnswer, match="no connection"):
        load.run(1, asked, 2, 0.01)


def test_a_server_that_cannot_start_says_why(tmp_path):
    with pytest.raises(DidNotStart, match="POOL_SIZE"), serving(LIMIT, {}, tmp_path, None):
        pass


def test_the_lock_names_no_registry():
    locked = json.loads((node.PEERS / "package-lock.json").read_text())["packages"]
    assert not [name for name, package in locked.items() if "resolved" in package]
    named = json.loads((node.PEERS / "package.json").read_text())["dependencies"]
    assert {name: locked[f"node_modules/{name}"]["version"] for name in named} == named


@pytest.mark.long
@pytest.mark.timeout(900)
def test_the_whole_is_measured_with_all_peers(addresses, tmp_path):
    """One command: it installs the peers, compares all answers, measures and writes."""
    kept = tmp_path / "results.json"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--rounds", "1", "--seconds", "0.05", "--results", str(kept)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(kept.read_text())
    assert found["absent"] == {}
    assert [operation["name"] for operation in found["operations"]] == [operation.name for operation in OPERATIONS]
    for operation in found["operations"]:
        assert set(operation["servers"]) == set(NAMES)
        assert set(operation["ratios"]) == set(NAMES) - {BACKLINE}
        assert operation["ratios"][MERCURIUS]["cpu"][1] > 0
        assert operation["name"] in done.stdout
