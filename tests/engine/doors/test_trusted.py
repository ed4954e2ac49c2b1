"""Trusted documents over HTTP and sockets: by id, by hash, by name; and where nothing else passes."""

from __future__ import annotations

import orjson
import pytest
from graphql import parse

from engine.http import GraphQLDoor
from engine.limits import Limits
from engine.lookup import Lookup
from engine.requests import JSON, RESPONSE_JSON
from engine.rights import Rights
from engine.trusted import ManifestRefused, Trusted, digest_of, read_manifest, write_manifest
from tests.engine.doors.porch import SCHEMA, TOUCHED, Guest, Refusal, is_known, serving, welcome
from tests.engine.doors.talk import talking

GREET = "query Greet { hello }"
TOUCH = "mutation Touch { touch }"
COUNT = "subscription Count($to: Int!) { count(to: $to) }"
ECHO = "query Echo($t: String!) { echo(input: {text: $t}) }"
LONG = "query Long { hello } #" + "x" * 20_000
PARTIAL = "query Partial { hello refuse }"
RELAY = {"0123456789abcdef0123456789abcdef": GREET, "long": LONG, "partial": PARTIAL}
APOLLO = {
    "format": "apollo-persisted-query-manifest",
    "version": 1,
    "operations": [
        {"id": digest_of(text), "name": "x", "type": "query", "body": text} for text in (TOUCH, COUNT, ECHO)
    ],
}
TRUSTED = Trusted([read_manifest(orjson.dumps(RELAY)), read_manifest(orjson.dumps(APOLLO))])
DIGEST = digest_of("{ a: hello }")


class Memory(dict):
    async def get(self, key):
        return super().get(key)

    async def put(self, key, value, *, seconds):
        self[key] = value


def make(**settings):
    return GraphQLDoor(
        SCHEMA,
        context=welcome,
        expose=(Refusal,),
        rights=Rights(
            introspect=is_known,
            improvise=lambda guest: guest.name == "developer",
            public=lambda guest: guest.name == "stranger",
        ),
        lookup=Lookup(TRUSTED, **settings),
    )


@pytest.fixture(scope="module")
async def door():
    async with serving(make()) as at:
        yield at


@pytest.fixture(scope="module")
async def strict():
    async with serving(make(only=True, shelf=Memory())) as at:
        yield at


@pytest.fixture
def ask(client):
    async def ask(at, name="mina", accept=RESPONSE_JSON, **body):
        headers = {"authorization": f"Bearer {name}", "accept": accept}
        response = await client.post(f"http://{at}/graphql", json=body, headers=headers)
        return response.status_code, response.json()

    return ask


def code(body):
    assert "data" not in body
    (error,) = body["errors"]
    return error["extensions"]["code"]


@pytest.mark.parametrize(
    "document_id", ["0123456789abcdef0123456789abcdef", f"sha256:{digest_of(GREET)}", digest_of(GREET), "Greet"]
)
async def test_a_document_by_its_ids(client, ask, door, strict, document_id):
    for at in (door, strict):
        assert await ask(at, documentId=document_id) == (200, {"data": {"hello": "Hello, mina"}})
        got = await client.get(f"http://{at}/graphql", params={"documentId": document_id})
        assert got.json() == {"data": {"hello": "Hello, stranger"}}


async def test_variables_and_names_go_with_ids(ask, strict):
    assert (await ask(strict, documentId="Echo", variables={"t": "é"}))[1] == {"data": {"echo": "é"}}
    assert code((await ask(strict, documentId="Echo", operationName="Other"))[1]) == "GRAPHQL_VALIDATION_FAILED"
    assert (await ask(strict, documentId="Long"))[0] == 200


@pytest.mark.parametrize("document_id", ["unknown", "sha256:", f"sha256:{'0' * 64}", "x" * 200, "\u0000", "Greet "])
async def test_an_unknown_id_is_one_error(ask, door, document_id):
    assert await ask(door, documentId=document_id, accept=JSON) == (200, (await ask(door, documentId=document_id))[1])
    status, body = await ask(door, documentId=document_id)
    assert (status, code(body)) == (400, "DOCUMENT_NOT_FOUND")
    assert TOUCHED == []


@pytest.mark.parametrize(
    "body",
    [
        {"documentId": ""},
        {"documentId": 7},
        {"documentId": ["Greet"]},
        {"documentId": "x" * 201},
        {"documentId": "Greet", "query": GREET},
        {"extensions": {"persistedQuery": {}}},
        {"extensions": {"persistedQuery": 1}},
        {"extensions": {"persistedQuery": {"version": 2, "sha256Hash": DIGEST}}},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": 7}}},
        {"query": "{ hello }", "extensions": {"persistedQuery": {"version": 1, "sha256Hash": DIGEST}}},
        {"query": 0, "extensions": {"persistedQuery": {"version": 1, "sha256Hash": DIGEST}}},
    ],
)
async def test_what_is_no_request_for_a_document(ask, door, body):
    status, answer = await ask(door, **body)
    assert (status, code(answer)) == (400, "BAD_REQUEST")
    assert TOUCHED == []


async def test_get_runs_no_mutation_by_id(client, door):
    refused = await client.get(f"http://{door}/graphql", params={"documentId": "Touch"})
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
    assert refused.headers["cache-control"] == "no-store"
    assert TOUCHED == []


async def test_only_trusted_documents_pass(ask, strict):
    for query in ("{ hello }", "mutation { touch }", GREET + " ", "{ nothing }", "{"):
        status, answer = await ask(strict, query=query)
        assert (status, code(answer)) == (400, "DOCUMENT_NOT_TRUSTED")
    assert TOUCHED == []
    assert (await ask(strict, query=GREET))[1] == {"data": {"hello": "Hello, mina"}}
    assert (await ask(strict, query=LONG))[1] == {"data": {"hello": "Hello, mina"}}
    assert (await ask(strict, "developer", query="{ hello }"))[1] == {"data": {"hello": "Hello, developer"}}


async def test_a_long_document_must_be_trusted(ask, door):
    assert (await ask(door, query=LONG))[0] == 200
    status, answer = await ask(door, query=LONG + "x")
    assert (status, code(answer)) == (400, "DOCUMENT_TOO_LARGE")


async def test_no_query_is_kept_where_only_trusted_ones_pass(ask, strict):
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": DIGEST}}
    for body in ({"query": "{ a: hello }"}, {}):
        for name in ("mina", "developer"):
            await ask(strict, name, **body, extensions=extensions)
    status, answer = await ask(strict, "developer", extensions=extensions)
    assert (status, code(answer)) == (400, "PERSISTED_QUERY_NOT_SUPPORTED")
    # A client with a manifest sends the same extension.
    known = {"persistedQuery": {"version": 1, "sha256Hash": digest_of(GREET)}}
    assert (await ask(strict, extensions=known))[1] == {"data": {"hello": "Hello, mina"}}


async def test_automatic_persisted_queries(client, ask, door):
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": DIGEST}}
    off = await ask(door, extensions=extensions)
    assert off[1]["errors"][0]["message"] == "PersistedQueryNotSupported"
    memory = Memory()
    async with serving(make(shelf=memory)) as at:
        status, answer = await ask(at, extensions=extensions, accept=JSON)
        assert (status, answer["errors"][0]["message"]) == (200, "PersistedQueryNotFound")
        assert code(answer) == "PERSISTED_QUERY_NOT_FOUND"
        assert (await ask(at, query="{ a: hello }", extensions=extensions))[0] == 200
        assert (await ask(at, extensions=extensions))[1] == {"data": {"a": "Hello, mina"}}
        params = {"extensions": orjson.dumps(extensions).decode()}
        got = await client.get(f"http://{at}/graphql", params=params)
        assert got.json() == {"data": {"a": "Hello, stranger"}}
        assert got.headers["cache-control"] == "no-store"
        for wrong in ("{ nothing }", "{", "{ hello } #" + "x" * 16_384):
            given = {"persistedQuery": {"version": 1, "sha256Hash": digest_of(wrong)}}
            assert (await ask(at, query=wrong, extensions=given))[0] == 400
        assert len(memory) == 1


async def test_sockets_take_ids(strict):
    async with talking(strict) as talk:
        await talk.say({"type": "subscribe", "id": "1", "payload": {"documentId": "Count", "variables": {"to": 1}}})
        assert (await talk.hear())["payload"] == {"data": {"count": "0"}}
        assert await talk.hear() == {"type": "complete", "id": "1"}
        await talk.ask("subscription { count(to: 1) }", id="2")
        refused = await talk.hear()
        assert (refused["type"], refused["payload"][0]["extensions"]["code"]) == ("error", "DOCUMENT_NOT_TRUSTED")


async def test_what_may_be_kept_and_for_whom(client, door):
    url, params = f"http://{door}/graphql", {"documentId": "Greet"}
    first = await client.get(url, params=params)
    assert first.headers["cache-control"] == "public, max-age=5"
    assert first.headers["vary"] == "accept, authorization, origin"
    for tag in (first.headers["etag"], first.headers["etag"][2:], f'"x", {first.headers["etag"]}', "*"):
        again = await client.get(url, params=params, headers={"if-none-match": tag})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
        assert again.headers["cache-control"] == "public, max-age=5"
    mina = {"authorization": "Bearer mina", "if-none-match": first.headers["etag"]}
    own = await client.get(url, params=params, headers=mina)
    assert (own.status_code, own.headers["cache-control"]) == (200, "private, no-cache")
    assert own.headers["etag"] != first.headers["etag"]


@pytest.mark.parametrize("params", [{"query": "{ hello }"}, {"documentId": "partial"}, {"documentId": "unknown"}])
async def test_nothing_else_is_kept(client, door, params):
    answer = await client.get(f"http://{door}/graphql", params=params)
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers


def test_a_manifest_of_ours_is_read_again():
    document = parse(
        "query B { ...F } query A { me { name } } fragment F on Query { hello ...G } fragment G on Query { x: hello }"
    )
    written = write_manifest(document)
    texts = read_manifest(written)
    assert [entry["name"] for entry in orjson.loads(written)["operations"]] == ["A", "B"]
    trusted = Trusted([texts])
    assert "fragment" not in trusted.find("A")
    assert "fragment F" in trusted.find("B")
    assert "fragment G" in trusted.find("B")
    assert all(digest_of(text) == document_id for document_id, text in texts.items())
    assert len(trusted) == 2


def test_a_name_that_two_documents_have_is_no_id():
    trusted = Trusted([{"1": "query A { hello }", "2": "query A { me { name } }", "3": "query B { hello }"}])
    assert trusted.find("A") is None
    assert trusted.find("B") == "query B { hello }"
    assert trusted.find("1") == "query A { hello }"


@pytest.mark.parametrize(
    "manifest",
    [
        b"",
        b"[]",
        b'{"a": 1}',
        b'{"a": "{"}',
        b'{"": "{ hello }"}',
        b'{"sha256:00": "{ hello }"}',
        b'{"format": "other", "version": 1, "operations": []}',
        b'{"format": "apollo-persisted-query-manifest", "version": 2, "operations": []}',
        b'{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [1]}',
        b'{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{"id": "a"}]}',
    ],
)
def test_a_wrong_manifest_is_refused(manifest):
    with pytest.raises(ManifestRefused):
        read_manifest(manifest)


def test_one_id_for_two_documents_is_refused():
    with pytest.raises(ManifestRefused, match="the id a"):
        Trusted([{"a": "{ hello }"}, {"a": "{ me { name } }"}])


def test_limits_hold_for_trusted_documents_too():
    assert Limits().trusted_bytes > Limits().document_bytes == 16_384
    assert Guest.made == []
