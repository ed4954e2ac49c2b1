"""References in the answers of deeds, in events, in lists and unions."""

from tests.engine.clubs import key as key_of
from tests.engine.clubs import member, wire

KEEP = """
mutation($club: ID!, $readers: [ID!]!, $note: ID!) {
  keep(club: $club, title: "per%cent xx", readers: $readers, note: $note) {
    club { id title keeper { handle } notes(first: 1) { nodes { text } } }
    readers { handle clubs(first: 1) { totalCount nodes { title } } }
    noteEdge { cursor node { id text club { title } } }
    subject { __typename ... on Note { text } }
  }
}
"""


async def keep(ask, readers, viewer=None):
    """Gives club 11 the title that it has, and hands over."""
    given = {
        "club": wire("club", 11),
        "readers": [wire("member", number) for number in readers],
        "note": wire("note", 5),
    }
    result, context = await ask(KEEP, viewer, **given)
    assert not result.errors
    return result.data["keep"], context


async def test_a_deed_hands_over_rows_that_are_read_after_it(ask):
    payload, context = await keep(ask, [1])
    assert payload["club"]["title"] == "per%cent xx"
    assert payload["noteEdge"]["node"]["id"] == wire("note", 5)
    assert payload["subject"] == {"__typename": "Note", "text": payload["noteEdge"]["node"]["text"]}
    assert len(context.texts) == 2 + 2 + 1 + 1


async def test_several_rows_are_one_statement_in_their_order_without_the_hidden(ask):
    payload, _ = await keep(ask, [7, 1, 5, 3, 1])
    assert [one["handle"] for one in payload["readers"]] == ["reader7", "reader1", "reader3", "reader1"]
    assert (await keep(ask, []))[0]["readers"] == []


async def test_the_cursor_of_an_edge_is_the_one_that_the_list_gives(ask):
    cursor = (await keep(ask, []))[0]["noteEdge"]["cursor"]
    club = wire("club", 5)
    result, _ = await ask(f'{{ club(id: "{club}") {{ notes(first: 100) {{ edges {{ cursor node {{ id }} }} }} }} }}')
    edges = {edge["node"]["id"]: edge["cursor"] for edge in result.data["club"]["notes"]["edges"]}
    assert edges[wire("note", 5)] == cursor
    result, _ = await ask(f'{{ club(id: "{club}") {{ notes(after: "{cursor}") {{ nodes {{ id }} }} }} }}')
    following = list(edges)[list(edges).index(wire("note", 5)) + 1 :]
    assert [node["id"] for node in result.data["club"]["notes"]["nodes"]] == following[:20]


async def test_a_hidden_row_is_handed_over_as_null(ask):
    given = {"club": wire("club", 2), "readers": [], "note": wire("note", 3)}

    async def title():
        result, _ = await ask("query($id: ID!) { club(id: $id) { title } }", member(2), id=wire("club", 2))
        return result.data["club"]["title"]

    before = await title()
    result, _ = await ask(KEEP.replace("per%cent xx", before.replace('"', '\\"')), member(1), **given)
    assert result.data["keep"] == {"club": None, "readers": [], "noteEdge": None, "subject": None}
    assert await title() == before


async def test_events_hand_over_rows_and_share_one_plan(schema, make_context):
    operation = "subscription($clubs: [ID!]!) { opened(clubs: $clubs) { title keeper { handle } } }"
    clubs = [wire("club", number) for number in (0, 1, 2, 3)]
    context = make_context(member(1))
    stream = await schema.subscribe(operation, variable_values={"clubs": clubs}, context_value=context)
    events = [event async for event in stream]
    assert [event.errors for event in events] == [None] * 4
    assert [event.data["opened"] and event.data["opened"]["keeper"]["handle"] for event in events] == [
        "reader0",
        "reader1",
        None,
        "reader3",
    ]
    assert len(set(context.texts)) == 1


def test_a_reference_names_a_row():
    assert wire("club", 0) == f"club_{key_of('club', 0)}"
