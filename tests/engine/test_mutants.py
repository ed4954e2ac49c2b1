"""The comparison of both engines is worth something: faults that are put in are found by it."""

import logging

import pytest
import strawberry
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from strawberry.extensions import ParserCache

from tests.engine.clubs import member
from tests.engine.mutating import Mutation, mutated
from tests.engine.operations import operations

ATTEMPTS = 300
NOTHING = Mutation("nothing at all", "engine.pages", "PageRule(self.order.tag,", "PageRule((self.order.tag),")
MUTATIONS = [
    Mutation("rows in no order", "engine.pages", "level.select(origin).order_by(*sort)", "level.select(origin)"),
    Mutation("hidden rows in lists", "engine.lists", "[*target.seen(row), *where]", "[*where]"),
    Mutation("hidden rows on edges", "engine.edges", "[on, *target.seen(row), *narrowed]", "[on, *narrowed]"),
    Mutation("edges that hide rows", "engine.compile", "source.outerjoin(", "source.join("),
    Mutation("edges not narrowed", "engine.edges", "[on, *target.seen(row), *narrowed]", "[on, *target.seen(row)]"),
    Mutation("hidden rows at the root", "engine.roots", "[*condition(row), *entity.seen(row)]", "[*condition(row)]"),
    Mutation("no surplus row", "engine.pages", "1 if self.infos else 0", "0"),
    Mutation("surplus row kept", "engine.found", "del found[0 if self.backward else -1]", "pass"),
    Mutation("surplus at the wrong end", "engine.found", "0 if self.backward else -1", "-1 if self.backward else 0"),
    Mutation("last as first", "engine.pages", "backward=self.asked.backward)", "backward=False)"),
    Mutation("cursors backward", "engine.pages", '(name == "after") != self', '(name == "after") == self'),
    Mutation("cursor's own row", "engine.pages", "return left > right if greater", "return left >= right if greater"),
    Mutation("rest of the list", "engine.found", 'beyond.get("after", False)', "False"),
    Mutation("ties not broken", "engine.lists", "return [first, *ties(rows, source)]", "return [first]"),
    Mutation("parents mixed up", "engine.found", "zip(keys, groups[1:]", "zip(keys, groups[:0:-1]"),
    Mutation("parent's key ignored", "engine.pages", "query.where(rows.link == keys.c.id)", "query"),
    Mutation("counting what is hidden", "engine.lists", ".where(*links, *rows.conditions)", ".where(*links)"),
    Mutation("skip and include forgotten", "engine.plans", "start, self.flags_of(operation))", "start)"),
    Mutation(
        "shapes forgotten",
        "engine.arguments",
        "    if is_fixed(value):\n        return value\n    if dataclasses.is_dataclass(value):",
        "    if dataclasses.is_dataclass(value):",
    ),
    Mutation("private to nobody", "engine.compile", "case((source.only(here.row, source.viewer), column))", "column"),
    Mutation("null is not false", "engine.compile", "expression = func.coalesce(expression, false())", "pass"),
    Mutation("any type will do", "engine.edges", "[is_row, is_type, *target.seen(row)]", "[is_row, *target.seen(row)]"),
    Mutation("null falls too far", "engine.selection", "falls_to = depth\n", "falls_to = 0\n"),
    Mutation("conditions forgotten", "engine.compile", "source.when(here.row, source.viewer)", "true()"),
]
ALWAYS = {
    "hidden rows in lists",
    "hidden rows on edges",
    "edges that hide rows",
    "surplus at the wrong end",
    "cursors backward",
    "skip and include forgotten",
}
"""Faults that are put in whenever the tests run, one of each kind that is found soon."""


@pytest.fixture(scope="session")
def drawn(schema, known):
    """Operations, the same each time."""
    found = []

    @settings(
        max_examples=ATTEMPTS,
        deadline=None,
        database=None,
        derandomize=True,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def draw(data):
        viewer = data.draw(st.sampled_from([None, member(1), member(2)]))
        found.append((viewer, data.draw(operations(schema._schema, known))))

    draw()
    return found


async def attempts_until_found(mutation, drawn, rows, make_context):
    """After how many operations the engines differ; None when they never do."""
    with mutated(mutation) as fresh:
        world, executor = fresh("tests.engine.world"), fresh("engine.executor")
        naive_module, differing = fresh("tests.engine.naive"), fresh("tests.engine.differing")
        schema = strawberry.Schema(
            query=world.Query, execution_context_class=executor.CompiledExecutor, extensions=[ParserCache]
        )
        async with rows.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            naive = naive_module.Naive(schema, connection)
            for number, (viewer, operation) in enumerate(drawn):
                if await differing.differences(schema, naive, operation, lambda viewer=viewer: make_context(viewer)):
                    return number
    return None


# The library forgets coroutines that it has made when a sibling fails where null is not allowed.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    "mutation",
    [
        pytest.param(mutation, id=mutation.name, marks=[] if mutation.name in ALWAYS else pytest.mark.long)
        for mutation in MUTATIONS
    ],
)
async def test_a_fault_is_found(mutation, drawn, rows, make_context, caplog):
    caplog.set_level(logging.CRITICAL)
    assert await attempts_until_found(mutation, drawn, rows, make_context) is not None


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.long
async def test_nothing_is_found_where_nothing_is_wrong(drawn, rows, make_context):
    assert await attempts_until_found(NOTHING, drawn, rows, make_context) is None
