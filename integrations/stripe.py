"""Cards and shares by Stripe (https://docs.stripe.com/connect/separate-charges-and-transfers), with its own client.

Payments are the platform's; each payee's share is a transfer of its own. Retries are ours, not the library's.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from domain.errors import NotConfigured
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
    PaymentRefused,
    Refund,
    RefundReason,
    Reversal,
    Subject,
    Transfer,
)
from integrations import stripe_objects as objects
from integrations.http import Line, Patience
from integrations.json_objects import JsonObject
from integrations.stripe_objects import REFERENCE
from integrations.stripe_params import Params, check, item, payment_data
from integrations.stripe_wire import PATIENCE, VENDOR, Api, check_signature

STRIPE_URL: Final = "https://api.stripe.com"
LOOK_BACK: Final = timedelta(days=1)
REASONS: Final = {
    RefundReason.REQUESTED: "requested_by_customer",
    RefundReason.DUPLICATE: "duplicate",
    RefundReason.FRAUDULENT: "fraudulent",
}

WITH_FEE: Final[Params] = {"expand": ["latest_charge.balance_transaction"]}
SUBJECTS: Final[dict[str, tuple[Callable[[Any], Any], Callable[[JsonObject], Subject]]]] = {
    "account": (lambda v1: v1.accounts, objects.read_account),
    "checkout.session": (lambda v1: v1.checkout.sessions, objects.read_checkout),
    "dispute": (lambda v1: v1.disputes, objects.read_dispute),
    "refund": (lambda v1: v1.refunds, objects.read_refund),
    "transfer": (lambda v1: v1.transfers, objects.read_transfer),
}
"""Of what an event may be, besides a payment: where it is asked for and how it is read."""


class StripePayments:
    """The port `CardPayments`, in domain/cards.py."""

    def __init__(
        self,
        *,
        secret_key: str | None,
        webhook_secret: str | None,
        base_url: str = STRIPE_URL,
        patience: Patience = PATIENCE,
    ) -> None:
        """Take the platform's key and the secrets of its endpoints, divided by commas; without them it is not configured."""
        self._line = Line(VENDOR, base_url, patience=patience)
        self._secrets = tuple(part for each in (webhook_secret or "").split(",") if (part := each.strip()))
        self._api = Api(self._line, secret_key, base_url)

    def require(self) -> object:
        """Check that there is a key.

        Raises:
            NotConfigured: There is none.
        """
        return self._api.require()

    # What is paid

    async def create_checkout(self, key: str, asked: NewCheckout) -> Checkout:
        """Open a page to pay at; raises as the port says."""
        params: Params = {
            "mode": "payment",
            "client_reference_id": asked.reference,
            "metadata": {REFERENCE: asked.reference},
            "line_items": [item(asked.amount, asked.description)],
            "payment_intent_data": payment_data(asked.description, asked.reference, asked.group),
            "success_url": asked.success_url,
            "cancel_url": asked.cancel_url,
            "expires_at": int(asked.expires_at.timestamp()),
        }
        if asked.hold:
            params["payment_intent_data"]["capture_method"] = "manual"
        if asked.email is not None:
            params["customer_email"] = asked.email
        return objects.read_checkout(await self._api.do(self._api.v1.checkout.sessions.create_async, params, key=key))

    async def find_checkout(self, name: str, *, since: datetime | None = None) -> Checkout | None:
        """Find a checkout by its id or by our reference; raises as the port says."""
        if name.startswith("cs_"):
            found = await self._api.find(self._api.v1.checkout.sessions.retrieve_async, name)
            return None if found is None else objects.read_checkout(found)
        start = since or datetime.now(UTC) - LOOK_BACK
        asked: Params = {"created": {"gte": int(start.timestamp())}}
        async for each in self._api.each(self._api.v1.checkout.sessions.list_async, asked):
            if each.maybe_text("client_reference_id") == name:
                return objects.read_checkout(each)
        return None

    async def expire_checkout(self, key: str, checkout_id: str) -> Checkout:
        """Close a page; raises as the port says."""
        try:
            return objects.read_checkout(
                await self._api.do(self._api.v1.checkout.sessions.expire_async, checkout_id, {}, key=key)
            )
        except PaymentRefused:
            # It is not open any more; how it stands says the rest.
            return objects.read_checkout(await self._api.do(self._api.v1.checkout.sessions.retrieve_async, checkout_id))

    async def find_payment(self, payment_id: str) -> Payment | None:
        """Find a payment; raises as the port says."""
        found = await self._api.find(self._api.v1.payment_intents.retrieve_async, payment_id, WITH_FEE)
        return None if found is None else objects.read_payment(found)

    async def capture(self, key: str, payment_id: str, amount: Money) -> Payment:
        """Take what a card holds; raises as the port says."""
        check(amount)
        params: Params = {"amount_to_capture": amount.minor}
        return objects.read_payment(
            await self._api.do(self._api.v1.payment_intents.capture_async, payment_id, params, key=key)
        )

    async def release(self, key: str, payment_id: str) -> Payment:
        """Let go what a card holds; raises as the port says."""
        return objects.read_payment(
            await self._api.do(self._api.v1.payment_intents.cancel_async, payment_id, {}, key=key)
        )

    async def refund(
        self, key: str, payment_id: str, amount: Money, reason: RefundReason, *, reference: str | None = None
    ) -> Refund:
        """Give back what was paid; raises as the port says."""
        check(amount)
        params: Params = {
            "payment_intent": payment_id,
            "amount": amount.minor,
            "reason": REASONS[reason],
            "metadata": {REFERENCE: reference or key},
        }
        return objects.read_refund(await self._api.do(self._api.v1.refunds.create_async, params, key=key))

    async def list_refunds(self, payment_id: str) -> Sequence[Refund]:
        """All refunds of a payment; raises as the port says."""
        pages = self._api.each(self._api.v1.refunds.list_async, {"payment_intent": payment_id})
        return [objects.read_refund(each) async for each in pages]

    # Who is paid

    async def transfer(self, key: str, asked: NewTransfer) -> Transfer:
        """Send a share; raises as the port says."""
        params: Params = {
            "amount": check(asked.amount).minor,
            "currency": asked.amount.currency.lower(),
            "destination": asked.account_id,
            "transfer_group": asked.group or asked.reference,
            "metadata": {REFERENCE: asked.reference},
        }
        if asked.charge_id is not None:
            params["source_transaction"] = asked.charge_id
        if asked.description is not None:
            params["description"] = asked.description
        return objects.read_transfer(await self._api.do(self._api.v1.transfers.create_async, params, key=key))

    async def find_transfer(self, reference: str, *, group: str | None = None) -> Transfer | None:
        """Find a share by our reference; raises as the port says."""
        async for each in self._api.each(self._api.v1.transfers.list_async, {"transfer_group": group or reference}):
            if objects.read_reference(each) == reference:
                return objects.read_transfer(each)
        return None

    async def reverse_transfer(self, key: str, transfer_id: str, amount: Money, *, reference: str) -> Reversal:
        """Take back a share; raises as the port says."""
        params: Params = {"amount": check(amount).minor, "metadata": {REFERENCE: reference}}
        return objects.read_reversal(
            await self._api.do(self._api.v1.transfers.reversals.create_async, transfer_id, params, key=key)
        )

    async def list_reversals(self, transfer_id: str) -> Sequence[Reversal]:
        """All that was taken back of a share; raises as the port says."""
        pages = self._api.each(partial(self._api.v1.transfers.reversals.list_async, transfer_id), {})
        return [objects.read_reversal(each) async for each in pages]

    async def create_account(self, key: str, *, country: str, email: str | None, reference: str) -> PayeeAccount:
        """Open an Express account; raises as the port says."""
        params: Params = {
            "type": "express",
            "country": country,
            "capabilities": {"transfers": {"requested": True}},
            "metadata": {REFERENCE: reference},
        }
        if email is not None:
            params["email"] = email
        return objects.read_account(await self._api.do(self._api.v1.accounts.create_async, params, key=key))

    async def onboarding_url(self, account_id: str, *, refresh_url: str, return_url: str) -> str:
        """Make the address of the page for an account's owner; raises as the port says."""
        params: Params = {
            "account": account_id,
            "type": "account_onboarding",
            "refresh_url": refresh_url,
            "return_url": return_url,
        }
        return (await self._api.do(self._api.v1.account_links.create_async, params)).text("url")

    async def account_status(self, account_id: str) -> PayeeAccount:
        """Ask how an account stands; raises as the port says."""
        return objects.read_account(await self._api.do(self._api.v1.accounts.retrieve_async, account_id))

    async def account_funds(self, account_id: str, currency: Currency) -> Money:
        """Ask what is available in an account; raises as the port says."""
        theirs = {"stripe_account": account_id}
        return objects.read_funds(await self._api.do(self._api.v1.balance.retrieve_async, {}, theirs), currency)

    async def create_link(
        self, key: str, *, amount: Money, description: str, reference: str, group: str | None = None
    ) -> PayLink:
        """Make an address where anybody may pay; raises as the port says."""
        params: Params = {
            "line_items": [item(amount, description)],
            "metadata": {REFERENCE: reference},
            "payment_intent_data": payment_data(description, reference, group),
        }
        return objects.read_link(await self._api.do(self._api.v1.payment_links.create_async, params, key=key))

    async def deactivate_link(self, key: str, link_id: str) -> PayLink:
        """Let a link take no more payments; raises as the port says."""
        params: Params = {"active": False}
        return objects.read_link(await self._api.do(self._api.v1.payment_links.update_async, link_id, params, key=key))

    # What happened

    def read_event(self, content: bytes, signature: str | None) -> PaymentEvent:
        """Read what was sent to our door; raises as the port says."""
        if not self._secrets:
            raise NotConfigured("This installation cannot check what Stripe sends: set STRIPE_WEBHOOK_SECRET.")
        check_signature(content, signature, self._secrets)
        return objects.read_event(content)

    async def fetch_subject(self, event: PaymentEvent) -> Subject | None:
        """Ask how the thing stands that an event is about; raises as the port says."""
        name = event.subject_id
        if event.subject_kind == "payment_intent" and event.account_id is None:
            return await self.find_payment(name)
        if event.subject_kind == "charge" and event.account_id is None:
            payment_id = (await self._api.do(self._api.v1.charges.retrieve_async, name)).maybe_text("payment_intent")
            return None if payment_id is None else await self.find_payment(payment_id)
        concerned = event.account_id is None or event.subject_kind == "account"
        row = SUBJECTS.get(event.subject_kind) if concerned else None
        if row is None:
            return None
        find, read = row
        return read(await self._api.do(find(self._api.v1).retrieve_async, name))

    async def journal(self, since: datetime, until: datetime | None = None) -> AsyncIterator[Movement]:
        """All movements of the platform's money in a time; raises as the port says."""
        created = {"gte": int(since.timestamp())} | ({"lt": int(until.timestamp())} if until is not None else {})
        async for each in self._api.each(
            self._api.v1.balance_transactions.list_async, {"created": created}, pages=None
        ):
            yield objects.read_movement(each)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._line.aclose()
