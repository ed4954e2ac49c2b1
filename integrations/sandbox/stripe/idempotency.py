"""Idempotency keys: who sends the same again gets the first answer, for a day (https://docs.stripe.com/api/idempotent_requests)."""

from __future__ import annotations

import hashlib
from typing import Final

import orjson

from integrations.sandbox.stripe.books import Desk
from integrations.sandbox.stripe.refusals import Json, Refused

KIND: Final = "stripe_key"
KEPT_SECONDS: Final = 24 * 60 * 60
LONGEST: Final = 255


class Keys:
    """The keys of one sandbox. Those that are in use are known to the process alone: a kill frees them."""

    def __init__(self) -> None:
        self._running: set[str] = set()

    def begin(self, desk: Desk, path: str, params: Json) -> Json | None:
        """Claim a key, or find what was answered: `{status, body, request}`.

        Raises:
            Refused: It is in use this moment, or was used for something else.
        """
        if desk.key is None:
            return None
        if len(desk.key) > LONGEST:
            raise Refused("Idempotency keys may have up to 255 characters.", begun=False)
        name = _name(desk)
        found = desk.world.get(KIND, name)
        if found is not None and desk.world.now() >= found["at"] + KEPT_SECONDS:
            found = None
        if found is not None and found["print"] != _print(path, params):
            raise Refused(
                "Keys for idempotent requests can only be used with the same parameters they were first used with. "
                "Try using a key other than the one that was sent if you meant to execute a different request.",
                kind="idempotency_error",
                begun=False,
            )
        if found is not None:
            return found
        if name in self._running:
            raise Refused(
                "There is currently another in-progress request using this Idempotency-Key (that probably means you "
                "submitted twice, and the other request is still going through).",
                status=409,
                code="idempotency_key_in_use",
                kind="idempotency_error",
                begun=False,
            )
        self._running.add(name)
        return None

    def keep(self, desk: Desk, path: str, params: Json, status: int, body: Json) -> None:
        """Keep what is answered; in the same transaction as what was done."""
        if desk.key is None:
            return
        kept = {
            "at": desk.world.now(),
            "print": _print(path, params),
            "status": status,
            "body": body,
            "request": desk.request,
        }
        desk.world.put(KIND, _name(desk), kept)

    def end(self, desk: Desk) -> None:
        """Let go of a key that was claimed."""
        if desk.key is not None:
            self._running.discard(_name(desk))


def _name(desk: Desk) -> str:
    return f"{desk.account}:{desk.key}"


def _print(path: str, params: Json) -> str:
    return hashlib.sha256(orjson.dumps([path, params], option=orjson.OPT_SORT_KEYS)).hexdigest()
