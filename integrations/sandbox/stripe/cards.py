"""The cards of tests, by Stripe's own names for them (https://docs.stripe.com/testing)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from integrations.sandbox.stripe.refusals import Refused


@dataclass(frozen=True)
class Card:
    """What happens with a card.

    Attributes:
        decline: why it is declined, the error's code; None for one that pays.
        reason: the decline code, which says more.
        words: what the payer is told.
        disputed: why its charges are disputed at once.
        immediate: whether its money is available at once.
    """

    decline: str | None = None
    reason: str | None = None
    words: str = ""
    disputed: str | None = None
    immediate: bool = False


def _declined(reason: str, words: str, code: str = "card_declined") -> Card:
    return Card(code, reason, words)


GENERIC: Final = _declined("generic_decline", "Your card was declined.")
POOR: Final = _declined("insufficient_funds", "Your card has insufficient funds.")
LOST: Final = _declined("lost_card", "Your card was declined.")
EXPIRED: Final = _declined("expired_card", "Your card has expired.", "expired_card")
WRONG_CVC: Final = _declined("incorrect_cvc", "Your card's security code is incorrect.", "incorrect_cvc")
BROKEN: Final = _declined(
    "processing_error", "An error occurred while processing your card. Try again later.", "processing_error"
)

CARDS: Final[dict[str, Card]] = {
    "pm_card_visa": Card(),
    "pm_card_mastercard": Card(),
    "pm_card_amex": Card(),
    "pm_card_us": Card(),
    "pm_card_bypassPending": Card(immediate=True),
    "pm_card_chargeDeclined": GENERIC,
    "pm_card_visa_chargeDeclined": GENERIC,
    "pm_card_chargeDeclinedInsufficientFunds": POOR,
    "pm_card_visa_chargeDeclinedInsufficientFunds": POOR,
    "pm_card_visa_chargeDeclinedLostCard": LOST,
    "pm_card_chargeDeclinedExpiredCard": EXPIRED,
    "pm_card_chargeDeclinedIncorrectCvc": WRONG_CVC,
    "pm_card_chargeDeclinedProcessingError": BROKEN,
    "pm_card_createDispute": Card(disputed="fraudulent"),
    "pm_card_createDisputeProductNotReceived": Card(disputed="product_not_received"),
}


def find(name: str) -> Card:
    """Find a card.

    Raises:
        Refused: There is none of that name.
    """
    card = CARDS.get(name)
    if card is None:
        raise Refused(f"No such PaymentMethod: '{name}'", code="resource_missing", param="payment_method", status=400)
    return card
