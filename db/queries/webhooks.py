"""The inbox of webhooks."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import WebhookEvent
from domain.ids import new_id
from domain.payments import PaymentEvent
from domain.states import WEBHOOK_MOVES, sources
from domain.webhooks import WebhookSource, WebhookStatus


async def add(session: AsyncSession, source: WebhookSource, event: PaymentEvent, payload: str) -> UUID | None:
    """Keep what was sent.

    Returns:
        Its id; None when it is here already.
    """
    statement = (
        upsert(WebhookEvent)
        .values(
            id=new_id(),
            source=source,
            external_id=event.id,
            event_type=event.kind,
            account_id=event.account_id,
            subject_kind=event.subject_kind,
            subject_id=event.subject_id,
            payload=payload,
            occurred_at=event.occurred_at,
        )
        .on_conflict_do_nothing(index_elements=["source", "external_id"])
        .returning(WebhookEvent.id)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def begin(session: AsyncSession, event_id: UUID) -> WebhookEvent | None:
    """Count another attempt at an event that is not done with.

    Returns:
        The event; None when it is done with, or not there.
    """
    statement = (
        update(WebhookEvent)
        .where(WebhookEvent.id == event_id, WebhookEvent.status.in_(sources(WEBHOOK_MOVES, WebhookStatus.PROCESSED)))
        .values(attempts=WebhookEvent.attempts + 1)
        .returning(WebhookEvent)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def finish(session: AsyncSession, event_id: UUID, to: WebhookStatus) -> bool:
    """Note what became of an event; False when somebody else has done so."""
    statement = (
        update(WebhookEvent)
        .where(WebhookEvent.id == event_id, WebhookEvent.status.in_(sources(WEBHOOK_MOVES, to)))
        .values(status=to, processed_at=func.clock_timestamp(), last_error=None)
        .returning(WebhookEvent.id)
    )
    return (await session.execute(statement)).scalar_one_or_none() is not None


async def note_error(session: AsyncSession, event_id: UUID, error: str, *, failed: bool) -> None:
    """Note why an event could not be worked on; `failed` unless its vendor only was silent."""
    statement = (
        update(WebhookEvent)
        .where(WebhookEvent.id == event_id, WebhookEvent.status.in_(sources(WEBHOOK_MOVES, WebhookStatus.FAILED)))
        .values(last_error=error, **({"status": WebhookStatus.FAILED} if failed else {}))
    )
    await session.execute(statement.execution_options(synchronize_session=False))


async def forget_bodies(session: AsyncSession, days: int, limit: int) -> int:
    """Empty the bodies of events that came so many days ago, some at a time; their ids stay.

    Returns:
        How many were emptied.
    """
    old = (
        select(WebhookEvent.id)
        .where(WebhookEvent.payload != "", WebhookEvent.received_at < func.now() - func.make_interval(0, 0, 0, days))
        .order_by(WebhookEvent.received_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    statement = update(WebhookEvent).where(WebhookEvent.id.in_(old)).values(payload="").returning(WebhookEvent.id)
    return len((await session.scalars(statement.execution_options(synchronize_session=False))).all())
