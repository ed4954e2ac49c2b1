"""The toll at the door: refused before anything runs, paid for on every road, told to those who want to know."""

from __future__ import annotations

import orjson
import pytest

from domain.limiter import Take
from domain.limits import Limit
from engine.budget import Quota, Spent
from engine.http import GraphQLDoor
from engine.limits import Limits
from integrations.valkey_limiter import LocalLimiter
from tests.engine.doors.porch import CLOSED, SCHEMA, TOUCHED, Refusal, serving, welcome
from tests.engine.doors.talk import talking
from tests.engine.doors.test_http_streams import EVENTS, PARTS, asking

HOURLY = 3600


class Purse:
    """A budget in this process: points and requests for each name, nothing of which comes back soon."""

    def __init__(self, points=100, requests=5):
        self.charges = []
        self.limiter = LocalLimiter()
        self.limits = {"points": Limit(points, HOURLY / points), "requests": Limit(requests, HOURLY / requests)}

    async def __call__(self, guest, charge):
        self.charges.append((guest.name, charge.points, charge.asks))
        amounts = {"points": charge.points, "requests": int(charge.asks)}
        takes = [Take(f"{name} {guest.name}", limit, amounts[name]) for name, limit in self.limits.items()]
        taken = self.limiter.take(takes)
        quotas = [
            Quota(name, limit.burst, HOURLY, left.amount, left.whole_in_seconds)
            for (name, limit), left in zip(self.limits.items(), taken.left, strict=True)
        ]
        return Spent(tuple(quotas), taken.wait_seconds)


@pytest.fixture
async def purse():
    return Purse()


@pytest.fixture
async def toll(purse):
    """Host and port of a door where each name has a budget, and nothing may cost more than 30."""
    door = GraphQLDoor(SCHEMA, context=welcome, limits=Limits(cost=30), expose=(Refusal,), budget=purse)
    async with serving(door) as address:
        yield address


@pytest.fixture
def ask(client, toll):
    async def ask(query, name="mina", **more):
        headers = {"authorization": f"Bearer {name}"}
        return await client.post(f"http://{toll}/graphql", json={"query": query, **more}, headers=headers)

    return ask


async def test_what_costs_too_much_is_refused_before_anything_runs(ask, purse):
    dear = "{ me { me { " + " ".join(f"a{n}: me {{ name }}" for n in range(29)) + " } } }"
    response = await ask(dear)
    (error,) = response.json()["errors"]
    assert error["extensions"] == {"code": "COST_TOO_HIGH", "requested": 31, "limit": 30}
    assert "data" not in response.json()
    assert TOUCHED == []
    assert [asks for _, _, asks in purse.charges] == [True]


async def test_a_cost_at_the_limit_is_none_too_high(ask, purse):
    # To plan it is paid for apart.
    purse.limits["points"] = Limit(1_000, 1)
    fits = "{ me { me { " + " ".join(f"a{n}: me {{ name }}" for n in range(28)) + " } } }"
    assert "errors" not in (await ask(fits)).json()


async def test_answers_say_what_they_cost_to_those_who_ask(ask):
    quiet = await ask("{ me { name } }")
    assert quiet.json() == {"data": {"me": {"name": "self"}}}
    told = (await ask("{ me { name } }", extensions={"cost": True})).json()["extensions"]
    cost = told["cost"]
    assert (cost["requested"], cost["limit"]) == (1, 30)
    assert (cost["budget"]["limit"], cost["budget"]["remaining"]) == (100, 93)
    assert 7 * 36 - 2 <= cost["budget"]["resetsInSeconds"] <= 7 * 36


async def test_headers_say_what_is_left(ask):
    response = await ask("{ me { me { name } } }")
    assert response.headers["ratelimit-policy"] == '"points";q=100;w=3600, "requests";q=5;w=3600'
    assert response.headers["ratelimit"] == '"points";r=91;t=324, "requests";r=4;t=720'
    assert "retry-after" not in response.headers


async def test_who_asked_for_everything_waits(ask, client):
    answers = [await ask("{ hello }") for _ in range(7)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
    refused = answers[-1]
    assert refused.json()["errors"][0]["extensions"] == {"code": "RATE_LIMITED", "retryAfterSeconds": 720}
    assert refused.headers["retry-after"] == "720"
    assert refused.headers["ratelimit"].endswith('"requests";r=0;t=3600')
    assert len(TOUCHED) == 5
    assert (await ask("{ hello }", name="theo")).status_code == 200


async def test_a_text_is_paid_for_before_it_is_read(ask, purse):
    long = "{ hello } #" + "x" * 3_000
    assert (await ask(long)).status_code == 200
    assert purse.charges == [("mina", 31, True), ("mina", 3, False)]
    purse.charges.clear()
    assert (await ask(long)).status_code == 200
    assert purse.charges == [("mina", 1, True)]


@pytest.mark.parametrize("query", ["{", "{ unknown }", "{ hello " + "@a " * 60 + "}", "#" + "x" * 20_000])
async def test_what_is_refused_counts_too(client, toll, purse, query):
    codes = []
    for _ in range(7):
        response = await client.post(f"http://{toll}/graphql", json={"query": query})
        codes.append(response.status_code)
    assert codes[-1] == 429
    assert codes.count(429) >= 2
    assert TOUCHED == []


async def test_wrong_variables_count_as_a_request(ask, purse):
    query = "query Q($s: Float!) { nap(seconds: $s) }"
    answers = [await ask(query, variables={"s": "long"}) for _ in range(7)]
    assert [answer.status_code for answer in answers].count(429) == 2
    assert TOUCHED == []


async def test_on_a_socket_an_operation_is_refused_and_the_socket_stays(toll):
    async with talking(toll) as talk:
        for number in range(7):
            await talk.ask("{ hello }", id=str(number))
            said = [await talk.hear()]
            if said[0]["type"] == "next":
                said.append(await talk.hear())
        assert said[0]["type"] == "error"
        assert said[0]["payload"][0]["extensions"]["code"] == "RATE_LIMITED"
        await talk.say({"type": "ping"})
        assert (await talk.hear())["type"] == "pong"
    assert len(TOUCHED) == 5


async def test_subscriptions_are_paid_for_when_they_begin(toll, purse):
    async with talking(toll) as talk:
        await talk.ask("subscription { count(to: 3) }")
        kinds = [(await talk.hear())["type"] for _ in range(4)]
    assert kinds == ["next"] * 3 + ["complete"]
    assert purse.charges == [("mina", 1, True), ("mina", 3, False)]


@pytest.mark.parametrize("accept", [EVENTS, PARTS])
@pytest.mark.parametrize("query", ["subscription { count(to: 3) }", "mutation { touch }"])
async def test_a_stream_that_nobody_can_pay_for_does_not_begin(client, toll, accept, query):
    accept = EVENTS if "mutation" in query else accept
    for _ in range(5):
        async with asking(client, toll, query, accept=accept) as response:
            assert response.status_code == 200
    TOUCHED.clear()
    async with asking(client, toll, query, accept=accept) as response:
        assert response.status_code == 429
        assert response.headers["content-type"].startswith("application/json")
        assert response.headers["retry-after"] == "720"
        (error,) = orjson.loads(await response.aread())["errors"]
    assert error["extensions"] == {"code": "RATE_LIMITED", "retryAfterSeconds": 720}
    assert TOUCHED == []
    assert len(CLOSED) == (5 if "subscription" in query else 0)


async def test_without_a_budget_nothing_is_counted(post):
    response = await post("{ hello }")
    assert response.json() == {"data": {"hello": "Hello, mina"}}
    assert "ratelimit" not in response.headers
