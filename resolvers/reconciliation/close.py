"""A difference that somebody has looked into."""

from __future__ import annotations

from uuid import UUID

from db.queries import history, reconciliation
from db.session import Tx
from domain.actors import Actor
from domain.errors import Conflict, NotFound
from domain.reconciliation import MAX_REASON, CaseStatus
from domain.texts import clean_text
from resolvers.operations.operators import require_operator
from resolvers.reconciliation.compare import SUBJECT


async def close(tx: Tx, actor: Actor, case_id: UUID, *, reason: str) -> None:
    """Close a case by hand, for good.

    Raises:
        Forbidden: The actor is no operator.
        InvalidInput: There is no reason, or it is too long.
        NotFound: There is no such case.
        Conflict: It is over already.
    """
    require_operator(actor)
    said = clean_text(reason, "reason", most=MAX_REASON)
    if not await reconciliation.move(tx.session, case_id, CaseStatus.CLOSED, by=actor.user_id, reason=said):
        status = await reconciliation.find_status(tx.session, case_id)
        if status is None:
            raise NotFound("There is no such case.", "caseId")
        raise Conflict(f"This case is {status.value} already.", "caseId")
    await history.note(
        tx.session,
        (SUBJECT, case_id),
        before=CaseStatus.OPEN,
        after=CaseStatus.CLOSED,
        by=actor.user_id,
        reason=said,
    )
