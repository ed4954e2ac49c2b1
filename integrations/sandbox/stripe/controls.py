"""What can be done with the Stripe twin, under `/control/stripe`.

| request | what it does |
|---|---|
| `GET all/{kind}` | `{data: [object]}`: every object of a kind, of all accounts, oldest first, such as `all/transfer` |
| `POST accounts/{id}/complete`, `.../restrict`, `.../reject` | the owner has told everything; Stripe wants more; it wants no more |
| `POST checkouts/{id}/pay` | pays: `{payment_method?, email?}`; 402 when the card is declined |
| `POST checkouts/{id}/expire` | its time is over |
| `POST charges/{id or pi_...}/dispute` | `{reason?, amount?}`: the dispute |
| `POST disputes/{id}/won`, `.../lost` | it is decided |
| `POST refunds/{id}/fail` | the payer's bank sends it back |
| `POST payouts/{id}/pay`, `.../fail` | it arrives, or comes back |
| `POST balance` | `{account?, currency, amount, kind?}`: puts money there, or takes it if less than 0, as a `topup` or another type |
| `POST settle` | everything pending is available; `{settled: sums}` |
| `GET endpoints` | `{data: [endpoint]}`, with their secrets |
| `POST endpoints` | `{url, secret?, events?, sides?}`: registers one, for its own account's events, connected accounts' or (unless told) `both` |
| `GET delivery`, `POST delivery` | how events are delivered: `{copies, delay, shuffle, hold}`; what was queued before stays as it was |
| `POST release` | `{order?}`: what is held goes out, `reverse` or `random` or as it came |
| `GET outbox`, `GET attempts` | what waits; what was tried |
| `POST events/{id}/send` | `{times?, forged?, stale?}`: sends it to the endpoints that want it, now; `{statuses: [n]}` |
| `POST breakdowns` | see breakdowns.py |
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from integrations.sandbox.control import answer, read_json, refuse
from integrations.sandbox.registration import Registration
from integrations.sandbox.stripe import (
    accounts,
    balance,
    breakdowns,
    checkouts,
    disputes,
    events,
    payouts,
    refunds,
)
from integrations.sandbox.stripe.books import KINDS, OWNER, PLATFORM, Desk, shown, store
from integrations.sandbox.stripe.refusals import Json, Refused
from integrations.sandbox.stripe.webhooks import ATTEMPTS, Courier
from integrations.sandbox.world import World

Act = Callable[[Desk, str, Json], Json]
OURS: Final = "we_1SandboxOurs"


def settle(world: World, registration: Registration) -> None:
    """Register our own endpoint, if we have told of one."""
    if registration.stripe_webhook_url and world.get(store("webhook_endpoint"), OURS) is None:
        desk = Desk(world, registration, "")
        value = {"url": registration.stripe_webhook_url, "secret": registration.stripe_webhook_secret}
        _register(desk, value, OURS)


def controls(world: World, registration: Registration) -> list[Route]:
    """Make the doors."""

    def door(act: Act) -> Callable[[Request], Awaitable[Response]]:
        async def do(request: Request) -> Response:
            value = await read_json(request)
            site = f"{request.url.scheme}://{request.headers['host']}"
            desk = Desk(world, registration, site)
            with world.transaction():
                try:
                    done = act(desk, request.path_params.get("name", ""), value if isinstance(value, dict) else {})
                except Refused as refusal:
                    return answer({"error": str(refusal), "code": refusal.error.get("code")}, refusal.status)
                except (KeyError, TypeError, ValueError) as problem:
                    return refuse(f"That cannot be done: {problem}")
            return answer(shown(done) if "_secret" not in done else done)

        return do

    return [
        Route("/events/{name}/send", _sender(world), methods=["POST"]),
        *(Route(path, door(act), methods=["POST"]) for path, act in POSTS.items()),
        *(Route(path, door(act), methods=["GET"]) for path, act in GETS.items()),
    ]


def _stored(desk: Desk, kind: str) -> list[Json]:
    return list(desk.world.all(store(kind)).values())


def _show_all(desk: Desk, kind: str, value: Json) -> Json:
    if kind not in KINDS.values():
        raise Refused("There is nothing of that kind.", status=404)
    return {"data": [each | {"account_of": each[OWNER]} for each in _stored(desk, kind)]}


def _put_money(desk: Desk, name: str, value: Json) -> Json:
    theirs = desk.at(value.get("account", PLATFORM))
    kind = str(value.get("kind", "topup"))
    return balance.move(theirs, kind, int(value["amount"]), str(value.get("currency", "usd")), None)


def _register(desk: Desk, value: Json, name: str | None = None) -> Json:
    endpoint = events.create_endpoint(desk, {"url": value["url"], "enabled_events": value.get("events", ["*"])})
    if name is not None:
        desk.world.delete(store("webhook_endpoint"), endpoint["id"])
        endpoint["id"] = name
    del endpoint["secret"]
    endpoint |= {"_secret": value.get("secret", desk.registration.stripe_webhook_secret)}
    return desk.save(endpoint | {"_sides": value.get("sides", "both")})


def _set_delivery(desk: Desk, name: str, value: Json) -> Json:
    if strange := sorted(set(value) - set(events.PLAIN)):
        raise Refused(f"A delivery has no {', '.join(strange)}.")
    rules = events.PLAIN | value
    if not (isinstance(rules["copies"], int) and 0 <= rules["copies"] <= 20 and 0 <= float(rules["delay"]) <= 3600):
        raise Refused("copies is 0 to 20, delay 0 to 3600 seconds.")
    desk.world.put(events.RULES, "now", rules)
    return rules


def _release(desk: Desk, name: str, value: Json) -> Json:
    """Let what is held go out: in its order, each a little after the one before."""
    held = [(name, each) for name, each in desk.world.all(events.OUTBOX).items() if each["held"]]
    if value.get("order") == "reverse":
        held.reverse()
    elif value.get("order") == "random":
        random.shuffle(held)
    for place, (each, delivery) in enumerate(held):
        due = desk.world.now() + place * 0.1
        desk.world.put(events.OUTBOX, each, delivery | {"held": False, "due_at": due})
    return {"released": len(held)}


def _break_down(desk: Desk, name: str, value: Json) -> Json:
    rule = breakdowns.read(value)
    breakdowns.add(desk.world, rule)
    return rule


def _dispute(desk: Desk, name: str, value: Json) -> Json:
    if name.startswith("pi_"):
        name = str(desk.find("payment_intent", name)["latest_charge"])
    return disputes.open_dispute(
        desk, desk.find("charge", name), str(value.get("reason", "fraudulent")), value.get("amount")
    )


def _find_payout(desk: Desk, name: str) -> tuple[Desk, Json]:
    """Find a payout of whatever account."""
    found = desk.world.get(store("payout"), name)
    if found is None:
        raise Refused(f"No such payout: '{name}'", status=404)
    return desk.at(found[OWNER]), found


POSTS: Final[dict[str, Act]] = {
    "/balance": _put_money,
    "/settle": lambda desk, *_: {"settled": balance.mature(desk, at_once=True)},
    "/endpoints": lambda desk, _, value: _register(desk, value),
    "/delivery": _set_delivery,
    "/release": _release,
    "/breakdowns": _break_down,
    "/accounts/{name}/complete": lambda desk, name, _: accounts.complete(desk, desk.find("account", name)),
    "/accounts/{name}/restrict": lambda desk, name, _: accounts.restrict(desk, desk.find("account", name)),
    "/accounts/{name}/reject": lambda desk, name, _: accounts.reject(desk, {"reason": "fraud"}, name),
    "/checkouts/{name}/pay": lambda desk, name, value: checkouts.pay(
        desk, name, value.get("payment_method", "pm_card_visa"), value.get("email")
    ),
    "/checkouts/{name}/expire": lambda desk, name, _: checkouts.expire(desk, {}, name),
    "/charges/{name}/dispute": _dispute,
    "/disputes/{name}/won": lambda desk, name, _: disputes.decide(desk, desk.find("dispute", name), "won"),
    "/disputes/{name}/lost": lambda desk, name, _: disputes.decide(desk, desk.find("dispute", name), "lost"),
    "/refunds/{name}/fail": lambda desk, name, _: refunds.fail(desk, desk.find("refund", name)),
    "/payouts/{name}/pay": lambda desk, name, _: payouts.arrive(*_find_payout(desk, name)),
    "/payouts/{name}/fail": lambda desk, name, _: payouts.fail(*_find_payout(desk, name)),
}

GETS: Final[dict[str, Act]] = {
    "/all/{name}": _show_all,
    "/endpoints": lambda desk, *_: {"_secret": True, "data": list(_stored(desk, "webhook_endpoint"))},
    "/delivery": lambda desk, *_: events.rules(desk),
    "/outbox": lambda desk, *_: {"data": list(desk.world.all(events.OUTBOX).values())},
    "/attempts": lambda desk, *_: {"data": list(desk.world.all(ATTEMPTS).values())},
}


def _sender(world: World) -> Callable[[Request], Awaitable[Response]]:
    async def send(request: Request) -> Response:
        value: Any = await read_json(request) or {}
        event = world.get(store("event"), request.path_params["name"])
        if event is None:
            return refuse("There is no such event.", 404)
        wanting = [each for each in world.all(store("webhook_endpoint")).values() if events.wants(each, event)]
        courier = Courier(world)
        try:
            statuses = [
                await courier.send(
                    event["id"], each["id"], forged=value.get("forged") is True, stale=int(value.get("stale", 0))
                )
                for _ in range(int(value.get("times", 1)))
                for each in wanting
            ]
        finally:
            await courier.aclose()
        return answer({"statuses": statuses})

    return send
