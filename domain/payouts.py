"""Money on its way to people: by which roads, where it stands, and what a road can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID

from domain.fees import fee
from domain.money import EXPONENTS, Currency, Money
from domain.payments import PayeeAccount, Reversal

MAX_METHODS: Final = 10
MAX_REFERENCE: Final = 100
FIRST_PAUSE: Final = 2.0
LONGEST_PAUSE: Final = 600.0


class PayoutMethodKind(StrEnum):
    """By which road somebody is paid."""

    STRIPE = "STRIPE"
    CASH_APP = "CASH_APP"
    ZELLE = "ZELLE"


class PayoutStatus(StrEnum):
    """Where a payout stands."""

    REQUESTED = "REQUESTED"
    SENDING = "SENDING"
    AWAITING_OPERATOR = "AWAITING_OPERATOR"
    AWAITING_CONFIRMATION = "AWAITING_CONFIRMATION"
    PAID = "PAID"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


ENDED: Final = frozenset({PayoutStatus.PAID, PayoutStatus.FAILED, PayoutStatus.CANCELLED})
"""Nothing more happens to these by itself."""


class PayoutAction(StrEnum):
    """What an operator may do with a payout."""

    RETRY = "RETRY"
    CANCEL = "CANCEL"
    SETTLE = "SETTLE"
    CONFIRM = "CONFIRM"


class PayoutDecision(StrEnum):
    """What an operator decides about a payout that did not go its way."""

    RETRY = "RETRY"
    CANCEL = "CANCEL"


class PayoutRunStatus(StrEnum):
    """Where a run stands."""

    RUNNING = "RUNNING"
    DONE = "DONE"


class LineOutcome(StrEnum):
    """What became of one person's line in a run."""

    PLANNED = "PLANNED"
    MADE = "MADE"
    SKIPPED = "SKIPPED"


@dataclass(frozen=True)
class Threshold:
    """From which amounts on money leaves, in minor units.

    Attributes:
        minimum: The least that can be asked for.
        automatic: The least that is paid out by itself.
    """

    minimum: int
    automatic: int


def thresholds(
    minimum_hundredths: int, automatic_hundredths: int, apart: Mapping[str, tuple[int, int]]
) -> dict[Currency, Threshold]:
    """The thresholds of each currency.

    Args:
        minimum_hundredths: The least that can be asked for, in hundredths of whatever currency.
        automatic_hundredths: The least that is paid by itself, likewise.
        apart: Currencies with thresholds of their own, in hundredths.
    """
    whole = dict.fromkeys(Currency, (minimum_hundredths, automatic_hundredths))
    whole |= {Currency(code): pair for code, pair in apart.items()}
    return {
        currency: Threshold(*(_minor(each, EXPONENTS[currency]) for each in pair)) for currency, pair in whole.items()
    }


def _minor(hundredths: int, exponent: int) -> int:
    """Hundredths as minor units, rounded up where a currency has no such parts."""
    factor: int = 10**exponent
    return -(-hundredths * factor // 100)


@dataclass(frozen=True)
class Standing:
    """How somebody's account at the far end of a road stands.

    Attributes:
        address: The account's name there.
        verified: Whether money may be sent to it.
        submitted: Whether its owner has told everything once.
        requirements_due: What is wanted of its owner now, in the vendor's words.
        disabled_reason: Why it is shut off, in the vendor's word.
    """

    address: str
    verified: bool
    submitted: bool
    requirements_due: tuple[str, ...] = ()
    disabled_reason: str | None = None


def standing_of(account: PayeeAccount) -> Standing:
    """How a payee's account at the processor of cards stands, as an end of a road."""
    return Standing(
        address=account.id,
        verified=account.transfers_enabled and account.payouts_enabled,
        submitted=account.details_submitted,
        requirements_due=account.requirements_due,
        disabled_reason=account.disabled_reason,
    )


@dataclass(frozen=True)
class Sending:
    """Money that is to go out.

    Attributes:
        address: Where to.
        amount: How much arrives.
        reference: Our own name for it, the same in every attempt: by it the truth is found.
    """

    address: str
    amount: Money
    reference: str


class Sender(Protocol):
    """Sends money by itself. Every method may raise what `domain/cards.py` lists: only PaymentRefused is a definite no."""

    def require(self) -> object:
        """Check that there is an account at the vendor; raises NotConfigured."""

    async def enrol(self, key: str, *, country: str, reference: str) -> Standing:
        """Open an account for somebody; its owner tells the rest on a page of the vendor's."""

    async def onboarding_url(self, address: str, *, return_to: str) -> str:
        """Make the address of that page; it works once, for some minutes."""

    async def standing(self, address: str) -> Standing:
        """Ask how an account stands."""

    async def find(self, reference: str) -> str | None:
        """Find the vendor's id of what was sent under our reference; None when nothing was."""

    async def send(self, key: str, sending: Sending) -> str:
        """Send it; gives the vendor's id. The same key sends once."""

    async def funds(self, address: str, currency: Currency) -> Money:
        """Ask how much lies in an account there."""

    async def take_back(self, key: str, sent_id: str, amount: Money, *, reference: str) -> Reversal:
        """Take back a part of what was sent, or all, as far as it lies there. The same key takes it once."""

    async def list_taken_back(self, sent_id: str) -> Sequence[Reversal]:
        """All that was taken back of what was sent, by whomever."""


@dataclass(frozen=True)
class Road:
    """A way by which money leaves, and what it can do.

    Attributes:
        kind: Which one.
        name: What people call it.
        currencies: What it carries.
        instant: Whether money that was sent is there at once.
        told: Whether the vendor tells us by webhook what becomes of people's accounts.
        fee_basis_points: What the platform keeps of what goes by it.
        sender: Who sends; None where a person does, from the operators' queue.
    """

    kind: PayoutMethodKind
    name: str
    currencies: frozenset[Currency]
    instant: bool
    told: bool
    fee_basis_points: int = 0
    sender: Sender | None = field(default=None, repr=False)

    @property
    def automatic(self) -> bool:
        """Whether no person is needed to pay."""
        return self.sender is not None

    def fee_minor(self, amount: Money) -> int:
        """What is kept of an amount; known before anything is asked for."""
        return fee(amount.minor, self.fee_basis_points)


Roads = Mapping[PayoutMethodKind, Road]

ROAD_NAMES: Final = {
    PayoutMethodKind.STRIPE: "Stripe",
    PayoutMethodKind.CASH_APP: "Cash App",
    PayoutMethodKind.ZELLE: "Zelle",
}
STRIPE_CURRENCIES: Final = frozenset({Currency.EUR, Currency.GBP, Currency.JPY, Currency.USD})
"""What Stripe transfers to connected accounts and the platform holds there."""


def roads(stripe: Sender, fees: Mapping[str, int]) -> dict[PayoutMethodKind, Road]:
    """All roads: one that sends by itself, and those that people walk.

    Args:
        stripe: Who sends by Stripe.
        fees: Basis points by the kind's name; no fee where none is given.
    """
    dollars = frozenset({Currency.USD})
    carried = {PayoutMethodKind.STRIPE: STRIPE_CURRENCIES}
    return {
        kind: Road(
            kind,
            name,
            carried.get(kind, dollars),
            instant=kind is PayoutMethodKind.STRIPE,
            told=kind is PayoutMethodKind.STRIPE,
            fee_basis_points=fees.get(kind.value, 0),
            sender=stripe if kind is PayoutMethodKind.STRIPE else None,
        )
        for kind, name in ROAD_NAMES.items()
    }


def pause_seconds(since_seconds: float) -> float:
    """How long to wait before a silent vendor is asked again: longer the longer it is silent."""
    return min(max(FIRST_PAUSE, since_seconds / 4), LONGEST_PAUSE)


def key_of(payout_id: UUID, attempt: int) -> str:
    """The vendor's key of one attempt: a refusal is kept under its key, so a new attempt has another."""
    return f"payout:{payout_id}:{attempt}"
