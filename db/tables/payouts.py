"""Where people are paid, what is on its way to them, and runs that pay everybody who has enough."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.row import BIG, Row, at_most, enum_column
from domain.money import Currency
from domain.payouts import LineOutcome, PayoutMethodKind, PayoutRunStatus, PayoutStatus
from domain.returns import ReturnStatus


class PayoutMethod(Row):
    """Where somebody is paid.

    Stripe's has the name of an account there; one that is paid by hand has the sealed address, and its keyed hash so
    that the same is not added twice. What was removed stays as a row, for the payouts that went there.
    """

    __tablename__ = "payout_methods"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[PayoutMethodKind] = mapped_column(enum_column(PayoutMethodKind))
    label: Mapped[str]
    account: Mapped[str | None]
    sealed_handle: Mapped[bytes | None] = mapped_column(LargeBinary)
    handle_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    is_default: Mapped[bool] = mapped_column(server_default=text("false"))
    verified: Mapped[bool] = mapped_column(server_default=text("false"))
    verified_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    submitted: Mapped[bool] = mapped_column(server_default=text("false"))
    requirements_due: Mapped[list[str]] = mapped_column(server_default="{}")
    disabled_reason: Mapped[str | None]
    added_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    removed_at: Mapped[datetime | None]
    __table_args__ = (
        Index("ix_payout_methods_user", "user_id", "added_at", "id"),
        Index(
            "uq_payout_methods_default",
            "user_id",
            unique=True,
            postgresql_where=text("is_default AND removed_at IS NULL"),
        ),
        Index(
            "uq_payout_methods_stripe",
            "user_id",
            unique=True,
            postgresql_where=text("kind = 'STRIPE' AND removed_at IS NULL"),
        ),
        Index(
            "uq_payout_methods_handle",
            "user_id",
            "kind",
            "handle_hash",
            unique=True,
            postgresql_where=text("removed_at IS NULL"),
        ),
        Index(
            "ix_payout_methods_unverified",
            "added_at",
            "id",
            postgresql_where=text("NOT verified AND removed_at IS NULL AND kind <> 'STRIPE'"),
        ),
        UniqueConstraint("account"),
        CheckConstraint("(kind = 'STRIPE') = (account IS NOT NULL)", name="account_at_stripe"),
        CheckConstraint("(kind = 'STRIPE') = (handle_hash IS NULL)", name="handle_by_hand"),
        CheckConstraint("NOT (is_default AND removed_at IS NOT NULL)", name="default_is_there"),
        at_most("label", 300),
    )


class PayoutRun(Row):
    """One look at who has enough to be paid, and, unless it is a dry one, their payouts."""

    __tablename__ = "payout_runs"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    status: Mapped[PayoutRunStatus] = mapped_column(enum_column(PayoutRunStatus))
    dry_run: Mapped[bool]
    eligible_count: Mapped[int]
    started_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    started_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    finished_at: Mapped[datetime | None]
    __table_args__ = (
        Index("ix_payout_runs_started", "started_at", "id"),
        CheckConstraint("(status = 'DONE') = (finished_at IS NOT NULL)", name="finished_when_done"),
    )


class Payout(Row):
    """Money on its way to somebody. `claim_id` is the ledger's entry that took it out of what is available."""

    __tablename__ = "payouts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    method_id: Mapped[UUID] = mapped_column(ForeignKey("payout_methods.id"), index=True)
    run_id: Mapped[UUID | None] = mapped_column(ForeignKey("payout_runs.id"))
    status: Mapped[PayoutStatus] = mapped_column(enum_column(PayoutStatus))
    currency: Mapped[Currency] = mapped_column(enum_column(Currency))
    amount_minor: Mapped[int] = mapped_column(BIG)
    fee_minor: Mapped[int] = mapped_column(BIG)
    attempt: Mapped[int] = mapped_column(server_default=text("1"))
    claim_id: Mapped[UUID] = mapped_column(ForeignKey("journal_entries.id"))
    reference: Mapped[str | None]
    """The vendor's id of what was sent, or what the operator who paid was told by the bank; each counts once."""

    failure_code: Mapped[str | None]
    failure_message: Mapped[str | None]
    paid_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    confirmed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    requested_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    sending_at: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]
    returned_minor: Mapped[int] = mapped_column(BIG, server_default=text("0"))
    """How much of it came back later."""

    __table_args__ = (
        Index("ix_payouts_user", "user_id", "requested_at", "id"),
        Index("ix_payouts_requested", "requested_at", "id"),
        Index("ix_payouts_paid", "paid_at"),
        Index("ix_payouts_run", "run_id", "requested_at", "id"),
        Index("ix_payouts_status", "status", "requested_at", "id"),
        UniqueConstraint("reference"),
        UniqueConstraint("claim_id"),
        CheckConstraint("amount_minor > 0", name="something"),
        CheckConstraint("fee_minor >= 0 AND fee_minor < amount_minor", name="something_arrives"),
        CheckConstraint("(status = 'PAID') = (paid_at IS NOT NULL)", name="paid_when_paid"),
        CheckConstraint("returned_minor BETWEEN 0 AND amount_minor - fee_minor", name="returned_of_it"),
        CheckConstraint("returned_minor = 0 OR status = 'PAID'", name="returned_when_paid"),
        CheckConstraint("paid_by_id <> confirmed_by_id", name="two_people"),
        CheckConstraint("paid_by_id <> user_id AND confirmed_by_id <> user_id", name="somebody_elses"),
        at_most("reference", 300),
    )


class PayoutReturn(Row):
    """Money of a payout that came back, or is to be taken back: its id makes the key with which the vendor is asked."""

    __tablename__ = "payout_returns"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    payout_id: Mapped[UUID] = mapped_column(ForeignKey("payouts.id"), index=True)
    status: Mapped[ReturnStatus] = mapped_column(enum_column(ReturnStatus))
    currency: Mapped[Currency] = mapped_column(enum_column(Currency))
    amount_minor: Mapped[int] = mapped_column(BIG)
    vendor_id: Mapped[str | None] = mapped_column(unique=True)
    entry_id: Mapped[UUID | None] = mapped_column(ForeignKey("journal_entries.id"))
    failure_code: Mapped[str | None]
    requested_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    settled_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="something"),
        CheckConstraint("(status = 'DONE') = (vendor_id IS NOT NULL)", name="named_when_done"),
        CheckConstraint("(status = 'DONE') = (entry_id IS NOT NULL)", name="booked_when_done"),
    )


class PayoutLine(Row):
    """One person's money in one currency in a run: at most one payout comes of it."""

    __tablename__ = "payout_lines"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    run_id: Mapped[UUID] = mapped_column(ForeignKey("payout_runs.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    method_id: Mapped[UUID] = mapped_column(ForeignKey("payout_methods.id"))
    currency: Mapped[Currency] = mapped_column(enum_column(Currency))
    amount_minor: Mapped[int] = mapped_column(BIG)
    outcome: Mapped[LineOutcome] = mapped_column(enum_column(LineOutcome), server_default=LineOutcome.PLANNED)
    reason: Mapped[str | None]
    payout_id: Mapped[UUID | None] = mapped_column(ForeignKey("payouts.id"), unique=True)
    __table_args__ = (
        UniqueConstraint("run_id", "user_id", "currency"),
        Index("ix_payout_lines_run", "run_id", "id"),
        CheckConstraint("(outcome = 'MADE') = (payout_id IS NOT NULL)", name="made_is_there"),
    )
