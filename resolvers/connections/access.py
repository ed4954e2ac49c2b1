"""Acting for somebody at a provider: tokens that hold now, renewed once however many ask.

A renewal is claimed in the account's row, asked for with no transaction open, and recorded only while the claim holds.
Whoever else wants it waits for its outcome by looking at the row, in this process or in another.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from db.queries import connections
from db.session import Database
from db.tables import ConnectedAccount
from domain.connections import (
    CALL_SECONDS,
    CLAIM_SECONDS,
    CONNECTS_BY,
    FRESH_FOR,
    PROVIDER_NAMES,
    RENEWED_LATELY,
    AccessEnded,
    AccountProvider,
    AccountStatus,
    Tokens,
)
from domain.errors import DomainError, NotFound, Unavailable
from domain.ports import Services
from resolvers.connections.loss import lose
from resolvers.connections.tokens import forget, seal, unseal

log = logging.getLogger(__name__)

PATIENCE_SECONDS: Final = 30.0
"""How long to wait for somebody else's renewal: longer than a claim that its holder has died over."""

LOOK_SECONDS: Final = 0.1
PAUSE_SECONDS: Final = 5.0
"""How long nobody tries again after a renewal that came to nothing."""

LONGEST_PAUSE_SECONDS: Final = 300.0
MOST_RENEWALS: Final = 2
"""A provider whose new tokens are too old at once is not asked for ever."""

_renewals: set[asyncio.Task[None]] = set()


@dataclass(frozen=True)
class Access:
    """Leave to act for somebody.

    Attributes:
        account_id: Whose account.
        provider: Where it is.
        access_token: What to show there.
        generation: Which tokens these are, for `after`.
    """

    account_id: UUID
    provider: AccountProvider
    access_token: str = field(repr=False)
    generation: int


async def open_access(database: Database, services: Services, account_id: UUID, *, after: int | None = None) -> Access:
    """Give tokens that hold now. Never call this with a transaction open.

    Args:
        database: Where they are kept.
        services: The providers, and the cipher.
        account_id: Whose account.
        after: The generation that the provider would not take (401): only tokens made after that one will do.

    Raises:
        AccessEnded: Only the person can help; the account needs to be connected again, and they were told.
        Unavailable: The provider does not answer.
        RateLimited: The provider wants to be asked later.
        NotConfigured: This installation has no credentials there.
        NotFound: There is no such account, or it was disconnected.
    """
    return await open_within(database, services, account_id, after=after, seconds=PATIENCE_SECONDS)


async def open_within(
    database: Database, services: Services, account_id: UUID, *, after: int | None, seconds: float
) -> Access:
    """As `open_access`, for who can wait only so long; a renewal that they began goes on without them."""
    until, renewals = time.monotonic() + seconds, 0
    while True:
        account = await _find(database, account_id)
        if _holds(account, after):
            tokens = unseal(services.cipher, account)
            return Access(account.id, account.provider, tokens.access_token, account.generation)
        if time.monotonic() > until or renewals == MOST_RENEWALS:
            raise _silent(account.provider, PAUSE_SECONDS)
        async with database.transaction() as tx:
            fence = await connections.claim_renewal(tx.session, account.id, account.generation, seconds=CLAIM_SECONDS)
        if fence is not None:
            await _finish_anyway(_renew(database, services, account, fence))
            renewals += 1
            continue
        _require_hope(account)
        await asyncio.sleep(LOOK_SECONDS)


async def end_access(database: Database, access: Access) -> None:
    """Say that the provider will not let us act with this access, though it is not too old.

    The account then waits for its person, who is told once; nothing happens when its tokens are others by now.
    """
    async with database.transaction() as tx:
        await lose(tx, access.account_id, access.provider, generation=access.generation)


async def _find(database: Database, account_id: UUID) -> ConnectedAccount:
    async with database.session() as session:
        account = await connections.find(session, account_id)
    if account is None or account.status is AccountStatus.DISCONNECTED:
        raise NotFound("There is no such connected account.", "accountId")
    if account.status is AccountStatus.NEEDS_RECONNECT:
        raise AccessEnded(f"{PROVIDER_NAMES[account.provider]} no longer lets us in. Connect your account again.")
    return account


def _holds(account: ConnectedAccount, after: int | None) -> bool:
    """Whether the tokens of an account can be used for a while."""
    if after is not None and account.generation <= after:
        return False
    now = datetime.now(UTC)
    if account.expires_at is None or account.expires_at > now + FRESH_FOR:
        return True
    # Some providers' tokens live for less than that.
    return was_renewed_lately(account) and account.expires_at > now


def was_renewed_lately(account: ConnectedAccount) -> bool:
    """Whether the tokens were renewed so short a time ago that nobody needs to do it again; connecting does not count."""
    return max(account.connected_at, datetime.now(UTC) - RENEWED_LATELY) < account.renewed_at


def _require_hope(account: ConnectedAccount) -> None:
    """Check that whoever has the claim is still at it.

    Raises:
        Unavailable: Their renewal came to nothing, and it is too early for another.
    """
    if account.renewal_failed and account.renewing_until is not None:
        left = (account.renewing_until - datetime.now(UTC)).total_seconds()
        if left > 0:
            raise _silent(account.provider, left)


def _silent(provider: AccountProvider, seconds: float) -> Unavailable:
    name = PROVIDER_NAMES[provider]
    return Unavailable(f"{name} does not renew access just now. Try again later.", retry_after_seconds=seconds)


async def _finish_anyway(work: Coroutine[Any, Any, None]) -> None:
    """Wait for work that must come to its end even if nobody waits any more: what a provider answers is said only once."""
    task = asyncio.create_task(work)
    _renewals.add(task)
    task.add_done_callback(_let_go)
    await asyncio.shield(task)


def _let_go(task: asyncio.Task[None]) -> None:
    """Take note of how a renewal ended: its row says it to others, and whoever began it may have left."""
    _renewals.discard(task)
    fault = None if task.cancelled() else task.exception()
    if fault is not None and not isinstance(fault, DomainError):
        log.error("A renewal failed: %s.", type(fault).__name__)


async def _renew(database: Database, services: Services, account: ConnectedAccount, fence: int) -> None:
    """Renew the tokens of an account, and record what came of it as long as the claim holds."""
    try:
        renewed = await _ask(services, account)
    except AccessEnded:
        async with database.transaction() as tx:
            await lose(tx, account.id, account.provider, fence=fence)
        return
    except (DomainError, TimeoutError) as fault:
        refusal = fault if isinstance(fault, DomainError) else _silent(account.provider, PAUSE_SECONDS)
        pause = min(max(refusal.retry_after_seconds or 0.0, PAUSE_SECONDS), LONGEST_PAUSE_SECONDS)
        async with database.transaction() as tx:
            await connections.fail_renewal(tx.session, account.id, fence, pause=pause)
        raise refusal from None
    async with database.transaction() as tx:
        held = seal(services.cipher, account.id, renewed)
        recorded = await connections.record_renewal(tx.session, account.id, fence, held)
    if not recorded:
        log.warning("Renewed tokens of account %s came too late to be kept.", account.id)
        await forget(services, account.provider, renewed)


async def _ask(services: Services, account: ConnectedAccount) -> Tokens:
    tokens, vendor = unseal(services.cipher, account), CONNECTS_BY.get(account.provider)
    if vendor is None or tokens.refresh_token is None:
        raise AccessEnded("There is nothing to renew access with.")
    async with asyncio.timeout(CALL_SECONDS):
        return await services.oauth[vendor].refresh(tokens)
