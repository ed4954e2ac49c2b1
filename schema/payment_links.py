"""Addresses where anybody may pay, and who gets what part."""

from __future__ import annotations

from datetime import datetime

import strawberry

from db import tables
from db.access import payments as access
from db.access.viewer import Viewer
from db.expressions.money import decimal_text, share_text
from domain.ids import Prefix, from_wire
from engine.declare import SQL, column, computed, embedded, entity, listed, one
from engine.executor import ref
from resolvers.payment_links import create
from schema.accounts.user import User
from schema.context import Info
from schema.deeds import DEAR, Payload, deed
from schema.money import Money
from schema.subjects import TransactionSubject


@entity(tables.Split, id=None)
class Split:
    """Who gets what part of something."""

    recipient: User | None = one("Who gets it; null for somebody without an account here.", tables.Split.recipient_id)
    legal_name: str | None = column("Their name as contracts write it.")
    role: str | None = column("What they did for it.")
    ipi_number: str | None = column("Their number as an author (IPI).")

    @computed
    def share(split: type[tables.Split], viewer: Viewer) -> SQL[str]:
        """Their part of 1, such as `0.3`."""
        return share_text(split.parts)


@entity(tables.PaymentLink, id=Prefix.PAYMENT_LINK, visible=access.payment_link)
class PaymentLink(TransactionSubject):
    """An address where anybody may pay, any number of times. Seen by who made it and who gets a part."""

    title: str = column("What is paid for, as payers read it.")
    url: str | None = column("The address; null for some seconds while it is made.")
    active: bool = column("Whether it takes payments.")
    created_at: datetime = column("When it was made.")
    amount: Money = embedded(
        "What each payer pays.",
        amount=lambda link, _viewer: decimal_text(link.amount_minor, link.currency),
        currency_code=tables.PaymentLink.currency,
    )
    splits: list[Split] = listed(
        "Who gets what part of what is left after the platform's fee.",
        tables.Split.payment_link_id,
        order=tables.Split.place,
    )


@strawberry.input(description="One part of what is paid.")
class PaymentSplitInput:
    """A recipient of a payment link."""

    recipient_id: strawberry.ID = strawberry.field(description="Who gets it.")
    share: str = strawberry.field(description="Their part of 1, such as `0.30`; at most 6 decimals.")


@strawberry.input(description="The link to make.")
class CreatePaymentLinkInput:
    """The input of `createPaymentLink`."""

    title: str = strawberry.field(description="What is paid for, as payers read it: 1 to 120 characters.")
    amount: str = strawberry.field(description="What each payer pays, such as `25.00`.")
    currency_code: str = strawberry.field(default="USD", description="In what.")
    splits: list[PaymentSplitInput] = strawberry.field(
        description="Who gets what part, 1 to 20 people; the shares add up to exactly 1."
    )
    idempotency_key: str = strawberry.field(
        description="Made up by you: the same key gives the same link, however often it is sent."
    )


@strawberry.type(description="The answer to `createPaymentLink`.")
class CreatePaymentLinkPayload(Payload):
    """The link."""

    payment_link: PaymentLink | None = strawberry.field(default=None, description="The link.")


@strawberry.input(description="Which link to close.")
class DeactivatePaymentLinkInput:
    """The input of `deactivatePaymentLink`."""

    payment_link_id: strawberry.ID = strawberry.field(description="Your link.")


@strawberry.type(description="The answer to `deactivatePaymentLink`.")
class DeactivatePaymentLinkPayload(Payload):
    """The link that is closed."""

    payment_link: PaymentLink | None = strawberry.field(default=None, description="The link.")


@strawberry.type
class PaymentLinkMutations:
    """Deeds about payment links."""

    @deed(
        "Make an address where anybody may pay one amount. What is left of each payment after the platform's fee is divided "
        "to the last cent. Only a person can do this, not a program.",
        cost=DEAR,
    )
    async def create_payment_link(self, info: Info, input: CreatePaymentLinkInput) -> CreatePaymentLinkPayload:
        """Make a link."""
        actor, context = info.context.signed_in, info.context
        splits = [
            (from_wire(Prefix.USER, split.recipient_id, "splits", str(place), "recipientId"), split.share)
            for place, split in enumerate(input.splits)
        ]
        asked = create.Asked(
            title=input.title,
            amount=input.amount,
            currency=input.currency_code,
            splits=splits,
            key=input.idempotency_key,
        )
        link_id = await create.create(context.database, context.services, actor, asked)
        return CreatePaymentLinkPayload(payment_link=ref(PaymentLink, link_id))

    @deed("Let a link of yours take no more payments. Who is paying just now still may. Twice changes nothing.")
    async def deactivate_payment_link(
        self, info: Info, input: DeactivatePaymentLinkInput
    ) -> DeactivatePaymentLinkPayload:
        """Close a link."""
        actor, context = info.context.signed_in, info.context
        link_id = from_wire(Prefix.PAYMENT_LINK, input.payment_link_id, "paymentLinkId")
        await create.deactivate(context.database, context.services, actor, link_id)
        return DeactivatePaymentLinkPayload(payment_link=ref(PaymentLink, link_id))
