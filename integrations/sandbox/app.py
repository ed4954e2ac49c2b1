"""The sandbox as one ASGI app: each vendor's real host is a folder, beside them the control API and a page for people.

A vendor's twin is a file of its own with these functions, which are named here in one line each:

* `routes(world, registration) -> list[Route]`: what the vendor answers under one host. An address there is
  `<sandbox>/<host>/<path>`, such as `http://127.0.0.1:8001/api.spotify.com/v1/me`.
* `controls(world) -> list[Route]`, if there are any: what tests and the page may do with it, under `/control/<vendor>`.
  Stripe's take the registration as well.
* `settle(world, registration) -> None`, if there is something: write who has an account from the start. It is called
  at each start and after each reset, and leaves alone what is there.
* `work(world, registration)`, if something happens there by itself: it runs beside the app until it is cancelled.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount, Route

from integrations.sandbox import (
    apple_id,
    apple_music,
    control,
    issued,
    kubo,
    page,
    privy,
    serato,
    serato_control,
    spotify,
    spotify_control,
    twilio,
)
from integrations.sandbox.door import Door
from integrations.sandbox.guard import Guard
from integrations.sandbox.registration import Registration
from integrations.sandbox.stripe import controls as stripe_controls
from integrations.sandbox.stripe import doors as stripe_doors
from integrations.sandbox.stripe import pages as stripe_pages
from integrations.sandbox.stripe import work as stripe_work
from integrations.sandbox.world import World

Routes = Callable[[World, Registration], list[Route]]
Controls = Callable[[World], list[Route]]
Settle = Callable[[World, Registration], None]
Work = Callable[[World, Registration], Awaitable[None]]

HOSTS: Final[dict[str, Routes]] = {
    "accounts.spotify.com": spotify.accounts,
    "api.music.apple.com": apple_music.routes,
    "api.spotify.com": spotify.api,
    "api.stripe.com": stripe_doors.routes,
    "appleid.apple.com": apple_id.routes,
    "auth.privy.io": privy.routes,
    "checkout.stripe.com": stripe_pages.checkout,
    "connect.stripe.com": stripe_pages.connect,
    "kubo.example": kubo.routes,
    "serato.example": serato.routes,
    "verify.twilio.com": twilio.routes,
}
"""Vendors' hosts and who answers there."""

CONTROLS: Final[dict[str, Controls]] = {
    "apple_id": apple_id.controls,
    "apple_music": apple_music.controls,
    "privy": privy.controls,
    "serato": serato_control.controls,
    "spotify": spotify_control.controls,
}
"""What can be done with each vendor, under `/control/<name>`."""

SETTLERS: Final[tuple[Settle, ...]] = (
    spotify_control.settle,
    serato_control.settle,
    apple_music.settle,
    apple_id.settle,
    privy.settle,
    stripe_controls.settle,
)
"""Who has people from the start."""

WORKERS: Final[tuple[Work, ...]] = (stripe_work.work,)
"""Where something happens by itself; run.py runs them."""


def create(world: World, registration: Registration) -> Starlette:
    """Make the app; serve it with `run.make_server`, whose connections can be dropped."""

    def settle() -> None:
        for each in SETTLERS:
            each(world, registration)

    settle()
    vendors = [
        Mount(f"/{host}", app=Door(Starlette(routes=make(world, registration)), host=host, world=world))
        for host, make in HOSTS.items()
    ]
    controls = [Mount(f"/{vendor}", routes=make(world)) for vendor, make in CONTROLS.items()]
    controls.append(Mount("/stripe", routes=stripe_controls.controls(world, registration)))
    return Starlette(
        routes=[
            *vendors,
            Mount("/control", routes=[*control.routes(world, settle), *issued.routes(world), *controls]),
            *page.routes(),
        ],
        middleware=[Middleware(Guard)],
    )
