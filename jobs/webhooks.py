"""Later work of the inbox."""

from __future__ import annotations

from uuid import UUID

from db.queries import webhooks
from domain.errors import RateLimited, Unavailable
from domain.webhooks import MOST_ASKED, wait_seconds
from jobs.work import Work
from resolvers.webhooks import inbox


async def process_webhook(work: Work) -> None:
    """Do what follows from an event. A vendor that is silent is asked again for hours; any other fault counts as one."""
    event_id = UUID(work.payload["eventId"])
    taken = await inbox.begin(work.database, event_id)
    if taken is None:
        return
    event, attempts = taken
    try:
        status = await inbox.work_on(work.database, work.services, event)
    except (Unavailable, RateLimited) as silence:
        if attempts >= MOST_ASKED:
            await _note(work, event_id, silence)
            raise
        async with work.finish() as tx:
            await webhooks.note_error(tx.session, event_id, type(silence).__name__, failed=False)
            await work.again(tx, max(wait_seconds(attempts), silence.retry_after_seconds or 0.0))
        return
    except Exception as error:
        await _note(work, event_id, error)
        raise
    async with work.finish() as tx:
        await webhooks.finish(tx.session, event_id, status)


async def _note(work: Work, event_id: UUID, error: Exception) -> None:
    """Say what went wrong by its kind only: its text may hold what a vendor said about people."""
    async with work.database.transaction() as tx:
        await webhooks.note_error(tx.session, event_id, type(error).__name__, failed=True)
