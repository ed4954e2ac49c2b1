"""The OWASP GraphQL cheat sheet, item by item: a probe of the real server, and the tests that hold the rest."""

from __future__ import annotations

import ast
import asyncio
import time
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from graphql import GraphQLObjectType, get_introspection_query, get_named_type, is_composite_type

from domain.accounts import ApiScope
from schema.root import schema
from tests.client import operation
from tests.engine.bombs import pages
from tests.serving import serving

ROOT = Path(__file__).parents[2]
TYPES = {
    name: type_
    for name, type_ in schema._schema.type_map.items()
    if isinstance(type_, GraphQLObjectType) and not name.startswith("__")
}


def held_by(path, *names):
    """Say which tests elsewhere hold an item; they must be there."""
    found = {
        node.name
        for node in ast.walk(ast.parse((ROOT / path).read_text()))
        if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef)
    }
    assert set(names) <= found, f"{path} has no {set(names) - found}"


@pytest.fixture(scope="module")
async def production(web, settings):
    """The server as it is outside the demo, and as the example of settings has it."""
    async with (
        serving(replace(settings, demo=False)) as loose,
        serving(replace(settings, demo=False, trusted_only=True)) as strict,
    ):
        yield loose, strict


@pytest.fixture
def say(production):
    """Send a text as a stranger, to the server that takes any document or to the one that does not."""

    async def say(query, *, strict=False, **more):
        async with httpx.AsyncClient(timeout=30) as client:
            return await client.post(f"{production[strict]}/graphql", json={"query": query, **more})

    return say


def codes(response):
    return {error["extensions"]["code"] for error in response.json()["errors"]}


def typos(name):
    """What somebody would try who guesses at a name."""
    swapped = name[:1] + name[2:3] + name[1:2] + name[3:]
    return {name[:-1], name + "s", name[1:], "get" + name.title(), swapped} - {name, ""}


# Input validation


@pytest.mark.parametrize(
    "query",
    [
        "{ user(username: 7) { id } }",
        '{ liveBroadcasts(first: "5") { totalCount } }',
        "{ liveBroadcasts(first: 5, filter: {colour: RED}) { totalCount } }",
        "{ node(id: {}) { id } }",
        "mutation { startBroadcast(input: {}) { broadcast { id } } }",
    ],
)
async def test_input_is_typed_and_unknown_input_is_refused(say, query):
    assert codes(await say(query)) == {"GRAPHQL_VALIDATION_FAILED"}


async def test_input_has_bounds(say):
    assert codes(await say("query ($u: String!) { user(username: $u) { id } }", variables={"u": "x\0"})) == {
        "INVALID_INPUT"
    }
    held_by("tests/engine/doors/test_limits.py", "test_variables_are_bounded_too")
    held_by(
        "tests/engine/doors/test_http.py",
        "test_refuses_long_bodies_announced_or_not",
        "test_refuses_what_is_no_request",
    )
    held_by("tests/accounts/test_profile.py", "test_bad_input_is_refused_by_name_and_changes_nothing")


@pytest.mark.parametrize(
    "word", ["' OR 1=1 --", "\\", "%", "_", "$1", "'; DROP TABLE users; --", "{{7*7}}", "$(id)", "../../etc"]
)
async def test_nothing_is_injected(api, make, word):
    mina = await make.user("mina")
    found = await api(mina)("query ($q: String!) { curators(query: $q) { nodes { username } } }", q=word)
    assert found == {"curators": {"nodes": []}}
    assert (await api(mina)("query ($u: String!) { user(username: $u) { id } }", u=word)) == {"user": None}
    # Statements are written once from declarations; what clients send are parameters.
    held_by("tests/engine/test_statements.py", "test_what_clients_give_is_never_in_the_text")


# Denial of service


async def test_depth_amount_and_width_are_limited(say):
    assert codes(await say("{viewer{" + "user{" * 15 + "id" + "}" * 17)) == {"TOO_DEEP"}
    many = "{" + " ".join(f"a{n}: viewer {{ id }}" for n in range(31)) + "}"
    assert codes(await say(many)) & {"TOO_MANY_ALIASES", "TOO_MANY_ROOT_FIELDS"}
    too_many = await say("{ liveBroadcasts(first: 101) { totalCount } }")
    assert codes(too_many) <= {"INVALID_INPUT", "PAGE_TOO_LARGE", "COST_EXCEEDED"}
    held_by("tests/engine/doors/test_limits.py", "test_bombs_are_refused_fast", "test_variables_are_bounded_too")


async def test_what_would_cost_too_much_is_not_begun(say):
    answer = await say(pages(2))
    assert "data" not in answer.json()
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "COST_TOO_HIGH"
    assert error["extensions"]["requested"] > error["extensions"]["limit"]
    assert "data" in (await say(pages(0, 10))).json()
    held_by("tests/engine/test_cost.py", "test_the_law", "test_each_operation_of_the_contract_fits_well")


@pytest.mark.parametrize("argument", ["first: 101", "last: 101", "first: -1", "first: 2147483647"])
async def test_no_page_is_longer_than_a_hundred(say, argument):
    answer = (await say(f"{{ liveBroadcasts({argument}) {{ nodes {{ id }} }} }}")).json()
    assert not answer.get("data")
    assert answer["errors"][0]["extensions"]["code"] in {"INVALID_INPUT", "COST_TOO_HIGH"}


async def test_an_address_may_ask_so_often_and_no_more(web, settings):
    async with serving(replace(settings, demo=False, requests_per_minute=3)) as url, httpx.AsyncClient() as client:
        answers = [await client.post(f"{url}/graphql", json={"query": "{ __typename }"}) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert codes(answers[-1]) == {"RATE_LIMITED"}
    assert "data" not in answers[-1].json()
    assert int(answers[-1].headers["retry-after"]) > 0
    held_by(
        "tests/limits/test_minute.py",
        "test_requests_are_exact_over_all_processes",
        "test_points_are_exact_over_all_processes",
        "test_strangers_of_one_address_share_what_there_is",
    )
    held_by("tests/engine/test_bombs.py", "test_a_probe_hardly_notices_the_bombs")


async def test_operations_have_a_deadline_and_stop():
    held_by(
        "tests/engine/doors/test_deadline.py",
        "test_sql_is_cancelled_at_the_deadline",
        "test_sql_is_cancelled_when_the_client_leaves",
    )


async def test_reads_are_batched_whatever_is_asked():
    held_by("tests/engine/test_statements.py", "test_statements_do_not_depend_on_the_data")


# Access control


async def test_every_mutation_and_every_read_asks_who_it_is():
    held_by(
        "tests/authorization/test_mutations.py",
        "test_every_mutation_and_kind_of_thing_is_asked_about",
        "test_a_stranger_changes_nothing",
        "test_what_is_somebody_elses_stays_as_it_is",
        "test_only_operators_run_the_platform",
    )
    held_by("tests/authorization/test_reads.py", "test_nothing_private_comes_out_anywhere")


async def test_no_node_is_a_way_around():
    held_by(
        "tests/authorization/test_reads.py",
        "test_what_is_hidden_looks_like_what_is_missing",
        "test_ids_of_the_wrong_kind_reach_nothing",
    )


async def test_a_program_has_its_scopes_alone(api, make):
    assert len(ApiScope) > 1
    held_by("tests/authorization/test_mutations.py", "test_a_program_needs_the_fitting_scope")


# Batching


async def test_several_requests_at_a_time_are_not_taken(production):
    async with httpx.AsyncClient() as client:
        body = [{"query": "{ viewer { id } }"}] * 2
        for url in production:
            refused = await client.post(f"{url}/graphql", json=body)
            assert (refused.status_code, codes(refused)) == (400, {"BAD_REQUEST"})


async def test_codes_are_not_guessed_by_aliases(say):
    guess = 'signIn(input: {code: {email: "mina@example.com", code: "%06d"}}) { userErrors { code } }'
    many = await say("mutation {" + " ".join(f"a{n}: {guess % n}" for n in range(21)) + "}")
    assert codes(many) == {"TOO_MANY_ROOT_FIELDS"}
    assert "data" not in many.json()
    held_by("tests/accounts/test_phones.py", "test_of_twenty_guesses_at_once_five_reach_the_carrier")
    held_by("tests/accounts/test_codes.py", "test_fifty_requests_at_once_get_four_codes")


# Secure configuration


async def test_strangers_may_not_introspect(say):
    for query in (get_introspection_query(), "{ __schema { types { name } } }", '{ __type(name: "User") { name } }'):
        answer = await say(query)
        assert codes(answer) == {"INTROSPECTION_OFF"}
        assert "data" not in answer.json()
        assert codes(await say(query, strict=True)) == {"DOCUMENT_NOT_TRUSTED"}


async def test_the_page_of_production_names_nobody(production):
    async with httpx.AsyncClient() as client:
        page = await client.get(f"{production[0]}/graphql", headers={"accept": "text/html"})
        people = await client.get(f"{production[0]}/explorer/people")
        session = await client.post(f"{production[0]}/explorer/session", json={"username": "mina"})
    assert 'data-people="shown"' not in page.text
    assert (people.status_code, session.status_code) == (404, 404)
    held_by("tests/web/test_explorer.py", "test_the_page_says_whether_there_are_people")


async def test_guessing_finds_no_name(say):
    """What clairvoyance lives of: a mistyped name that is answered by the right one."""
    fields = TYPES["Query"].fields
    for name, field in fields.items():
        wrong = sorted(typos(name) - fields.keys())
        answer = await say("{ " + " ".join(wrong) + " }")
        assert codes(answer) == {"GRAPHQL_VALIDATION_FAILED"}
        assert "mean" not in answer.text
        assert f"'{name}'" not in answer.text
        below = "{ __typename }" if is_composite_type(get_named_type(field.type)) else ""
        for argument in field.args:
            unknown = [
                error["message"] for error in (await say(f"{{ {name}({argument}x: 1) {below} }}")).json()["errors"]
            ]
            assert any(f"'{argument}x'" in message for message in unknown)
            assert not any("mean" in message for message in unknown)
    answer = await say("query ($f: LiveBroadcastFilte) { viewer { __typename } }")
    assert "LiveBroadcastFilter" not in answer.text
    assert "mean" not in answer.text


async def test_a_developer_is_told_what_the_production_does_not_say(api):
    answer = await api().answer("{ viewr }")
    assert "Did you mean 'viewer'" in answer["errors"][0]["message"]


async def test_where_only_trusted_documents_pass_every_guess_gets_the_same_answer(say):
    answers = set()
    for query in (
        "{ viewer { id } }",
        "{ viewr { id } }",
        "{",
        "{ user { id } }",
        "mutation { stopBroadcast }",
        "nonsense",
    ):
        answers.add((await say(query, strict=True)).content)
    assert len(answers) == 1
    assert codes(await say("{ viewr }", strict=True)) == {"DOCUMENT_NOT_TRUSTED"}
    asked = {"query": operation("LiveBroadcasts"), "variables": {"first": 1}}
    assert "data" in (await say(strict=True, **asked)).json()


async def test_errors_tell_nothing_of_the_inside():
    held_by(
        "tests/engine/doors/test_masking.py",
        "test_faults_of_ours_are_an_id",
        "test_neither_answer_nor_log_has_what_clients_sent",
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"query": 1}',
        b'{"query": "{"}',
        b'{"query": "\xff"}',
        b'{"query": "{a", "variables": 1}',
    ],
)
async def test_no_refusal_shows_a_line_of_code(production, body):
    async with httpx.AsyncClient() as client:
        for url in production:
            answer = await client.post(f"{url}/graphql", content=body, headers={"content-type": "application/json"})
            assert codes(answer)
            assert not any(word in answer.text for word in ("Traceback", "File ", ".py", "site-packages"))


async def test_no_request_is_smuggled_in_another(production):
    """Where two lengths are given, servers may differ in which they believe: such a request is none."""
    host, port = production[0].removeprefix("http://").split(":")
    inner = b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n"
    for lengths in (
        b"content-length: %d\r\ntransfer-encoding: chunked" % (5 + len(inner)),
        b"content-length: 0\r\ncontent-length: %d" % len(inner),
        b"transfer-encoding: chunked, identity",
    ):
        reader, writer = await asyncio.open_connection(host, int(port))
        head = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n" + lengths
        writer.write(head + b"\r\n\r\n0\r\n\r\n" + inner)
        writer.write_eof()
        async with asyncio.timeout(5):
            said = await reader.read()
        writer.close()
        assert said.startswith(b"HTTP/1.1 400 ")
        assert b'"status":"ok"' not in said


async def test_refusing_costs_little(say):
    started = time.monotonic()
    await say("{" + "a " * 8_000 + "}")
    assert time.monotonic() - started < 2
