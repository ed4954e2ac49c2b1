"""Plans: what makes another one, and how many are kept."""

import gc

import pytest
import strawberry
from sqlalchemy import select
from strawberry.extensions import ParserCache, ValidationCache

from engine.arguments import Parameters
from engine.check import check
from engine.declare import within
from engine.executor import PLANS, CompiledExecutor
from engine.plans import MOST_PLANS, Recent, explain
from engine.statements import Statement
from tests.engine import tables, world
from tests.engine.clubs import wire


@pytest.fixture(scope="module")
def kept():
    """A schema that parses a text once, as a server does."""
    return strawberry.Schema(
        query=world.Query, execution_context_class=CompiledExecutor, extensions=[ParserCache, ValidationCache]
    )


@pytest.fixture
def plans_made(kept, make_context):
    """Run an operation with several sets of variables; gives how many plans that took."""

    async def run(operation, *sets):
        before = PLANS.made
        for variables in sets:
            result = await kept.execute(operation, variable_values=variables, context_value=make_context())
            assert not result.errors
        return PLANS.made - before

    return run


async def test_values_share_a_plan(plans_made):
    operation = "query A($n: Int, $g: String) { clubs(first: $n, filter: {genre: $g}) { nodes { title } } }"
    sets = [{"n": n, "g": g} for n in range(10) for g in ("crime", "it's")]
    assert await plans_made(operation, *sets) == 1


async def test_null_enums_booleans_and_flags_do_not(plans_made):
    operation = "query B($g: String, $o: ClubOrder!, $s: Boolean!) { clubs(filter: {genre: $g}, orderBy: $o) { nodes { title @skip(if: $s) id } } }"
    sets = [{"g": g, "o": o, "s": s} for g in (None, "a", "b") for o in ("NEWEST", "BUSIEST") for s in (True, False)]
    assert await plans_made(operation, *sets) == 8


async def test_ids_of_one_type_share_a_plan_and_other_types_are_not_compiled(plans_made):
    operation = "query C($id: ID!) { node(id: $id) { id ... on Club { title } ... on Member { handle } } }"
    sets = [{"id": wire("club", number)} for number in range(5)]
    assert await plans_made(operation, *sets) == 1


async def test_a_document_keeps_a_bounded_number_of_plans(kept, make_context):
    fields = " ".join(f"a{n}: shelf {{ title }}" for n in range(MOST_PLANS + 20))
    operation = f"query D {{ {fields} }}"
    for _ in range(2):
        result = await kept.execute(operation, context_value=make_context())
        assert not result.errors
    for document in PLANS.documents.kept.values():
        assert len(document.plans.kept) <= document.plans.most
        assert len(document.selections.kept) <= document.selections.most


def test_what_was_not_used_for_longest_goes():
    recent = Recent(2)
    recent.put("a", 1)
    recent.put("b", 2)
    assert recent.get("a") == 1
    recent.put("c", 3)
    assert (recent.get("a"), recent.get("b"), recent.get("c")) == (1, None, 3)


async def test_texts_that_come_and_go_leave_no_plan_behind_for_one_another(schema, make_context):
    """Without a parser's cache each text is parsed anew, and addresses of nodes are used again."""
    for round_ in range(150):
        field = "title" if round_ % 2 else "genre"
        result = await schema.execute(f"{{ shelf {{ {field} }} }}", context_value=make_context())
        assert set(result.data["shelf"][0]) == {field}
        del result
        gc.collect(0)


def test_an_argument_has_no_truth_value():
    made = Parameters().placeholder("crime", 0, "genre")
    with pytest.raises(TypeError):
        bool(made)


def test_a_list_of_arguments_is_compared_by_within_alone():
    parameters = Parameters()
    values = parameters.placeholder(["crime"], 0, "genres")
    with pytest.raises(TypeError, match="within"):
        Statement(select(tables.Club.id).where(tables.Club.genre.in_(values)), parameters)
    made = Statement(select(tables.Club.id).where(within(tables.Club.genre, values)), parameters)
    assert "= ANY ($1::TEXT[])" in made.text


def test_the_world_is_declared_without_fault(schema):
    assert check(schema) == []


def test_explain_prints_sql_and_builders_without_a_database(schema):
    text = explain(
        schema,
        """
        query Home($n: Int!) { clubs(first: $n) { totalCount nodes { title notes(last: $n) { nodes { text } } } } }
        query One($id: ID!) { node(id: $id) { ... on Member { handle } } hello }
        mutation($club: ID!) { keep(club: $club, title: "x", readers: [], note: $club) { club { title } readers { handle } } }
        """.replace("mutation(", "mutation Keep("),
    )
    assert "query Home\ncosts 5 points where $n is 1\n" in text
    assert "clubs: 3 statements" in text
    assert "JOIN LATERAL" in text
    assert "def build(rows, groups, run, m0):" in text
    assert "node (Member): 1 statement" in text
    assert "keep.club (Club): 1 statement" in text
    assert "keep.readers (Member): 1 statement" in text
