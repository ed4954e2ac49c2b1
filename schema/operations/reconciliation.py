"""Where the vendors' journals and ours differ."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from db import tables
from db.access import operations as access
from db.access.viewer import Viewer
from db.expressions.money import decimal_text
from domain.checkouts import PaymentVendor
from domain.ids import Prefix, from_wire
from domain.reconciliation import CaseKind, CaseStatus
from engine.declare import Connection, Node, Where, column, embedded, entity, many, one, reads
from engine.executor import ref
from resolvers.reconciliation.close import close
from schema.context import Info
from schema.deeds import Payload, deed
from schema.money import Money
from schema.words import describe

if TYPE_CHECKING:
    from schema.accounts.user import User

describe(PaymentVendor, "By whom money comes in and goes out.", STRIPE="Stripe.")
describe(
    CaseKind,
    "How a vendor's journal and ours differ.",
    name="ReconciliationCaseKind",
    MISSING_HERE="It is in the vendor's and not in ours.",
    MISSING_THERE="It is in ours and not in the vendor's.",
    DIFFERENT_AMOUNT="It is in both with different amounts.",
)
describe(
    CaseStatus,
    "Where a difference stands.",
    name="ReconciliationCaseStatus",
    OPEN="Somebody has to look into it.",
    RESOLVED="Both journals say the same by now.",
    CLOSED="An operator looked into it and said why it may stay.",
)


def written(minor: str) -> Any:
    """Bind an amount of a case; null where that journal has nothing of it."""
    amount = getattr(tables.ReconciliationCase, minor)
    return embedded(
        f"What came in by {'the vendor' if minor.startswith('vendor') else 'our ledger'}'s account of it, or went where it "
        "begins with a minus; null when there is nothing.",
        when=amount,
        amount=lambda case, _viewer: decimal_text(getattr(case, minor), case.currency),
        currency_code=tables.ReconciliationCase.currency,
    )


@entity(tables.ReconciliationCase, id=Prefix.RECONCILIATION_CASE, visible=access.reconciliation_case)
class ReconciliationCase(Node):
    """A difference between a vendor's journal and ours that stood for a day. Only operators see it."""

    vendor: PaymentVendor = column("Whose journal.")
    reference: str = column("The vendor's name for what it is about, such as a payment, refund, dispute or transfer.")
    kind: CaseKind = column("How they differ.")
    status: CaseStatus = column("Where it stands.")
    vendor_amount: Money | None = written("vendor_minor")
    ledger_amount: Money | None = written("ledger_minor")
    occurred_at: datetime = column("When it happened.")
    opened_at: datetime = column("When it was noticed.")
    closed_at: datetime | None = column("When it was over; null while it is open.")
    closed_by: User | None = one("Who closed it; null when nobody did.", tables.ReconciliationCase.closed_by_id)
    reason: str | None = column("Why it was closed by hand.")


@strawberry.input(description="Which cases to show; all conditions must hold.")
class ReconciliationCaseFilter:
    """The filter of `reconciliationCases`."""

    status: CaseStatus | None = strawberry.field(default=None, description="Only those that stand so.")
    kind: CaseKind | None = strawberry.field(default=None, description="Only those that differ so.")


def chosen(
    case: type[tables.ReconciliationCase],
    viewer: Viewer,
    filter: Annotated[ReconciliationCaseFilter | None, strawberry.argument(description="Which cases.")] = None,
) -> Where:
    """What the filter says."""
    if filter is None:
        return
    if filter.status is not None:
        yield case.status == filter.status
    if filter.kind is not None:
        yield case.kind == filter.kind


@reads
class ReconciliationReads:
    """Reads about differences."""

    reconciliation_cases: Connection[ReconciliationCase] = many(
        "Where the vendors' journals and ours differ, what was noticed last first. Only operators see any.",
        tables.ReconciliationCase,
        order=tables.ReconciliationCase.opened_at.desc(),
        where=chosen,
    )


@strawberry.input(description="Which difference may stay, and why.")
class CloseReconciliationCaseInput:
    """The input of `closeReconciliationCase`."""

    case_id: strawberry.ID = strawberry.field(description="The case.")
    reason: str = strawberry.field(description="Why, for everybody who reads the books; up to 500 characters.")


@strawberry.type(description="The answer to `closeReconciliationCase`.")
class CloseReconciliationCasePayload(Payload):
    """The case."""

    reconciliation_case: ReconciliationCase | None = strawberry.field(
        default=None, description="The case, as it is now."
    )


@strawberry.type
class ReconciliationMutations:
    """Deeds about differences."""

    @deed("Close a case by hand, for good: it is not opened again, whatever it comes to. For operators.")
    async def close_reconciliation_case(
        self, info: Info, input: CloseReconciliationCaseInput
    ) -> CloseReconciliationCasePayload:
        """Close."""
        actor = info.context.signed_in
        case_id = from_wire(Prefix.RECONCILIATION_CASE, input.case_id, "caseId")
        async with info.context.transaction() as tx:
            await close(tx, actor, case_id, reason=input.reason)
        return CloseReconciliationCasePayload(reconciliation_case=ref(ReconciliationCase, case_id))
