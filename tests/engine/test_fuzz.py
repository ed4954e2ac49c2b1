"""Operations made at random from the schema, sent to the real server: whatever they ask, none is a fault of ours."""

from __future__ import annotations

import asyncio
import os

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as how
from hypothesis import strategies as st
from hypothesis_graphql import from_schema, nodes

from domain.accounts import Role
from engine.requests import JSON, RESPONSE_JSON
from schema.root import schema

TEXTS = st.text(st.characters(exclude_categories=["Cs"], max_codepoint=0x1F6FF), max_size=30)
LIKELY = st.sampled_from(
    ["2026-01-31T12:00:00Z", "2026-01-31", "12.50", "-1", "0", "", "user_0190", "NaN", "USD", "0x", "\u0000", "🎧"]
)
SCALARS = {
    name: (st.one_of(LIKELY, TEXTS)).map(nodes.String)
    for name, type_ in schema._schema.type_map.items()
    if type(type_).__name__ == "GraphQLScalarType" and name not in {"Int", "Float", "String", "Boolean", "ID"}
}
# To make it takes seconds, which nobody has to spend who only reads this file to know its tests.
ASKED = st.deferred(lambda: from_schema(schema.as_str(), custom_scalars=SCALARS, allow_x00=True))
SEEDS = [1, 2, 3]
CASES = int(os.environ.get("TEST_CASES", "2000"))
SHARE = 100
"""Cases that are made up in one go: what hypothesis remembers of the earlier ones makes each next one slower."""


def fault(response, accept):
    """What is wrong with an answer; None when nothing is."""
    if response.status_code not in ({200} if accept == JSON else {200, 294, 400}):
        return f"status {response.status_code}"
    if response.headers["content-type"] != f"{accept}; charset=utf-8":
        return response.headers["content-type"]
    body = response.json()
    if not body.keys() <= {"data", "errors", "extensions"}:
        return f"keys {list(body)}"
    if "data" not in body and not body.get("errors"):
        return "nothing"
    if accept == RESPONSE_JSON and response.status_code != (
        400 if "data" not in body else 294 if "errors" in body else 200
    ):
        return f"{list(body)} with {response.status_code}"
    codes = [error["extensions"]["code"] for error in body.get("errors", ())]
    return f"codes {codes}" if "INTERNAL" in codes else None


async def fuzz(url, sign_in, cases, number):
    """Send so many operations; the number decides which. Some of them sign out, and then somebody else goes on."""
    loop = asyncio.get_running_loop()
    headers = {}
    sent = 0

    def ask(query, accept):
        for _ in range(2):
            if sign_in and not headers:
                token = asyncio.run_coroutine_threadsafe(sign_in(), loop).result(30).token
                headers["authorization"] = f"Bearer {token}"
            response = client.post(f"{url}/graphql", json={"query": query}, headers={**headers, "accept": accept})
            if response.status_code != 401:
                break
            headers.clear()
        return response

    # To make a failing operation smaller would take hundreds of others: it is told as it is.
    @how(
        max_examples=SHARE,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(query=ASKED, accept=st.sampled_from([JSON, RESPONSE_JSON]))
    def send(query, accept):
        nonlocal sent
        sent += 1
        response = ask(query, accept)
        wrong = fault(response, accept)
        assert wrong is None, f"{wrong}: {response.text}\n{query}"

    with httpx.Client(timeout=30) as client:
        for share in range(-(-cases // SHARE)):
            await asyncio.to_thread(seed(number * 1_000 + share)(send))
    assert sent >= cases


@pytest.mark.parametrize("number", SEEDS[:1])
async def test_nothing_is_a_fault_of_ours(web, settings, make, number):
    await fuzz(settings.public_url, lambda: make.user(roles=tuple(Role)), 40, number)
    await fuzz(settings.public_url, None, 20, number)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("number", SEEDS)
async def test_nothing_is_a_fault_of_ours_at_length(fleet, make, number):
    await make.room(await make.user("mina"))
    server = await fleet.start("web")
    await fuzz(server.url, lambda: make.user(roles=tuple(Role)), CASES, number)


def answered(status=200, kind=JSON, body=b'{"data": {}}'):
    return httpx.Response(status, headers={"content-type": f"{kind}; charset=utf-8"}, content=body)


@pytest.mark.parametrize(
    "response",
    [
        answered(500),
        answered(kind="text/html"),
        answered(400),
        answered(body=b"{}"),
        answered(body=b'{"errors": []}'),
        answered(body=b'{"data": {}, "errors": [{"extensions": {"code": "INTERNAL"}}]}'),
        answered(body=b'{"data": {}, "more": 1}'),
    ],
)
def test_a_fault_would_be_seen(response):
    assert fault(response, JSON)
    assert fault(answered(), JSON) is None
    assert fault(answered(294, RESPONSE_JSON), RESPONSE_JSON)
    assert fault(
        answered(200, RESPONSE_JSON, b'{"data": {}, "errors": [{"extensions": {"code": "A"}}]}'), RESPONSE_JSON
    )
