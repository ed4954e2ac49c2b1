"""Payouts by Stripe: each person has a connected account, and a payout is a transfer to it.

What arrives there Stripe sends on to the person's bank by itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from domain.cards import CardPayments
from domain.money import Currency, Money
from domain.payments import NewTransfer, Reversal
from domain.payouts import Sending, Standing, standing_of


class StripeSender:
    """The port `Sender`, in domain/payouts.py."""

    def __init__(self, payments: CardPayments) -> None:
        """Take the processor of cards and shares."""
        self._payments = payments

    def require(self) -> object:
        """Check that there is an account at Stripe; raises NotConfigured."""
        return self._payments.require()

    async def enrol(self, key: str, *, country: str, reference: str) -> Standing:
        """Open an Express account; raises as the port says."""
        # Without an address of theirs: Stripe asks its owner, and the same key must come with the same words.
        return standing_of(await self._payments.create_account(key, country=country, email=None, reference=reference))

    async def onboarding_url(self, address: str, *, return_to: str) -> str:
        """Make the address of the page where the owner tells everything; raises as the port says."""
        return await self._payments.onboarding_url(address, refresh_url=return_to, return_url=return_to)

    async def standing(self, address: str) -> Standing:
        """Ask how an account stands; raises as the port says."""
        return standing_of(await self._payments.account_status(address))

    async def find(self, reference: str) -> str | None:
        """Find a transfer by our reference; raises as the port says."""
        found = await self._payments.find_transfer(reference)
        return None if found is None else found.id

    async def send(self, key: str, sending: Sending) -> str:
        """Send a transfer; raises as the port says."""
        asked = NewTransfer(sending.address, sending.amount, sending.reference)
        return (await self._payments.transfer(key, asked)).id

    async def funds(self, address: str, currency: Currency) -> Money:
        """Ask what is available in an account; raises as the port says."""
        return await self._payments.account_funds(address, currency)

    async def take_back(self, key: str, sent_id: str, amount: Money, *, reference: str) -> Reversal:
        """Reverse a transfer; raises as the port says."""
        return await self._payments.reverse_transfer(key, sent_id, amount, reference=reference)

    async def list_taken_back(self, sent_id: str) -> Sequence[Reversal]:
        """All reversals of a transfer; raises as the port says."""
        return await self._payments.list_reversals(sent_id)
