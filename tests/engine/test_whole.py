"""Operations of declared fields alone: without an executor they give what they give with one, to the letter."""

import os

import pytest
from graphql import parse, validate
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from strawberry.execution import optimized_is_awaitable

from engine.documents import Documents, graphql_schema
from engine.executor import CompiledExecutor
from engine.limits import Limits
from engine.operations import execute
from engine.whole import Reading, wholes_of
from schema.root import schema as ours
from tests.engine.clubs import wire
from tests.engine.conftest import VIEWERS
from tests.engine.operations import operations

EXAMPLES = int(os.environ.get("TEST_EXAMPLES", "60"))


def bind(schema, document, variables, context, name=None):
    """What is run: a reading, refusals, or None where an executor is needed."""
    wholes = wholes_of(graphql_schema(schema), CompiledExecutor, document)
    return wholes[name].bind(variables, context, hide_suggestions=True) if name in wholes else None


def with_executor(schema, document, variables, context, name=None):
    return CompiledExecutor.build(
        graphql_schema(schema),
        document,
        None,
        context,
        variables,
        name,
        is_awaitable=optimized_is_awaitable,
        hide_suggestions=True,
    )


async def outcome(bound):
    """What comes of it, as clients would see it; or why it is not run."""
    if isinstance(bound, list):
        return [error.formatted for error in bound]
    result = await execute(bound)
    return result.data, [error.formatted for error in result.errors or ()]


@pytest.fixture
def both(schema, make_context):
    """Run an operation both ways; gives the answer, once it was seen that they agree."""

    async def run(text, viewer=None, roles=(), name=None, **variables):
        document = parse(text)
        assert not validate(graphql_schema(schema), document)
        quick, slow = make_context(viewer, roles), make_context(viewer, roles)
        bound = bind(schema, document, variables, quick, name)
        assert bound is not None
        found = await outcome(bound)
        assert found == await outcome(with_executor(schema, document, variables, slow, name))
        assert quick.texts == slow.texts
        return found

    return run


# The library forgets coroutines that it has made when a sibling fails where null is not allowed.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.timeout(7200)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    phases=(Phase.generate,),
    derandomize="TEST_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
async def test_both_ways_agree(data, schema, known, make_context):
    viewer, roles = data.draw(st.sampled_from(VIEWERS))
    operation = data.draw(operations(schema._schema, known))
    document = parse(operation.text)
    if validate(schema._schema, document):
        return
    for variables in operation.sets():
        quick, slow = make_context(viewer, roles), make_context(viewer, roles)
        bound = bind(schema, document, variables, quick)
        if bound is None:
            continue
        answer, errors = await outcome(bound)
        expected, faults = await outcome(with_executor(schema, document, variables, slow))
        told = f"{operation.text}\n{variables}\nviewer {viewer} {roles}"
        assert answer == expected, told
        if answer is not None:  # Which errors are told under one null is a matter of who comes first.
            assert sorted(map(str, errors)) == sorted(map(str, faults)), told
            assert sorted(quick.texts) == sorted(slow.texts), told


async def test_several_root_fields_are_read(both):
    data, errors = await both("{ a: clubs(first: 2) { nodes { title } } __typename shelf { title } }")
    assert list(data) == ["a", "__typename", "shelf"]
    assert data["__typename"] == "Query"
    assert len(data["a"]["nodes"]) == 2
    assert not errors


@pytest.mark.parametrize("id_", [wire("member", 3), wire("member", 999_999), "member_x", "club_", "nobody", ""])
async def test_rows_by_their_ids(both, id_):
    data, _ = await both("query($id: ID!) { member(id: $id) { handle } node(id: $id) { id } }", id=id_)
    assert (data["member"] is not None) == (data["node"] is not None) == (id_ == wire("member", 3))


async def test_the_viewers_own_row(both):
    text = "{ viewer { __typename } }"
    assert (await both(text))[0] == {"viewer": None}
    assert (await both(text, viewer=VIEWERS[1][0]))[0] == {"viewer": {"__typename": "Reader"}}


async def test_errors_are_where_the_library_has_them(both):
    data, errors = await both("{ members(first: 100) { nodes { handle fickle } } }")
    assert data["members"]["nodes"]
    assert [error["path"][-1] for error in errors] == ["fickle"]
    data, errors = await both("query($id: ID!) { member(id: $id) { handle strict } }", id=wire("member", 3))
    assert (data, len(errors)) == ({"member": None}, 1)
    data, errors = await both("{ members(first: 100) { nodes { strict } } shelf { title } }")
    assert data is None
    assert errors


async def test_what_is_given_wrongly_is_refused_and_nothing_is_read(both, schema, make_context):
    text = "query($n: Int!, $after: String) { clubs(first: $n, after: $after) { nodes { title } } }"
    assert "Variable '$n'" in (await both(text))[0]["message"]
    for wrong in ("2", 2.5, None, True, 2**40, [1]):
        assert "Variable '$n'" in (await both(text, n=wrong))[0]["message"]
    for values in ({"n": -1}, {"n": 101}, {"n": 2, "after": "nonsense"}):
        context = make_context()
        data, errors = await outcome(bind(schema, parse(text), values, context))
        assert (data, len(errors), context.texts) == (None, 1, [])
        assert await both(text, **values) == (data, errors)


@pytest.mark.parametrize(
    "values", [{}, {"n": None}, {"n": 3}, {"g": "crime"}, {"g": None}, {"g": None, "n": 1, "s": True}, {"s": False}]
)
async def test_defaults_nulls_and_what_is_left_out(both, values):
    text = """query($n: Int = 2, $g: String, $s: Boolean = false) {
        clubs(first: $n, filter: {genre: $g}) { nodes { title @skip(if: $s) id } } shelf(genre: $g) { title } }"""
    _, errors = await both(text, **values)
    assert not errors


async def test_variables_of_other_types_are_the_librarys(both):
    text = "query($o: ClubOrder!, $f: ClubFilter) { clubs(orderBy: $o, filter: $f, first: 3) { nodes { title } } }"
    assert not (await both(text, o="BUSIEST", f={"genres": ["crime", "verse"]}))[1]
    assert "Variable '$o'" in (await both(text, o="LOUDEST"))[0]["message"]
    assert "Variable '$f'" in (await both(text, o="BUSIEST", f={"loud": True}))[0]["message"]


async def test_one_of_several_operations(both):
    text = "query A { shelf { title } } query B { shelf { id } }"
    assert set((await both(text, name="A"))[0]["shelf"][0]) == {"title"}
    assert set((await both(text, name="B"))[0]["shelf"][0]) == {"id"}


@pytest.mark.parametrize(
    "text",
    [
        "{ hello }",
        "{ hello shelf { title } }",
        "{ __schema { types { name } } }",
        'mutation { keep(club: "a", title: "b", readers: [], note: "c") { club { id } } }',
    ],
)
async def test_everything_else_is_the_executors(schema, make_context, text):
    assert bind(schema, parse(text), {}, make_context()) is None


def test_what_comes_in_parts_is_the_executors():
    documents = Documents(ours, Limits())
    text = "{ viewer { user { id } } ... @defer { liveBroadcasts(first: 5) { nodes { id } } } }"
    assert list(documents.find(text).wholes) == [None]
    assert documents.find(text, parts=True).wholes == {}
    assert list(documents.find(text.replace("@defer", ""), parts=True).wholes) == [None]


async def test_what_is_skipped_decides(schema, make_context):
    document = parse("query($all: Boolean!) { hello @include(if: $all) shelf { title } }")
    [whole] = {*wholes_of(graphql_schema(schema), CompiledExecutor, document).values()}
    for _ in range(2):
        bound = whole.bind({"all": False}, make_context(), hide_suggestions=True)
        assert isinstance(bound, Reading)
        assert set((await execute(bound)).data) == {"shelf"}
        assert whole.bind({"all": True}, make_context(), hide_suggestions=True) is None
    assert not whole.never


async def test_a_plan_is_found_again(schema, make_context):
    document = parse("query($n: Int) { clubs(first: $n) { nodes { title } } }")
    [whole] = {*wholes_of(graphql_schema(schema), CompiledExecutor, document).values()}
    sizes = []
    for number in (1, 2, 3):
        reading = whole.bind({"n": number}, make_context(), hide_suggestions=True)
        sizes.append(len((await execute(reading)).data["clubs"]["nodes"]))
    assert sizes == [1, 2, 3]
    assert len(whole._kept.plans.kept) == 1
