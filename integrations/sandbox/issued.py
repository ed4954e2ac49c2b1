"""Every secret that a twin has given out, so that a test can look for them where they must not be."""

from __future__ import annotations

import secrets
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from integrations.sandbox import control
from integrations.sandbox.world import World

KIND: Final = "issued"


def make(world: World, vendor: str, kind: str, user: str | None, *, prefix: str = "") -> str:
    """Make a secret that cannot be guessed, and note it."""
    return note(world, vendor, kind, user, prefix + secrets.token_urlsafe(48))


def note(world: World, vendor: str, kind: str, user: str | None, secret: str) -> str:
    """Note a secret that was made elsewhere; returns it."""
    world.put(KIND, secret, {"vendor": vendor, "kind": kind, "user": user, "at": world.now()})
    return secret


def listed(world: World) -> list[dict[str, Any]]:
    """All of them, oldest first, as `{secret, vendor, kind, user, at}`; those that hold no more too."""
    return [{"secret": secret, **about} for secret, about in world.all(KIND).items()]


def routes(world: World) -> list[Route]:
    """`GET /control/tokens`: `{tokens: [...]}`."""

    async def show(request: Request) -> Response:
        return control.answer({"tokens": listed(world)})

    return [Route("/tokens", show)]
