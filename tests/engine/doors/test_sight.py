"""What is seen of operations, and what the log says of them: names and figures, never what was asked."""

import json
import logging
import re
from contextlib import contextmanager

import pytest

from engine.http import GraphQLDoor
from engine.logs import TEXT, JsonLines, set_up
from engine.request_ids import RequestIds
from engine.sight import FACTS, RECORD, Facts, Sight
from tests.engine.doors.porch import SCHEMA, Refusal, serving, welcome


class Notebook:
    """A watcher who writes everything down."""

    def __init__(self):
        self.seen = []
        self.lags = []

    def operation(self, seen):
        self.seen.append(seen)

    def handed_out(self, seconds, sockets):
        self.lags.append((seconds, sockets))


class Lines(logging.Handler):
    """Keeps lines as they would be written."""

    def __init__(self):
        super().__init__()
        self.setFormatter(JsonLines())
        self.lines = []

    def emit(self, record):
        self.lines.append(json.loads(self.format(record)))


@contextmanager
def listening():
    handler = Lines()
    logging.getLogger().addHandler(handler)
    try:
        yield handler.lines
    finally:
        logging.getLogger().removeHandler(handler)


@pytest.fixture(scope="module")
async def watched():
    """A door that is watched, with ids for its requests: its address and the notebook."""
    notebook = Notebook()
    sight = Sight(notebook, slow_seconds=0.25, traced=True)
    door = GraphQLDoor(SCHEMA, context=welcome, expose=(Refusal,), sight=sight)
    async with serving(RequestIds(door)) as address:
        yield address, notebook


@pytest.fixture
def ask(watched, post):
    address, notebook = watched
    notebook.seen.clear()

    async def send(query, variables=None, **headers):
        return await post(query, variables, at=address, **headers)

    return send


async def test_an_operation_is_seen_once(watched, ask):
    await ask("query Greet { hello }")
    (seen,) = watched[1].seen
    assert (seen.name, seen.kind, seen.road, seen.trusted, seen.codes) == ("Greet", "query", "http", False, ())
    assert 0 < seen.seconds < 5
    assert seen.statements == 0


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("query Greet { nowhere }", "GRAPHQL_VALIDATION_FAILED"),
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ fail }", "INTERNAL"),
        ("{ refuse }", "RATE_LIMITED"),
    ],
)
async def test_errors_are_seen_by_code(watched, ask, query, code):
    await ask(query)
    (seen,) = watched[1].seen
    assert list(seen.codes) == [code]


async def test_what_never_was_an_operation_is_seen(watched, ask, client):
    address, notebook = watched
    assert (await client.post(f"http://{address}/graphql", content=b"{")).status_code == 415
    assert (await ask("{ hello }", authorization="Bearer bad")).status_code == 401
    assert [(seen.kind, list(seen.codes)) for seen in notebook.seen] == [
        ("unknown", ["UNSUPPORTED_MEDIA_TYPE"]),
        ("unknown", ["UNAUTHENTICATED"]),
    ]


async def test_a_slow_operation_is_logged_without_its_values(ask, pool):
    with listening() as lines:
        answer = await ask("query Doze($s: Float!) { nap(seconds: $s) }", {"s": 0.3125})
        await ask("query Doze($s: Float!) { nap(seconds: $s) }", {"s": 0.0125})
    (line,) = [line for line in lines if line["logger"] == "engine.sight"]
    assert (line["operation"], line["kind"], line["plan"], line["level"]) == ("Doze", "query", "none", "WARNING")
    assert 300 <= line["milliseconds"] < 5000
    assert line["request"] == answer.headers["x-request-id"]
    assert "0.3125" not in json.dumps(lines)


async def test_a_fault_carries_the_id_of_its_request(ask):
    with listening() as lines:
        answer = await ask('query Falter { fail(secret: "hunter2 hunter2") }', x_request_id="from-the-proxy.1")
    assert answer.headers["x-request-id"] == "from-the-proxy.1"
    facts = answer.json()["errors"][0]["extensions"]
    assert facts["requestId"] == "from-the-proxy.1"
    (line,) = [line for line in lines if line["logger"] == "engine.masking"]
    assert (line["request"], line["operation"]) == ("from-the-proxy.1", "Falter")
    assert facts["errorId"] in line["message"]
    assert "hunter2" not in json.dumps(lines)


@pytest.mark.parametrize("given", ["short", "a" * 65, "white space", 'quote"quote', "new;line=%0a"])
async def test_an_id_that_is_not_sane_is_replaced(ask, given):
    answer = await ask("{ hello }", x_request_id=given)
    assert re.fullmatch("[0-9a-f]{16}", answer.headers["x-request-id"])


async def test_each_request_has_an_id_of_its_own(ask):
    ids = {(await ask("{ hello }")).headers["x-request-id"] for _ in range(5)}
    assert len(ids) == 5


async def test_a_trace_is_taken_up_only_if_it_is_one(watched, ask):
    good = f"00-{'a' * 32}-{'b' * 16}-01"
    await ask("{ hello }", traceparent=good)
    await ask("{ hello }", traceparent=good + "; drop")
    assert [seen.trace_parent for seen in watched[1].seen] == [good, None]


def record_of(message, *arguments, **more):
    return logging.getLogger("test").makeRecord("test", logging.INFO, "f", 1, message, arguments, None, **more)


def test_a_line_is_one_line_whatever_is_in_it():
    facts = Facts("request-1", "http")
    facts.user = "somebody"
    token = FACTS.set(facts)
    record = Sight().begin()
    try:
        line = JsonLines().format(record_of("two\nlines \ud800 %s", '"quoted"'))
    finally:
        FACTS.reset(token)
        RECORD.set(None)
    assert "\n" not in line
    line.encode()
    found = json.loads(line)
    assert (found["request"], found["user"], found["level"]) == ("request-1", "somebody", "INFO")
    assert found["message"] == 'two\nlines \ud800 "quoted"'
    assert "operation" not in found
    assert record.road == "http"


def test_outside_of_requests_a_line_says_less():
    assert set(json.loads(JsonLines().format(record_of("hello")))) == {"time", "level", "logger", "message"}


@pytest.mark.parametrize("form", ["json", "text"])
def test_the_log_is_set_up_as_asked(form, capsys):
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    try:
        set_up(form)
        logging.getLogger("somewhere").info("said")
        said = capsys.readouterr().err.strip().splitlines()[-1]
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    if form == "json":
        assert json.loads(said)["message"] == "said"
    else:
        assert re.fullmatch(r"[\d-]+ [\d:,]+ INFO somewhere: said", said)
        assert "%(message)s" in TEXT
