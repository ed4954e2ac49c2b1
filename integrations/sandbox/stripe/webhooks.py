"""Webhooks: events on their way to the endpoints, signed, tried again until they are taken.

What waits is in the world, so that a kill loses none of it; some arrive twice then, as Stripe's may.
"""

from __future__ import annotations

import asyncio
import functools
import hashlib
import hmac
import secrets
import ssl
import time
from typing import Final

import httpx
import orjson

from integrations.sandbox.stripe.books import PLATFORM, store
from integrations.sandbox.stripe.events import OUTBOX
from integrations.sandbox.stripe.refusals import Json
from integrations.sandbox.world import World

PATIENCE_SECONDS: Final = 10.0
AT_ONCE: Final = 16
MOST_ATTEMPTS: Final = 16
LONGEST_PAUSE: Final = 60.0
FIRST_PAUSE: Final = 0.5
FORGED_SECRET: Final = "whsec_somebody_elses"  # noqa: S105 -- opens nothing, that is what it is for
ATTEMPTS: Final = "stripe_attempts"
KEPT_ATTEMPTS: Final = 2_000
PRUNED_EVERY: Final = 500


def sign(payload: bytes, secret: str, at: int) -> str:
    """Make the header `Stripe-Signature`."""
    mac = hmac.new(secret.encode(), f"{at}.".encode() + payload, hashlib.sha256).hexdigest()
    return f"t={at},v1={mac}"


@functools.cache
def _trusted() -> ssl.SSLContext:
    """Whose certificates we trust; read once, because that takes longer than to deliver something."""
    return httpx.create_ssl_context(trust_env=False)


class Courier:
    """Takes events to endpoints."""

    def __init__(self, world: World) -> None:
        """Open nothing yet."""
        self._world = world
        self._http = httpx.AsyncClient(
            timeout=PATIENCE_SECONDS, follow_redirects=False, trust_env=False, verify=_trusted()
        )
        self._noted = 0
        self._under_way: dict[str, asyncio.Task[None]] = {}

    async def aclose(self) -> None:
        """Let go of what is under way: it stays in the outbox."""
        for task in self._under_way.values():
            task.cancel()
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)
        await self._http.aclose()

    def send_due(self) -> None:
        """Begin to deliver whatever's time has come."""
        now = self._world.now()
        for name, delivery in self._world.all(OUTBOX).items():
            if len(self._under_way) >= AT_ONCE:
                return
            if name not in self._under_way and not delivery["held"] and delivery["due_at"] <= now:
                task = asyncio.create_task(self._deliver(name, delivery))
                self._under_way[name] = task
                task.add_done_callback(functools.partial(self._forget, name))

    def _forget(self, name: str, _: asyncio.Task[None]) -> None:
        self._under_way.pop(name, None)

    async def _deliver(self, name: str, delivery: Json) -> None:
        status = await self.send(delivery["event"], delivery["endpoint"])
        with self._world.transaction():
            if self._world.get(OUTBOX, name) is None:
                return
            attempts = delivery["attempts"] + 1
            taken = status is not None and 200 <= status < 300
            # An endpoint or event that is gone is tried no more.
            if taken or status == 0 or attempts >= MOST_ATTEMPTS:
                self._world.delete(OUTBOX, name)
                if taken:
                    self._note_taken(delivery["event"])
                return
            pause = min(FIRST_PAUSE * 2 ** (attempts - 1), LONGEST_PAUSE)
            later = {"attempts": attempts, "due_at": self._world.now() + pause}
            self._world.put(OUTBOX, name, delivery | later)

    def _note_taken(self, event: str) -> None:
        found = self._world.get(store("event"), event)
        if found is not None:
            waiting = max(found["pending_webhooks"] - 1, 0)
            self._world.put(store("event"), event, found | {"pending_webhooks": waiting})

    async def send(self, event: str, endpoint: str, *, forged: bool = False, stale: int = 0) -> int | None:
        """Send an event to an endpoint once.

        Args:
            event: the event's id.
            endpoint: the endpoint's id.
            forged: sign with a secret that is not the endpoint's.
            stale: sign as if it had been sent so many seconds ago.

        Returns:
            The status of the answer; None when there was none, 0 when there is no such event or endpoint any more.
        """
        about, target = self._world.get(store("event"), event), self._world.get(store("webhook_endpoint"), endpoint)
        if about is None or target is None or target["_account"] != PLATFORM:
            return 0
        payload = orjson.dumps({name: value for name, value in about.items() if not name.startswith("_")})
        # The clock of signatures is never shifted: who checks them has no other.
        header = sign(payload, FORGED_SECRET if forged else target["_secret"], int(time.time()) - stale)
        status = await self._post(target["url"], payload, header)
        self._note_attempt(event, endpoint, status, forged=forged, stale=stale)
        return status

    async def _post(self, url: str, payload: bytes, header: str) -> int | None:
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": header,
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        }
        try:
            return (await self._http.post(url, content=payload, headers=headers)).status_code
        except (httpx.HTTPError, httpx.InvalidURL):
            return None

    def _note_attempt(self, event: str, endpoint: str, status: int | None, *, forged: bool, stale: int) -> None:
        note = {"event": event, "endpoint": endpoint, "status": status, "forged": forged, "stale": stale}
        with self._world.transaction():
            self._world.put(ATTEMPTS, secrets.token_hex(8), note | {"at": time.time()})
            self._noted += 1
            if self._noted % PRUNED_EVERY == 0:
                for name in list(self._world.all(ATTEMPTS))[:-KEPT_ATTEMPTS]:
                    self._world.delete(ATTEMPTS, name)
