"""The inbox: what is signed is kept once and worked on later."""

from __future__ import annotations

from uuid import UUID

from db.queries import webhooks
from db.session import Database
from domain.errors import Expired, Forbidden, InvalidInput, NotFound
from domain.jobs import Job, JobKind
from domain.limits import UNSIGNED_WEBHOOKS
from domain.payments import PaymentEvent
from domain.ports import Services
from domain.webhooks import WebhookSource, WebhookStatus
from resolvers.limits import spend
from resolvers.webhooks.stripe import STRIPE


async def take_in(
    database: Database, services: Services, content: bytes, signature: str | None, *, network: str
) -> None:
    """Keep an event of Stripe's, and promise to work on it. One that is here already changes nothing.

    Args:
        database: Where it is kept.
        services: The processor, who knows its signature.
        content: The bytes as they came.
        signature: The header that goes with them.
        network: Where they came from; counts only for what is not signed.

    Raises:
        Forbidden: Stripe did not sign this.
        Expired: It did, too long ago.
        InvalidInput: It is signed, and no event.
        RateLimited: Too much that is not signed comes from there.
        NotConfigured: This installation knows no secret to check it with.
    """
    try:
        event = services.payments.read_event(content, signature)
    except (Forbidden, Expired, InvalidInput):
        await spend(services.limiter, f"unsigned:{network}", UNSIGNED_WEBHOOKS, "Too much that is not signed.")
        raise
    async with database.transaction() as tx:
        event_id = await webhooks.add(tx.session, WebhookSource.STRIPE, event, content.decode())
        if event_id is not None:
            await tx.later(Job(JobKind.PROCESS_WEBHOOK, str(event_id), {"eventId": str(event_id)}))


async def begin(database: Database, event_id: UUID) -> tuple[PaymentEvent, int] | None:
    """Take up an event for another attempt.

    Returns:
        The event and how many attempts this makes; None when it is done with.
    """
    async with database.transaction() as tx:
        row = await webhooks.begin(tx.session, event_id)
    if row is None:
        return None
    event = PaymentEvent(
        id=row.external_id,
        kind=row.event_type,
        occurred_at=row.occurred_at,
        account_id=row.account_id,
        subject_kind=row.subject_kind,
        subject_id=row.subject_id,
    )
    return event, row.attempts


async def work_on(database: Database, services: Services, event: PaymentEvent) -> WebhookStatus:
    """Do what follows from an event, and say what to note of it."""
    react = STRIPE.get(event.kind)
    if react is None:
        return WebhookStatus.IGNORED
    try:
        return await react(database, services, event)
    except NotFound:
        return WebhookStatus.UNKNOWN
