"""Making an address where anybody may pay: the row first, then the processor with the row's id as its key."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from db.queries import payment_links
from db.session import Database, Tx
from domain.actors import Actor
from domain.checkouts import FIRST_LOOK, PaymentVendor
from domain.errors import InvalidInput, NotFound, RateLimited, Unavailable
from domain.ids import new_id
from domain.jobs import Job, JobKind
from domain.limits import LINKS_BY_PERSON
from domain.money import Currency, parse_money
from domain.ports import Services
from domain.splits import Share, parse_shares
from domain.texts import clean_text
from resolvers.idempotency import once
from resolvers.limits import spend
from resolvers.patience import DEED_SECONDS, answered_within
from resolvers.payment_links.follow import bring_in_line

MAX_TITLE = 120


@dataclass(frozen=True)
class Asked:
    """A link, as it was typed.

    Attributes:
        title: What is paid for, as payers read it.
        amount: How much each payer pays.
        currency: In what.
        splits: Each recipient with their share; together they make 1.
        key: What the client made up.
    """

    title: str
    amount: str
    currency: str
    splits: Sequence[tuple[UUID, str]]
    key: str


async def create(database: Database, services: Services, actor: Actor, asked: Asked) -> UUID:
    """Make a link. The same key gives the same link.

    Returns:
        The link's id. When the processor is silent it has no address yet, and gets one in a while.

    Raises:
        Forbidden: A program asked.
        NotConfigured: This installation takes no cards.
        InvalidInput: Something cannot be, and is named.
        NotFound: A recipient is not there.
        Conflict: The processor refuses.
        IdempotencyMismatch: The key came with other input before.
        RateLimited: Too many links.
    """
    actor.require_person()
    services.payments.require()
    amount = parse_money(asked.amount, asked.currency)
    if amount.currency is Currency.USDC:
        raise InvalidInput("Cards do not pay USDC.", "currencyCode")
    title = clean_text(asked.title, "title", most=MAX_TITLE)
    shares = parse_shares(asked.splits, "splits")
    await spend(services.limiter, f"links:{actor.user_id}", LINKS_BY_PERSON, "Too many links. Wait a little.")
    said = {"title": title, "amount": str(amount), "splits": [[share.recipient_id, share.parts] for share in shares]}
    async with database.transaction() as tx:
        link_id = new_id()
        earlier = await once(tx, actor, "createPaymentLink", asked.key, said, answer_id=link_id)
        if earlier is None:
            await _check_recipients(tx, shares)
            await payment_links.add(
                tx.session,
                link_id,
                owner_id=actor.user_id,
                title=title,
                amount=amount,
                fee_basis_points=services.fee_basis_points,
                vendor=PaymentVendor.STRIPE,
                shares=shares,
            )
            await tx.later(_following(link_id, "made"))
    await _soon(database, services, earlier or link_id)
    return earlier or link_id


async def _check_recipients(tx: Tx, shares: Sequence[Share]) -> None:
    absent = await payment_links.find_absent(tx.session, [share.recipient_id for share in shares])
    for place, share in enumerate(shares):
        if share.recipient_id in absent:
            raise NotFound("There is no such person.", "splits", str(place), "recipientId")


async def deactivate(database: Database, services: Services, actor: Actor, link_id: UUID) -> None:
    """Let a link of one's own take no more payments; twice changes nothing. Who is paying just now still may.

    Raises:
        Forbidden: A program asked.
        NotFound: The person has no such link.
    """
    actor.require_person()
    async with database.transaction() as tx:
        link = await payment_links.find(tx.session, link_id)
        if link is None or link.owner_id != actor.user_id:
            raise NotFound("You have no payment link with this id.", "paymentLinkId")
        if await payment_links.deactivate(tx.session, link_id):
            await tx.later(_following(link_id, "ended"))
    await _soon(database, services, link_id)


def _following(link_id: UUID, why: str) -> Job:
    run_at = datetime.now(UTC) + FIRST_LOOK
    return Job(JobKind.FOLLOW_PAYMENT_LINK, f"{link_id}:{why}", {"linkId": str(link_id)}, run_at=run_at)


async def _soon(database: Database, services: Services, link_id: UUID) -> None:
    # A processor that is silent is asked by the job.
    with suppress(Unavailable, RateLimited):
        async with answered_within(DEED_SECONDS, "Stripe"):
            await bring_in_line(database, services, link_id)
