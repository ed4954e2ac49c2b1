"""Cards and shares: what a payment processor (Stripe) does for the platform, as we speak of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from domain.errors import DomainError, ErrorCode
from domain.money import Money
from domain.movements import Cost

SIGNED_WITHIN: Final = timedelta(seconds=300)
"""An event that was signed longer ago than this may be somebody's replay, and is refused."""


class PaymentRefused(DomainError):
    """The processor says no, for good: nothing moved, and the same key will give the same answer again.

    Attributes:
        reason: The processor's own word for it, such as ``balance_insufficient`` or ``card_declined``.
    """

    code = ErrorCode.CONFLICT

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class CheckoutStatus(StrEnum):
    """How a page to pay at stands."""

    OPEN = "OPEN"
    COMPLETE = "COMPLETE"
    PAID = "PAID"
    EXPIRED = "EXPIRED"


class PaymentStatus(StrEnum):
    """How a payment stands."""

    OPEN = "OPEN"
    HELD = "HELD"
    SUCCEEDED = "SUCCEEDED"
    CANCELED = "CANCELED"


class RefundStatus(StrEnum):
    """How a refund stands."""

    PENDING = "PENDING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"


class RefundReason(StrEnum):
    """Why money goes back."""

    REQUESTED = "REQUESTED"
    DUPLICATE = "DUPLICATE"
    FRAUDULENT = "FRAUDULENT"


class DisputeStatus(StrEnum):
    """How a dispute stands."""

    OPEN = "OPEN"
    WON = "WON"
    LOST = "LOST"


@dataclass(frozen=True)
class NewCheckout:
    """A page to pay at, as it is asked for.

    Attributes:
        amount: What is to be paid.
        description: What for, as the payer reads it.
        reference: Our own name for it; it comes back with everything that follows.
        success_url: Where the payer goes after paying; ``{CHECKOUT_SESSION_ID}`` in it becomes the checkout's id.
        cancel_url: Where the payer goes instead.
        expires_at: When it closes, half an hour to a day from now.
        group: What binds the payment and the transfers of it; the reference unless told.
        hold: Whether the card only holds the money, until `capture` or `release`.
        email: The payer's, if known.
    """

    amount: Money
    description: str
    reference: str
    success_url: str
    cancel_url: str
    expires_at: datetime
    group: str | None = None
    hold: bool = False
    email: str | None = None


@dataclass(frozen=True)
class Checkout:
    """A page of the processor's on which somebody pays.

    Attributes:
        id: Its id there.
        status: How it stands; COMPLETE when it was gone through and the money is not here yet, or only held.
        url: Its address while it is open.
        client_secret: What the processor's own script in a page needs, if it is shown that way.
        expires_at: When it closes.
        amount: What is to be paid.
        reference: Our own name for it.
        payment_id: The payment that came of it, once somebody began to pay.
    """

    id: str
    status: CheckoutStatus
    url: str | None
    client_secret: str | None = field(repr=False)
    expires_at: datetime
    amount: Money
    reference: str | None
    payment_id: str | None


@dataclass(frozen=True)
class Payment:
    """Money from a card.

    Attributes:
        id: Its id at the processor.
        status: How it stands.
        amount: What was asked for.
        received: What came.
        charge_id: The charge that succeeded or failed last; transfers name it as their source.
        group: What binds it and its transfers.
        reference: Our own name for it.
        costs: What the processor kept of it, as far as that is known and was asked for.
    """

    id: str
    status: PaymentStatus
    amount: Money
    received: Money
    charge_id: str | None
    group: str | None
    reference: str | None
    costs: tuple[Cost, ...] = ()


@dataclass(frozen=True)
class Refund:
    """Money back to who paid; transfers are not touched by it."""

    id: str
    status: RefundStatus
    amount: Money
    payment_id: str | None
    reference: str | None


@dataclass(frozen=True)
class NewTransfer:
    """A share, as it is asked for.

    Attributes:
        account_id: Whose account at the processor gets it.
        amount: How much.
        reference: Our own name for it, by which it can be found.
        group: What binds it to a payment; the reference unless told. `find_transfer` wants the same.
        charge_id: Of which charge it is: it may then be sent before the charge is available. Otherwise it is of what is
            available now.
        description: What it says.
    """

    account_id: str
    amount: Money
    reference: str
    group: str | None = None
    charge_id: str | None = None
    description: str | None = None


@dataclass(frozen=True)
class Transfer:
    """A share that was sent to somebody's account.

    Attributes:
        returned: How much of it was taken back; the others are as in `NewTransfer`.
    """

    id: str
    account_id: str
    amount: Money
    returned: Money
    group: str | None
    reference: str | None
    charge_id: str | None


@dataclass(frozen=True)
class Reversal:
    """A share, or a part, that was taken back; `reference` is our own name for that, if we began it."""

    id: str
    transfer_id: str
    amount: Money
    reference: str | None


@dataclass(frozen=True)
class PayeeAccount:
    """Somebody's account at the processor.

    Attributes:
        id: Its id there.
        transfers_enabled: Whether shares may be sent there.
        payouts_enabled: Whether the processor sends them on to the bank.
        details_submitted: Whether its owner has told everything once.
        requirements_due: What the processor wants to know now.
        disabled_reason: Why it is shut off, in the processor's word.
    """

    id: str
    transfers_enabled: bool
    payouts_enabled: bool
    details_submitted: bool
    requirements_due: tuple[str, ...]
    disabled_reason: str | None


@dataclass(frozen=True)
class PayLink:
    """An address where anybody may pay."""

    id: str
    url: str
    active: bool


@dataclass(frozen=True)
class Dispute:
    """A payment that the payer's bank takes back, until it is decided who is right; `costs` are the processor's own."""

    id: str
    status: DisputeStatus
    amount: Money
    payment_id: str | None
    charge_id: str
    reason: str
    costs: tuple[Cost, ...] = ()


Subject = Checkout | Payment | Refund | Transfer | PayeeAccount | Dispute
"""What an event may be about."""


@dataclass(frozen=True)
class PaymentEvent:
    """Something happened at the processor: a reason to look, not the truth, for events come twice and in any order.

    Attributes:
        id: Its id; the same event has the same.
        kind: In the processor's words, such as ``checkout.session.completed``.
        occurred_at: When it happened.
        account_id: On whose account, if not the platform's own.
        subject_kind: What it is about, such as ``checkout.session``.
        subject_id: Which one.
    """

    id: str
    kind: str
    occurred_at: datetime
    account_id: str | None
    subject_kind: str
    subject_id: str
