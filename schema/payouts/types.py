"""Ways to be paid, payouts, and runs."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from db import tables
from db.access import payouts as access
from db.access.viewer import Viewer, operates
from db.expressions import payouts as expressions
from db.expressions.money import decimal_text
from domain.ids import Prefix, to_wire
from domain.money import Currency, parse_money
from domain.money import Money as Amount
from engine.declare import (
    SQL,
    Connection,
    Node,
    Where,
    column,
    computed,
    embedded,
    entity,
    finished,
    listed,
    many,
    one,
    private,
    reads,
    within,
)
from schema.context import Context
from schema.money import Money
from schema.payouts.enums import LineOutcome, PayoutAction, PayoutMethodKind, PayoutRunStatus, PayoutStatus
from schema.subjects import NotificationSubject, TransactionSubject

if TYPE_CHECKING:
    from schema.accounts.user import User


@entity(tables.PayoutMethod, id=Prefix.PAYOUT_METHOD, visible=access.payout_method)
class PayoutMethod(Node):
    """Where somebody is paid. Seen by themselves and by operators."""

    kind: PayoutMethodKind = column("By which road.")
    label: str = column("Enough of the address to know one's own by, such as `$mi••`.")
    is_default: bool = column("Whether daily payouts go there.")
    verified: bool = column(
        "Whether money may be sent there: Stripe says so of its accounts, operators of addresses that people pay to. "
        "At Zelle, an address that you have signed in with is verified at once."
    )
    submitted: bool = column("At Stripe: whether you have told it everything once.")
    requirements_due: list[str] = column("At Stripe: what it wants to know of you now, in its own words.")
    disabled_reason: str | None = column("At Stripe: why nothing may be sent there now, in its own word.")
    added_at: datetime = column("When it was added.")
    removed_at: datetime | None = column("When it was removed; null while it is there.")
    owner: User = one("Who is paid there.", tables.PayoutMethod.user_id)

    @finished(tables.PayoutMethod.kind)
    def automatic(kind: PayoutMethodKind, context: Context) -> bool:
        """Whether no person is needed to pay."""
        return context.services.roads[PayoutMethodKind(kind)].automatic

    @finished(tables.PayoutMethod.kind)
    def instant(kind: PayoutMethodKind, context: Context) -> bool:
        """Whether what was sent is there at once."""
        return context.services.roads[PayoutMethodKind(kind)].instant

    @finished(tables.PayoutMethod.kind)
    def currencies(kind: PayoutMethodKind, context: Context) -> list[Currency]:
        """What goes by this road."""
        return sorted(context.services.roads[PayoutMethodKind(kind)].currencies)

    @finished(tables.PayoutMethod.kind)
    def fee(
        kind: PayoutMethodKind,
        context: Context,
        amount: Annotated[str, strawberry.argument(description="What would leave the balance, such as `50.00`.")],
        currency_code: Annotated[Currency, strawberry.argument(description="In what.")],
    ) -> Money:
        """What the platform keeps of a payout of so much."""
        asked = parse_money(amount, currency_code)
        kept = Amount(context.services.roads[PayoutMethodKind(kind)].fee_minor(asked), asked.currency)
        return Money(amount=kept.decimal, currency_code=kept.currency)

    @finished(expressions.sealed_handle, tables.PayoutMethod.id)
    def handle(sealed: bytes | None, method_id: UUID, context: Context) -> str | None:
        """The address that a person pays to, for operators; null to everybody else."""
        return None if sealed is None else context.services.cipher.open(sealed, bound_to=str(method_id))


@entity(tables.Payout, id=Prefix.PAYOUT, visible=access.payout)
class Payout(NotificationSubject, TransactionSubject):
    """Money on its way to somebody. Seen by themselves and by operators."""

    status: PayoutStatus = column("Where it stands.")
    amount: Money = embedded(
        "What left the balance; the fee is part of it.",
        amount=lambda payout, _viewer: decimal_text(payout.amount_minor, payout.currency),
        currency_code=tables.Payout.currency,
    )
    fee: Money = embedded(
        "What the platform keeps of it.",
        amount=lambda payout, _viewer: decimal_text(payout.fee_minor, payout.currency),
        currency_code=tables.Payout.currency,
    )
    returned: Money = embedded(
        "What of it came back after it was paid: what the recipient owed is paid of it first.",
        amount=lambda payout, _viewer: decimal_text(payout.returned_minor, payout.currency),
        currency_code=tables.Payout.currency,
    )
    method: PayoutMethod | None = one("Where it goes.", tables.Payout.method_id)
    recipient: User = one("Whose money it is.", tables.Payout.user_id)
    requested_at: datetime = column("When the money was set aside.")
    paid_at: datetime | None = column("When it was paid; null until then.")
    failure_code: str | None = column("Why it was refused, in a word such as `BALANCE_INSUFFICIENT`.")
    failure_message: str | None = column("The same in a sentence.")
    reference: str | None = private(
        "What the vendor, or the operator who paid, calls it; for operators.",
        tables.Payout.reference,
        to=access.operators,
    )
    paid_by: User | None = one(
        "Who paid it by hand, for operators.", tables.Payout.paid_by_id, where=access.operators_alone
    )
    confirmed_by: User | None = one(
        "Who said that it was paid, for operators.", tables.Payout.confirmed_by_id, where=access.operators_alone
    )

    @computed
    def viewer_actions(payout: type[tables.Payout], viewer: Viewer) -> SQL[list[PayoutAction]]:
        """What you may do with it next; nothing unless you are an operator and it is somebody else's."""
        return expressions.viewer_actions(payout, viewer)

    @finished(expressions.sealed_address, tables.Payout.method_id, expressions.what_to_pay, tables.Payout.id)
    def instructions(sealed: bytes | None, method_id: UUID, what: str, payout_id: UUID, context: Context) -> str | None:
        """What to pay by hand and where, for operators while it waits for them; null otherwise."""
        if sealed is None:
            return None
        address = context.services.cipher.open(sealed, bound_to=str(method_id))
        return f"Pay {what} to {address}, with the note {to_wire(Prefix.PAYOUT, payout_id)}."


@entity(tables.PayoutLine, id=None, visible=access.payout_line)
class PlannedPayout:
    """One person's money in one currency in a run."""

    recipient: User = one("Whose money it is.", tables.PayoutLine.user_id)
    method: PayoutMethod | None = one("Where it is to go.", tables.PayoutLine.method_id)
    amount: Money = embedded(
        "What was available when the run was planned.",
        amount=lambda line, _viewer: decimal_text(line.amount_minor, line.currency),
        currency_code=tables.PayoutLine.currency,
    )
    outcome: LineOutcome = column("What became of it.")
    reason: str | None = column("Why nothing did: `BALANCE_CHANGED` or `METHOD_CHANGED`.")


@entity(tables.PayoutRun, id=Prefix.PAYOUT_RUN, visible=access.payout_run)
class PayoutRun(Node):
    """One look at who has enough to be paid and, unless it is a dry one, their payouts. Seen by operators."""

    status: PayoutRunStatus = column("Where it stands.")
    dry_run: bool = column("Whether it only looks.")
    eligible_count: int = column("How many balances were enough: a person with two currencies counts twice.")
    started_at: datetime = column("When it looked.")
    finished_at: datetime | None = column("When all of it was done.")
    total: list[Money] = listed(
        "What it planned to pay, one sum for each currency.",
        tables.PayoutTotal.run_id,
        order=tables.PayoutTotal.currency,
        amount=lambda total, _viewer: decimal_text(total.amount_minor, total.currency),
        currency_code=tables.PayoutTotal.currency,
    )
    planned: Connection[PlannedPayout] = many(
        "Who was to be paid, and what became of it.", tables.PayoutLine.run_id, order=tables.PayoutLine.id
    )
    payouts: Connection[Payout] = many(
        "The payouts that were made, the latest first; a dry run makes none.",
        tables.Payout.run_id,
        order=tables.Payout.requested_at.desc(),
    )


def present(method: type[tables.PayoutMethod], viewer: Viewer) -> Where:
    """Only those that were not removed."""
    yield expressions.is_present(method)


@strawberry.input(description="Which payouts to show; all conditions must hold.")
class PayoutFilter:
    """The filter of `payouts`."""

    manual: bool | None = strawberry.field(
        default=None,
        description="True: only what waits for a person, to pay it or to confirm that it was paid. False: only the rest.",
    )
    statuses: list[PayoutStatus] | None = strawberry.field(default=None, description="Only those that stand here.")
    recipient_id: strawberry.ID | None = strawberry.field(default=None, description="Only this person's.")


def everybodys(
    payout: type[tables.Payout],
    viewer: Viewer,
    filter: Annotated[PayoutFilter | None, strawberry.argument(description="Which payouts.")] = None,
) -> Where:
    """Everybody's, for operators, and what the filter says."""
    yield operates(viewer)
    if filter is None:
        return
    if filter.manual is not None:
        waiting = expressions.waits_for_people(payout)
        yield waiting if filter.manual else ~waiting
    if filter.statuses is not None:
        yield within(payout.status, filter.statuses)
    if filter.recipient_id is not None:
        yield payout.user_id == filter.recipient_id


def unverified(method: type[tables.PayoutMethod], viewer: Viewer) -> Where:
    """Those that wait for an operator to look at them."""
    yield operates(viewer)
    yield expressions.waits_for_look(method)


@reads
class PayoutReads:
    """Reads about payouts."""

    payouts: Connection[Payout] = many(
        "Everybody's payouts, the latest first; none unless you are an operator. Your own are in `Viewer.payouts`.",
        tables.Payout,
        where=everybodys,
        order=tables.Payout.requested_at.desc(),
    )
    unverified_payout_methods: Connection[PayoutMethod] = many(
        "Addresses that an operator has to look at before anybody pays to them, the oldest first; none unless you are one.",
        tables.PayoutMethod,
        where=unverified,
        order=tables.PayoutMethod.added_at,
    )
