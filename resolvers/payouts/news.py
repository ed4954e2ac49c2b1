"""What is written and told whenever a payout moves."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from db.queries import history, notifications
from db.queries.payouts import Found
from db.session import Tx
from domain.events import Event, EventKind, person_topic
from domain.money import Money
from domain.notifications import NotificationKind, SubjectType
from domain.payouts import ROAD_NAMES, PayoutStatus
from resolvers.notifications import notify

SUBJECT: Final = "Payout"
NEWS: Final = {
    PayoutStatus.PAID: NotificationKind.PAYOUT_PAID,
    PayoutStatus.FAILED: NotificationKind.PAYOUT_FAILED,
    PayoutStatus.CANCELLED: NotificationKind.PAYOUT_CANCELLED,
}
"""Where a payout ends, and the news of that."""


async def note(
    tx: Tx,
    payout_id: UUID,
    user_id: UUID,
    *,
    before: PayoutStatus | None,
    after: PayoutStatus,
    by: UUID | None,
    reason: str,
) -> None:
    """Write a move into the history, and let who follows their payouts see it. Comes last: it locks the person's log."""
    await history.note(tx.session, (SUBJECT, payout_id), before=before, after=after, by=by, reason=reason)
    await tx.tell(Event(person_topic(user_id), EventKind.PAYOUT_UPDATED, {"payoutId": str(payout_id)}))


async def end(tx: Tx, payout: Found, after: PayoutStatus, *, by: UUID | None, reason: str) -> None:
    """The same where a payout ends: the person is told as well."""
    await note(tx, payout.id, payout.user_id, before=payout.status, after=after, by=by, reason=reason)
    title, body = _words(after, ROAD_NAMES[payout.kind], payout.amount, payout.arrives)
    # News is told once for each payout; one that is tried again may fail again.
    await notifications.take_back(tx.session, payout.user_id, NEWS[after], payout.id)
    await notify(
        tx,
        recipients=[payout.user_id],
        kind=NEWS[after],
        title=title,
        body=body,
        subject_type=SubjectType.PAYOUT,
        subject_id=payout.id,
    )


def _words(status: PayoutStatus, road: str, amount: Money, arrives: Money) -> tuple[str, str]:
    match status:
        case PayoutStatus.PAID:
            return f"{arrives} paid out", f"{arrives} went to you by {road}."
        case PayoutStatus.FAILED:
            return f"{amount} could not be paid out", f"{road} refused it. The money is in your balance again."
        case _:
            return f"Payout of {amount} cancelled", "The money is in your balance again."
