"""Comparing the vendor's journal with ours: a case for each difference, opened once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from db.queries import history, reconciliation
from db.queries.reconciliation import Difference
from db.session import Tx
from db.tables import ReconciliationCase
from domain.checkouts import PaymentVendor
from domain.money import Currency
from domain.reconciliation import GRACE, CaseStatus

SUBJECT: Final = "ReconciliationCase"

Cases = Mapping[tuple[str, Currency], ReconciliationCase]


async def compare(tx: Tx, read_until: datetime) -> None:
    """Open cases for what differs and was not touched for a day, and close those that differ no more.

    What an operator closed stays closed, whatever it comes to.

    Args:
        tx: The transaction that ends the job.
        read_until: How far Stripe's journal is read.
    """
    vendor = PaymentVendor.STRIPE
    await reconciliation.lock(tx.session, vendor)
    cases = await reconciliation.list_cases(tx.session, vendor)
    differences = await reconciliation.find_differences(tx.session, vendor)
    for difference in differences:
        case = cases.get((difference.reference, difference.currency))
        if case is None and difference.touched_at < read_until - GRACE:
            case_id = await reconciliation.open_case(tx.session, vendor, difference)
            await _note(tx, case_id, None, CaseStatus.OPEN, difference.kind.value)
        elif case is not None:
            await _go_on(tx, case, difference, settled=difference.touched_at < read_until - GRACE)
    still = {(difference.reference, difference.currency) for difference in differences}
    for key, case in cases.items():
        if case.status is CaseStatus.OPEN and key not in still:
            await reconciliation.move(tx.session, case.id, CaseStatus.RESOLVED)
            await _note(tx, case.id, CaseStatus.OPEN, CaseStatus.RESOLVED, "Both journals say the same now.")


async def _go_on(tx: Tx, case: ReconciliationCase, difference: Difference, *, settled: bool) -> None:
    if case.status is CaseStatus.RESOLVED and settled:
        await reconciliation.move(tx.session, case.id, CaseStatus.OPEN)
        await _note(tx, case.id, CaseStatus.RESOLVED, CaseStatus.OPEN, difference.kind.value)
    elif case.status is not CaseStatus.OPEN:
        return
    await reconciliation.describe_case(tx.session, case.id, difference)


async def _note(tx: Tx, case_id: UUID, before: CaseStatus | None, after: CaseStatus, reason: str) -> None:
    await history.note(tx.session, (SUBJECT, case_id), before=before, after=after, by=None, reason=reason)
