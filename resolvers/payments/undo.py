"""A refund did not arrive: those from whom it was taken have it again."""

from __future__ import annotations

from uuid import UUID

from db.queries import ledger
from db.session import Tx
from domain.errors import Conflict
from domain.ledger import EARNINGS, PLATFORM, Entry, Occasion, Posted, people_of
from domain.money import EntryKind
from resolvers.ledger.post import open_accounts, post, regarding, take_entry


async def undo_refund(tx: Tx, entry_id: UUID, *, occasion: Occasion) -> Posted:
    """Book the mirror image of a refund that the bank sent back.

    Raises:
        NotFound: There is no such refund.
        Conflict: It was of held money, which cannot be held again, or it was undone before.
    """
    given = await take_entry(tx, entry_id, EntryKind.REFUND)
    if given.about_id is None:
        raise Conflict("Held money that was returned cannot be held again.")
    await take_entry(tx, given.about_id, *EARNINGS, EntryKind.RELEASE)
    if (await ledger.find_end(tx.session, given.id)).reversed_by is not None:
        raise Conflict("This was reversed before.")
    lines = await ledger.read_lines(tx.session, given.id)
    people = people_of(lines)
    draft = await open_accounts(tx, people, next(iter(lines)).currency)
    for account, amount in lines.items():
        if account.kind in PLATFORM:
            draft.move(account, -amount)
    for person_id, amount in sorted(people.items()):
        draft.credit(person_id, -amount)
    mirror = Entry(
        EntryKind.REFUND,
        regarding(given, occasion),
        draft.lines,
        about_id=given.about_id,
        reverses_id=given.id,
    )
    return await post(tx, mirror, draft.before)
