"""A mission is done: it is proved, the DJ is paid, and both are told, in one transaction.

People's logs are locked before the ledger, which everybody's money passes through.
"""

from __future__ import annotations

from uuid import UUID

from db.queries import ledger, missions, payout_methods
from db.session import Tx
from db.tables import Mission
from domain.errors import Conflict, DomainError
from domain.ids import new_id
from domain.ledger import Account, Occasion
from domain.missions import MissionStatus
from domain.money import AccountKind, Money
from domain.notifications import NotificationKind
from domain.ports import Services
from domain.splits import WHOLE, Share
from resolvers.ledger.holds import release
from resolvers.missions import news
from resolvers.missions.prove import prove
from resolvers.payouts.request import check, make


async def complete(
    tx: Tx, services: Services, mission: Mission, *, by: UUID | None, reason: str, attempt_id: UUID | None = None
) -> None:
    """End a mission well. Its row is locked by the caller.

    Args:
        tx: The transaction of whatever decided it.
        services: The roads by which money leaves, and the notary.
        mission: The mission, as it stands.
        by: Who decided; None when verification did.
        reason: Why, in a word.
        attempt_id: The look that passed; None when people decided without one.

    Raises:
        Conflict: It cannot be completed from where it stands, or its money is not there.
    """
    before = mission.status
    done = await missions.move(tx.session, mission.id, MissionStatus.COMPLETED, review_due_at=None)
    if done is None or done.runner_id is None or done.hold_id is None:
        raise Conflict("This mission cannot be completed now.")
    await prove(tx, services, done, attempt_id)
    await news.note(tx, done.id, before=before, after=done.status, by=by, reason=reason)
    await _tell(tx, done)
    occasion = Occasion(f"Mission: {done.title}", subject=(news.SUBJECT, done.id), by=by)
    released = await release(
        tx,
        done.hold_id,
        [Share(done.runner_id, WHOLE)],
        fee_basis_points=done.fee_basis_points,
        occasion=occasion,
    )
    payout_id = await _send_on(tx, services, done, done.runner_id, released.entry_id)
    if payout_id is not None:
        await missions.change(tx.session, done.id, payout_id=payout_id)


async def _tell(tx: Tx, mission: Mission) -> None:
    assert mission.runner_id is not None
    budget = Money(mission.amount_minor, mission.currency)
    told = {
        mission.runner_id: f"{budget} less fees went to you for playing “{mission.track_title}”.",
        mission.curator_id: f"“{mission.track_title}” was played, and {budget} paid. The proof is with the mission.",
    }
    # In the order of ids, as everybody takes people's logs.
    for person_id in sorted(told):
        kind = NotificationKind.MISSION_COMPLETED
        await news.tell(tx, mission, person_id, kind, title=f"“{mission.title}” is done", body=told[person_id])


async def _send_on(tx: Tx, services: Services, mission: Mission, runner_id: UUID, entry_id: UUID) -> UUID | None:
    """Send what an entry gave the runner on to where they want it; gives the payout that does so.

    What is too little for a payout, or has nowhere to go any more, stays on their balance and goes with the next one.
    """
    if mission.payout_method_id is None:
        return None
    lines = await ledger.read_lines(tx.session, entry_id)
    # What they owed is paid first: only the rest is theirs to send on.
    arrived = lines.get(Account(AccountKind.AVAILABLE, mission.currency, runner_id), 0)
    method = await payout_methods.find_own(tx.session, runner_id, mission.payout_method_id)
    if method is None or arrived <= 0:
        return None
    amount = Money(arrived, mission.currency)
    try:
        check(services, method, amount)
    except DomainError:
        return None
    payout_id = new_id()
    await make(tx, services, payout_id, method, amount, by=None, reason="MISSION")
    return payout_id
