"""Pages: walked to the end from both sides, and refused where they cannot be."""

import base64
import json
import uuid

import pytest

from engine import cursors
from engine.errors import BadInput
from tests.engine.clubs import member, wire

LISTS = [
    "clubs(orderBy: NEWEST, %s)",
    "clubs(orderBy: BUSIEST, %s)",
    "clubs(orderBy: LAST_TO_CLOSE, %s)",
    'clubs(orderBy: NEAREST, wanted: "abc", %s)',
    "members(%s)",
    "notices(%s)",
]


async def walk(ask, name, size, *, backward):
    end, bound, stop, more = (
        ("last", "before", "startCursor", "hasPreviousPage")
        if backward
        else ("first", "after", "endCursor", "hasNextPage")
    )
    seen, cursor = [], None
    while True:
        arguments = f"{end}: {size}" + (f', {bound}: "{cursor}"' if cursor else "")
        operation = f"{{ page: {name % arguments} {{ nodes {{ id }} pageInfo {{ {stop} {more} }} }} }}"
        result, _ = await ask(operation, member(1))
        page = result.data["page"]
        ids = [node["id"] for node in page["nodes"]]
        seen = [*ids, *seen] if backward else [*seen, *ids]
        if not page["pageInfo"][more]:
            return seen
        cursor = page["pageInfo"][stop]


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("size", [1, 4, 100])
async def test_both_ways_lead_past_the_same_rows(ask, name, size):
    forward = await walk(ask, name, size, backward=False)
    assert forward == await walk(ask, name, size, backward=True)
    result, _ = await ask(f"{{ page: {name % 'first: 1'} {{ totalCount }} }}", member(1))
    assert len(forward) == len(set(forward)) == result.data["page"]["totalCount"]


async def test_a_page_knows_what_lies_on_both_sides(ask):
    first = "{ members(first: 2) { edges { cursor } pageInfo { hasNextPage hasPreviousPage } } }"
    result, _ = await ask(first)
    assert result.data["members"]["pageInfo"] == {"hasNextPage": True, "hasPreviousPage": False}
    start, second = [edge["cursor"] for edge in result.data["members"]["edges"]]
    for arguments, following, preceding in (
        (f'first: 1, after: "{start}"', True, True),
        (f'first: 0, after: "{start}"', True, True),
        (f'last: 1, before: "{second}"', True, False),
        (f'last: 100, before: "{start}"', True, False),
        (f'first: 100, after: "{second}"', False, True),
    ):
        info = "pageInfo { hasNextPage hasPreviousPage }"
        result, context = await ask(f"{{ members({arguments}) {{ {info} }} }}")
        assert result.data["members"]["pageInfo"] == {"hasNextPage": following, "hasPreviousPage": preceding}, arguments
        assert len(context.texts) == 1


async def test_the_rest_of_a_list_is_that_of_its_own_parent(ask):
    result, _ = await ask("{ members(first: 100) { nodes { clubs { edges { cursor } } } } }")
    members = result.data["members"]["nodes"]
    (cursor, *_) = [one["clubs"]["edges"][-1]["cursor"] for one in members if len(one["clubs"]["edges"]) > 1]
    info = "pageInfo { hasNextPage hasPreviousPage }"
    operation = f'{{ members(first: 100) {{ nodes {{ clubs(after: "{cursor}") {{ {info} }} }} }} }}'
    result, context = await ask(operation)
    sides = [one["clubs"]["pageInfo"]["hasPreviousPage"] for one in result.data["members"]["nodes"]]
    assert True in sides
    assert [number for number, one in enumerate(members) if not one["clubs"]["edges"] and sides[number]] == []
    assert len(context.texts) == 2


async def test_the_surplus_row_has_nothing_read_for_it(ask):
    operation = "{ members(first: 0) { pageInfo { hasNextPage } nodes { clubs { nodes { title } } } } }"
    result, context = await ask(operation)
    assert result.data == {"members": {"pageInfo": {"hasNextPage": True}, "nodes": []}}
    assert len(context.texts) == 1


async def test_twenty_unless_said(ask):
    result, _ = await ask(
        "{ clubs { nodes { notes { nodes { id } totalCount } } } notices { nodes { id } totalCount } }"
    )
    assert max(len(club["notes"]["nodes"]) for club in result.data["clubs"]["nodes"]) <= 20


async def refusal(ask, operation, **variables):
    """The refusal of an operation; nothing may have been read for it."""
    result, context = await ask(operation, member(1), **variables)
    (error,) = result.errors
    assert isinstance(error.original_error, BadInput), error
    assert context.texts == []
    return error.original_error


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ("first: -1", ("first",)),
        ("first: 101", ("first",)),
        ("last: -1", ("last",)),
        ("last: 101", ("last",)),
        ("first: 1, last: 1", ("last",)),
        ('after: "zzz"', ("after",)),
        ('before: ""', ("before",)),
        ('before: "ü"', ("before",)),
    ],
)
async def test_what_cannot_be_a_page_is_refused_by_name(ask, arguments, field):
    assert (await refusal(ask, f"{{ members({arguments}) {{ nodes {{ id }} }} }}")).field == field
    nested = f"{{ members {{ nodes {{ clubs({arguments}) {{ nodes {{ id }} }} }} }} }}"
    assert (await refusal(ask, nested)).field == field


async def test_a_cursor_is_of_one_list_in_one_order(ask):
    result, _ = await ask(
        "{ clubs(first: 1, orderBy: NEWEST) { edges { cursor } } members(first: 1) { edges { cursor } } }"
    )
    newest = result.data["clubs"]["edges"][0]["cursor"]
    other = result.data["members"]["edges"][0]["cursor"]
    operation = "query($c: String) { clubs(orderBy: %s, after: $c) { nodes { id } } }"
    assert (await refusal(ask, operation % "BUSIEST", c=newest)).field == ("after",)
    assert (await refusal(ask, operation % "NEWEST", c=other)).field == ("after",)
    result, _ = await ask(operation % "NEWEST", c=newest)
    assert not result.errors


@pytest.mark.parametrize(
    "values",
    [
        [2**63, str(uuid.uuid4())],
        [-(2**63) - 1, str(uuid.uuid4())],
        [1.5, str(uuid.uuid4())],
        [True, str(uuid.uuid4())],
        ["1", str(uuid.uuid4())],
        [1, "no key"],
        [1, None],
        [1],
        [1, str(uuid.uuid4()), 2],
        [],
    ],
)
async def test_a_forged_cursor_is_refused_before_anything_is_read(ask, values):
    tag = cursors.tag_of("Query.clubs BUSIEST")
    forged = base64.urlsafe_b64encode(json.dumps([tag, *values]).encode()).decode()
    operation = "query($c: String) { clubs(orderBy: BUSIEST, after: $c) { nodes { id } } }"
    assert (await refusal(ask, operation, c=forged)).field == ("after",)


async def test_a_cursor_with_a_time_without_a_zone_is_refused(ask):
    forged = cursors.encode(cursors.tag_of("Query.members "), "2026-01-01T00:00:00", str(uuid.uuid4()))
    assert (await refusal(ask, "query($c: String) { members(after: $c) { nodes { id } } }", c=forged)).field == (
        "after",
    )


async def test_what_the_database_cannot_take_is_refused_by_name(ask):
    result, _ = await ask("query($g: String) { clubs(filter: {genre: $g}) { totalCount } }", g="a\x00b")
    assert result.errors[0].original_error.field == ("filter", "genre")
    result, _ = await ask("query($g: [String!]) { clubs(filter: {genres: $g}) { totalCount } }", g=["a\x00b"])
    assert isinstance(result.errors[0].original_error, BadInput)
    result, _ = await ask("query($g: String) { clubs(filter: {genre: $g}) { totalCount } }", g="\ud800")
    assert isinstance(result.errors[0].original_error, BadInput)
    result, _ = await ask('{ clubs(filter: {keeper: "member_zzz"}) { totalCount } }')
    assert result.errors[0].original_error.field == ("filter", "keeper")
    result, _ = await ask(f'{{ clubs(filter: {{keeper: "{wire("member", 1)}"}}) {{ totalCount }} }}')
    assert result.data["clubs"]["totalCount"] > 0
