"""Events: what happened, told to the endpoints that registered for it."""

from __future__ import annotations

import copy
import secrets
from typing import Final

from integrations.sandbox import issued
from integrations.sandbox.stripe.books import PLATFORM, Desk, listed, make_id, merge, named, shown
from integrations.sandbox.stripe.refusals import Json, Refused

API_VERSION: Final = "2026-10-28.endive"
OUTBOX: Final = "stripe_outbox"
RULES: Final = "stripe_delivery_rules"
PLAIN: Final = {"copies": 1, "delay": 0.0, "shuffle": False, "hold": False}
"""How events are delivered unless a control says otherwise; see controls.py."""


def emit(desk: Desk, kind: str, subject: Json, before: Json | None = None) -> Json:
    """Note that something happened to an object of this account, and queue its webhooks.

    Args:
        desk: where it happened; an event of a connected account names the account.
        kind: such as `charge.succeeded`.
        subject: the object, as it is from now on.
        before: what of it was otherwise before, for events of change.
    """
    data: Json = {"object": copy.deepcopy(shown(subject))}
    if before is not None:
        data["previous_attributes"] = before
    event: Json = {
        "id": make_id("evt"),
        "object": "event",
        "api_version": API_VERSION,
        "created": desk.now(),
        "data": data,
        "livemode": False,
        "pending_webhooks": 0,
        "request": {"id": desk.request, "idempotency_key": desk.key},
        "type": kind,
    }
    concerned = subject["id"] if subject["object"] == "account" else desk.account
    if concerned != PLATFORM:
        event["account"] = concerned
    # All events are the platform's to read; those of connected accounts name them.
    home = desk.at(PLATFORM)
    for endpoint in home.all("webhook_endpoint"):
        if wants(endpoint, event):
            event["pending_webhooks"] += 1
            queue(home, event, endpoint["id"])
    return home.save(event)


def wants(endpoint: Json, event: Json) -> bool:
    """Whether an endpoint registered for an event: its own account's, connected accounts', or both."""
    side = "connect" if "account" in event else "account"
    return (
        endpoint["status"] == "enabled"
        and endpoint["_sides"] in {side, "both"}
        and any(named(pattern)(event["type"]) for pattern in endpoint["enabled_events"])
    )


def rules(desk: Desk) -> Json:
    """How events are delivered now."""
    return PLAIN | (desk.world.get(RULES, "now") or {})


def queue(desk: Desk, event: Json, endpoint: str) -> None:
    """Put an event into the outbox, as often as the rules say."""
    now = rules(desk)
    for _ in range(now["copies"]):
        delay = now["delay"] + (secrets.randbelow(1_000) / 1_000 if now["shuffle"] else 0.0)
        delivery = {
            "event": event["id"],
            "endpoint": endpoint,
            "attempts": 0,
            "due_at": desk.world.now() + delay,
            "held": now["hold"],
        }
        desk.world.put(OUTBOX, secrets.token_hex(8), delivery)


def retrieve(desk: Desk, params: Json, name: str) -> Json:
    """Show an event."""
    return desk.find("event", name)


def list_events(desk: Desk, params: Json) -> Json:
    """Show what happened, newest first; connected accounts' events to those who ask for them."""
    patterns = params.get("types") or ([params["type"]] if "type" in params else ["*"])
    concerned = None if desk.account == PLATFORM else desk.account

    def keep(event: Json) -> bool:
        fits = any(named(pattern)(event["type"]) for pattern in patterns)
        waiting = event["pending_webhooks"] > 0
        return (
            fits and event.get("account") == concerned and params.get("delivery_success", not waiting) == (not waiting)
        )

    return listed(desk.at(PLATFORM).all("event"), "/v1/events", params, keep)


# Endpoints


def create_endpoint(desk: Desk, params: Json) -> Json:
    """Register an endpoint; its secret is shown this once."""
    if not params["url"].startswith(("http://", "https://")):
        raise Refused(
            "Invalid URL: An explicit scheme (such as https) must be provided.", code="url_invalid", param="url"
        )
    endpoint = desk.save(
        {
            "id": make_id("we"),
            "object": "webhook_endpoint",
            "api_version": params.get("api_version"),
            "application": None,
            "created": desk.now(),
            "description": params.get("description"),
            "enabled_events": params["enabled_events"],
            "livemode": False,
            "metadata": {},
            "status": "enabled",
            "url": params["url"],
            "_secret": issued.make(desk.world, "stripe", "webhook_secret", None, prefix="whsec_"),
            "_sides": "connect" if params.get("connect") else "account",
        }
    )
    merge(endpoint, params.get("metadata"))
    desk.save(endpoint)
    return endpoint | {"secret": endpoint["_secret"]}


def retrieve_endpoint(desk: Desk, params: Json, name: str) -> Json:
    """Show an endpoint."""
    return desk.find("webhook_endpoint", name)


def update_endpoint(desk: Desk, params: Json, name: str) -> Json:
    """Change an endpoint."""
    endpoint = desk.find("webhook_endpoint", name)
    merge(endpoint, params.get("metadata"))
    for field in ("url", "enabled_events", "description"):
        endpoint[field] = params.get(field, endpoint[field])
    if "disabled" in params:
        endpoint["status"] = "disabled" if params["disabled"] else "enabled"
    return desk.save(endpoint)


def delete_endpoint(desk: Desk, params: Json, name: str) -> Json:
    """Remove an endpoint; what waits for it is not delivered."""
    desk.find("webhook_endpoint", name)
    desk.world.delete("stripe_webhook_endpoint", name)
    return {"id": name, "object": "webhook_endpoint", "deleted": True}


def list_endpoints(desk: Desk, params: Json) -> Json:
    """Show the endpoints."""
    return listed(desk.all("webhook_endpoint"), "/v1/webhook_endpoints", params)
