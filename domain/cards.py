"""The port to the processor of cards and shares; what it speaks of is in payments.py."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Protocol

from domain.money import Currency, Money
from domain.movements import Movement
from domain.payments import (
    Checkout,
    NewCheckout,
    NewTransfer,
    PayeeAccount,
    PayLink,
    Payment,
    PaymentEvent,
    Refund,
    RefundReason,
    Reversal,
    Subject,
    Transfer,
)


class CardPayments(Protocol):
    """The processor of cards and shares (Stripe).

    What changes something takes a key: the same key gives the same answer for a day, however often it is sent; nothing
    is repeated in here. Every method may raise:

    * PaymentRefused: a definite no. Nothing moved, and it is kept under the key: to try again takes a new one.
    * RateLimited: too often; nothing was done, ask again with the same key.
    * Unavailable: it is not known what was done. Ask for the truth (`find_checkout`, `find_transfer`,
      `list_refunds`), then ask again with the same key. An error inside of the processor is kept under the key too: if
      it stays and the truth says that nothing was done, a person has to decide on a new key.
    * NotFound: what was named is not there.
    * NotConfigured: this installation has no account at the processor.
    """

    def require(self) -> object:
        """Check that there is an account at the processor; raises NotConfigured."""

    async def create_checkout(self, key: str, asked: NewCheckout) -> Checkout:
        """Open a page to pay at."""

    async def find_checkout(self, name: str, *, since: datetime | None = None) -> Checkout | None:
        """Find a checkout by its id, or by our reference among those made since then (a day ago unless told)."""

    async def expire_checkout(self, key: str, checkout_id: str) -> Checkout:
        """Close a page so that nobody pays any more; gives how it stands, which is PAID when somebody was faster."""

    async def find_payment(self, payment_id: str) -> Payment | None:
        """Find a payment by its id."""

    async def capture(self, key: str, payment_id: str, amount: Money) -> Payment:
        """Take what a card holds, or a part; the rest is let go."""

    async def release(self, key: str, payment_id: str) -> Payment:
        """Let go what a card holds, or give a payment up that was not made."""

    async def refund(
        self, key: str, payment_id: str, amount: Money, reason: RefundReason, *, reference: str | None = None
    ) -> Refund:
        """Give back what was paid, or a part; `reference` is the key unless told."""

    async def list_refunds(self, payment_id: str) -> Sequence[Refund]:
        """All refunds of a payment, newest first."""

    async def transfer(self, key: str, asked: NewTransfer) -> Transfer:
        """Send a share to somebody's account."""

    async def find_transfer(self, reference: str, *, group: str | None = None) -> Transfer | None:
        """Find a share by our reference, in the group that it was sent with."""

    async def reverse_transfer(self, key: str, transfer_id: str, amount: Money, *, reference: str) -> Reversal:
        """Take back a share or a part, as far as the account has it."""

    async def list_reversals(self, transfer_id: str) -> Sequence[Reversal]:
        """All that was taken back of a share, newest first."""

    async def create_account(self, key: str, *, country: str, email: str | None, reference: str) -> PayeeAccount:
        """Open an account for somebody; the processor asks its owner the rest on a page of its own."""

    async def onboarding_url(self, account_id: str, *, refresh_url: str, return_url: str) -> str:
        """Make the address of that page. It works once, for some minutes; coming back from it proves nothing."""

    async def account_status(self, account_id: str) -> PayeeAccount:
        """Ask how somebody's account stands."""

    async def account_funds(self, account_id: str, currency: Currency) -> Money:
        """Ask how much is available in somebody's account; nothing when it is overdrawn."""

    async def create_link(
        self, key: str, *, amount: Money, description: str, reference: str, group: str | None = None
    ) -> PayLink:
        """Make an address where anybody may pay, any number of times."""

    async def deactivate_link(self, key: str, link_id: str) -> PayLink:
        """Let a link take no more payments."""

    def read_event(self, content: bytes, signature: str | None) -> PaymentEvent:
        """Read what was sent to our door.

        Args:
            content: The bytes as they came.
            signature: The header that goes with them.

        Raises:
            Forbidden: The processor did not sign this.
            Expired: It did, longer ago than `SIGNED_WITHIN`.
            InvalidInput: It is signed, and no event that can be understood.
            NotConfigured: This installation knows no secret to check it with.
        """

    async def fetch_subject(self, event: PaymentEvent) -> Subject | None:
        """Ask how the thing stands now that an event is about; None when it is of a kind that does not concern us."""

    def journal(self, since: datetime, until: datetime | None = None) -> AsyncIterator[Movement]:
        """All movements of the platform's money in a time, newest first, fetched page by page."""

    async def aclose(self) -> None:
        """Close the connections."""
