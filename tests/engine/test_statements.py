"""How many statements operations take, what is in their text, and on which connections they run."""

import orjson
import pytest

from tests.engine.clubs import member, wire

CARD = "fragment Card on Member { id handle photoUrl viewerIsFollowing }"
COUNTS = [
    (1, "{ clubs { nodes { title keeper { handle } helper { handle openClub { title } } foundedBy { handle } } } }"),
    (1, "{ clubs { totalCount } }"),
    (2, "{ clubs(first: 1) { totalCount nodes { title } pageInfo { hasNextPage } } }"),
    (
        2,
        CARD
        + "{ clubs(first: 50) { nodes { id keeper { ...Card } notes(last: 10) { nodes { author { ...Card } } } } } }",
    ),
    (3, "{ clubs(first: 3) { nodes { a: notes(first: 1) { nodes { text } } b: notes(last: 1) { nodes { text } } } } }"),
    (1, "{ clubs(first: 3) { nodes { notes { totalCount } a: notes(pinned: true) { totalCount } } } }"),
    (2, "{ notices(first: 9) { nodes { subject { ... on Club { meetings { book } } ... on Member { handle } } } } }"),
    (4, "{ members { nodes { clubs { nodes { notes { nodes { author { clubs { nodes { title } } } } } } } } } }"),
    (0, '{ member(id: "nonsense") { handle } clubs { __typename } }'),
    (1, '{ member(id: "member_00000000-0000-0000-0000-000000000000") { clubs { nodes { title } } } }'),
    (3, "{ clubs(first: 1) { nodes { title } } members(first: 1) { nodes { handle } } shelf { title } }"),
]


@pytest.mark.parametrize(("statements", "operation"), COUNTS)
async def test_statements_do_not_depend_on_the_data(ask, statements, operation):
    result, context = await ask(operation, member(1))
    assert not result.errors
    assert len(context.texts) == statements


async def test_constants_are_in_the_text_so_that_partial_indexes_serve(ask):
    _, context = await ask("{ members { nodes { openClub { title } } } }")
    assert ".stage = 'OPEN'" in context.texts[0]


async def test_what_clients_give_is_never_in_the_text(ask):
    for genre in ("crime", "it's", "'; DROP TABLE clubs; --"):
        result, context = await ask("query($g: String) { clubs(filter: {genre: $g}) { totalCount } }", g=genre)
        assert not result.errors
        assert genre not in context.texts[0]
    assert result.data == {"clubs": {"totalCount": 0}}


async def test_root_fields_run_on_connections_of_their_own(ask):
    _, context = await ask(
        "{ a: clubs(first: 1) { nodes { notes { nodes { text } } } } b: shelf { title } c: members { totalCount } }"
    )
    assert len(context.connections) == 3
    assert len(context.texts) == 4


async def test_the_encoder_takes_every_answer(ask):
    operation = """
    { members { nodes { id handle rating stars birthday joinedAt tags standings } }
      clubs { nodes { visits closedAt fee { amount } stage } edges { cursor } } }
    """
    result, _ = await ask(operation, member(1))
    answer = orjson.loads(orjson.dumps(result.data))
    (reader,) = [one for one in answer["members"]["nodes"] if one["handle"] == "reader1"]
    assert reader["rating"] == "1.10"
    assert reader["stars"] == 1.1
    assert reader["joinedAt"] == "2026-01-01T00:00:00+00:00"


async def test_times_are_utc_whatever_the_connection_thinks(schema, pool, make_context):
    async with pool.acquire() as connection:
        await connection.execute("SET timezone = 'America/New_York'")
        context = make_context()
        context.pool = Only(connection)
        result = await schema.execute("{ members(first: 1) { nodes { joinedAt } } }", context_value=context)
        await connection.execute("RESET timezone")
    assert orjson.loads(orjson.dumps(result.data))["members"]["nodes"][0]["joinedAt"] == "2026-01-01T00:00:00+00:00"


async def test_json_is_decoded_whatever_codec_the_connection_has(schema, pool, make_context):
    operation = '{ memberCalled(handle: "reader1") { settings { dark words } } }'
    expected = (await schema.execute(operation, context_value=make_context())).data
    assert expected["memberCalled"]["settings"] == {"dark": False, "words": ["plain"]}
    async with pool.acquire() as connection:
        await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=orjson.dumps, decoder=orjson.loads)
        context = make_context()
        context.pool = Only(connection)
        assert (await schema.execute(operation, context_value=context)).data == expected
        await connection.reset_type_codec("jsonb", schema="pg_catalog")


class Only:
    """A pool of one connection."""

    def __init__(self, connection):
        self.connection = connection

    def acquire(self):
        return self

    async def __aenter__(self):
        return self.connection

    async def __aexit__(self, *_):
        pass


async def test_a_word_of_every_kind_of_field(ask):
    operation = """
    query($id: ID!) {
      hello
      member(id: $id) { shouted(times: 2) longestTitle standings(repeat: true) isYou openClub { from place { city } } }
      clubs(first: 1, orderBy: NEAREST, wanted: "abc") { edges { distance } }
      viewer { email member { handle } stipends { currencyCode free { amount } } }
    }
    """
    result, _ = await ask(operation, member(3), id=wire("member", 3))
    assert not result.errors
    answer = orjson.loads(orjson.dumps(result.data))
    assert answer["member"]["shouted"] == "READER3READER3"
    assert answer["member"]["standings"] == ["NEW", "REGULAR"]
    assert answer["member"]["isYou"] is True
    assert answer["member"]["openClub"] == {"from": "2026-01-01T01:00:00.000007+00:00", "place": {"city": "city 3"}}
    assert answer["viewer"]["email"] == "reader3@example.org"
    assert [one["currencyCode"] for one in answer["viewer"]["stipends"]] == ["USD", "JPY", "EUR"]
    assert [one["free"]["amount"] for one in answer["viewer"]["stipends"]] == ["23.31", "2331", "23.31"]
