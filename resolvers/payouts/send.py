"""The second and third step: the vendor is asked with no transaction open, and what it said is recorded.

Only a definite refusal fails a payout. Whoever finds that the vendor may have been asked before asks for the truth
first, and then again with the same key: the vendor does under one key what it is asked once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from db.queries import payout_methods, payouts
from db.queries.payouts import Found
from db.session import Database, Tx
from domain.errors import DomainError, NotConfigured, RateLimited, Unavailable
from domain.payments import PaymentRefused
from domain.payouts import LONGEST_PAUSE, PayoutStatus, Sender, Sending, key_of, pause_seconds
from domain.ports import Services
from resolvers.ledger.payouts import fail, settle
from resolvers.payouts.news import end, note
from resolvers.payouts.recover import promise_after
from resolvers.payouts.request import occasion

DISTRUSTED: Final = frozenset({"insufficient_capabilities_for_transfer", "account_invalid"})
"""Refusals that are the account's fault: nothing more is sent there until the vendor says that it is well again."""


@dataclass(frozen=True)
class Outcome:
    """What the vendor said of a payout.

    Attributes:
        payout: Which one, as it was when the vendor was asked.
        reference: The vendor's id of what was sent.
        refusal: Its definite no.
        wait_seconds: Neither is known: when to ask again.
    """

    payout: Found
    reference: str | None = None
    refusal: PaymentRefused | None = None
    wait_seconds: float | None = None


async def send(database: Database, services: Services, payload: Mapping[str, Any]) -> Outcome | None:
    """Send a payout that was claimed.

    Args:
        database: Where it is.
        services: The roads.
        payload: `payoutId` and `attempt`.

    Returns:
        What to record; None when there is nothing to send any more.
    """
    payout_id = UUID(str(payload["payoutId"]))
    async with database.transaction() as tx:
        payout = await payouts.find(tx.session, payout_id, lock=True)
        if payout is None or payout.attempt != payload["attempt"]:
            return None
        new = await payouts.begin(tx.session, payout_id)
        if new:
            before, after = PayoutStatus.REQUESTED, PayoutStatus.SENDING
            await note(tx, payout_id, payout.user_id, before=before, after=after, by=None, reason="SENDING")
        payout = await payouts.find(tx.session, payout_id)
    sender = None if payout is None else services.roads[payout.kind].sender
    if payout is None or sender is None or payout.account is None or payout.status is not PayoutStatus.SENDING:
        return None
    return await _ask(sender, payout, payout.account, sure=new and payout.attempt == 1)


async def _ask(sender: Sender, payout: Found, account: str, *, sure: bool) -> Outcome:
    """Ask the vendor; `sure` when it cannot have heard of this payout."""
    reference = str(payout.id)
    try:
        found = None if sure else await sender.find(reference)
    except DomainError as fault:
        # Whatever it says to a question is no answer about the money.
        return Outcome(payout, wait_seconds=_pause(payout, fault))
    if found is not None:
        return Outcome(payout, reference=found)
    try:
        sending = Sending(account, payout.arrives, reference)
        return Outcome(payout, reference=await sender.send(key_of(payout.id, payout.attempt), sending))
    except PaymentRefused as refusal:
        return Outcome(payout, refusal=refusal)
    except (Unavailable, RateLimited, NotConfigured) as fault:
        return Outcome(payout, wait_seconds=_pause(payout, fault))


def _pause(payout: Found, fault: DomainError) -> float:
    if isinstance(fault, NotConfigured):
        return LONGEST_PAUSE
    since = payout.sending_at or datetime.now(UTC)
    pause = pause_seconds((datetime.now(UTC) - since).total_seconds())
    return max(pause, min(fault.retry_after_seconds or 0.0, LONGEST_PAUSE))


async def record(tx: Tx, services: Services, outcome: Outcome) -> float | None:
    """Record what the vendor said, once.

    Args:
        tx: The transaction that ends the job.
        services: The roads.
        outcome: What it said.

    Returns:
        Seconds until it is to be asked again; None when the payout has come to its end.
    """
    if outcome.reference is not None:
        await _record_sent(tx, services, outcome.payout, outcome.reference)
    elif outcome.refusal is not None:
        await _record_refused(tx, services, outcome.payout, outcome.refusal)
    return outcome.wait_seconds


async def _record_sent(tx: Tx, services: Services, payout: Found, reference: str) -> None:
    facts = {"reference": reference, "failure_code": None, "failure_message": None}
    if not await payouts.move(tx.session, payout.id, PayoutStatus.PAID, **facts):
        return
    road = services.roads[payout.kind]
    sent = occasion(road, payout.id, by=None, origin=(payout.kind.value.lower(), reference))
    await settle(tx, payout.claim_id, fee_minor=payout.fee_minor, occasion=sent)
    await promise_after(tx, payout)
    await end(tx, payout, PayoutStatus.PAID, by=None, reason="SENT")


async def _record_refused(tx: Tx, services: Services, payout: Found, refusal: PaymentRefused) -> None:
    facts = {"failure_code": refusal.reason.upper(), "failure_message": refusal.message}
    if not await payouts.move(tx.session, payout.id, PayoutStatus.FAILED, **facts):
        return
    await fail(tx, payout.claim_id, occasion=occasion(services.roads[payout.kind], payout.id, by=None))
    if refusal.reason in DISTRUSTED:
        await payout_methods.distrust(tx.session, payout.method_id, refusal.reason)
    await end(tx, payout, PayoutStatus.FAILED, by=None, reason=refusal.reason.upper())
