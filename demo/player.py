"""A curator of the demo connects their Spotify, as an app and a browser would."""

from __future__ import annotations

import asyncio
import logging
from typing import Final
from urllib.parse import parse_qs, urlsplit

import httpx

from db.queries import connections
from db.session import Database
from domain.actors import Actor
from domain.connections import AccountProvider, AccountStatus, Vendor
from domain.errors import DomainError
from domain.ports import Services
from resolvers.accounts import demo
from resolvers.accounts.authenticate import authenticate
from resolvers.connections.connect import begin
from resolvers.connections.finish import Returned, finish

log = logging.getLogger(__name__)

TRIES: Final = 30
PAUSE_SECONDS: Final = 1.0
"""The sandbox starts beside us and may need a moment."""


async def connect_spotify(database: Database, services: Services, username: str) -> None:
    """Connect somebody's Spotify, unless it is connected; without the sandbox the demo goes on without it."""
    token = await demo.sign_in(database, services, username)
    actor = await authenticate(database, services, token.access_token)
    for _ in range(TRIES):
        try:
            if await _is_connected(database, actor):
                return
            await _connect(database, services, actor, username)
        except (DomainError, httpx.HTTPError) as fault:
            log.debug("The sandbox's Spotify has to wait: %s", type(fault).__name__)
            await asyncio.sleep(PAUSE_SECONDS)
    log.warning("%s has no Spotify: the sandbox does not answer.", username)


async def _is_connected(database: Database, actor: Actor) -> bool:
    async with database.session() as session:
        account = await connections.find_present(session, actor.user_id, AccountProvider.SPOTIFY)
    return account is not None and account.status is AccountStatus.CONNECTED


async def _connect(database: Database, services: Services, actor: Actor, username: str) -> None:
    """Go to the provider's page, say yes there, and come back with what it gave."""
    page = await begin(database, services, actor, provider=AccountProvider.SPOTIFY)
    async with httpx.AsyncClient() as browser:
        answer = await browser.post(page, data={"user": username, "decision": "allow"})
    given = parse_qs(urlsplit(answer.headers.get("location", "")).query)
    brought = {name: values[0] for name, values in given.items() if name in {"state", "code", "error"}}
    if "state" not in brought:
        answer.raise_for_status()
        return
    await finish(database, services, Vendor.SPOTIFY, Returned(**brought))
