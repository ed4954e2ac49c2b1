"""Where somebody is paid: adding, choosing, removing, and who says that it is right."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final
from uuid import UUID

from db.queries import payout_methods
from db.session import Database, Tx
from domain.actors import Actor
from domain.countries import clean_country
from domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from domain.handles import clean_handle, mask
from domain.ids import new_id
from domain.limits import METHODS_BY_PERSON
from domain.payments import PayeeAccount
from domain.payouts import MAX_METHODS, PayoutMethodKind, Road, Sender, Standing, standing_of
from domain.ports import Services
from resolvers.limits import spend
from resolvers.patience import DEED_SECONDS, answered_within
from resolvers.payouts.operators import require_operator

STRIPE_LABEL: Final = "Stripe"


async def add_by_hand(database: Database, services: Services, actor: Actor, road: Road, handle: str | None) -> UUID:
    """Add an address that people pay to. The same address again is the same method.

    It is verified at once where the person has proved that the address is theirs; otherwise an operator looks at it.

    Returns:
        The method's id.

    Raises:
        Forbidden: A program asked.
        InvalidInput: It cannot be such an address.
        Conflict: They have too many.
        RateLimited: Too often.
    """
    actor.require_person()
    if handle is None:
        raise InvalidInput(f"{road.name} needs a handle.", "handle")
    address = clean_handle(road.kind, handle, "handle")
    await _spend(services, actor)
    handle_hash = hmac.digest(services.secret, f"payout {road.kind} {address}".encode(), hashlib.sha256)
    method_id = new_id()
    async with database.transaction() as tx:
        await payout_methods.keep_apart(tx.session, actor.user_id)
        theirs = await payout_methods.list_own(tx.session, actor.user_id)
        same = next((each.id for each in theirs if each.kind == road.kind and each.handle_hash == handle_hash), None)
        if same is not None:
            return same
        _check_room(len(theirs))
        await payout_methods.add_by_hand(
            tx.session,
            method_id,
            actor.user_id,
            road.kind,
            label=mask(road.kind, address),
            sealed=services.cipher.seal(address, bound_to=str(method_id)),
            handle_hash=handle_hash,
            verified=road.kind is PayoutMethodKind.ZELLE
            and await payout_methods.owns_address(tx.session, actor.user_id, address),
            is_default=not theirs,
        )
    return method_id


async def add_account(
    database: Database, services: Services, actor: Actor, sender: Sender, *, country: str | None, return_to: str | None
) -> tuple[UUID, str | None]:
    """Open an account at a vendor that pays, or go on with the one that there is.

    Returns:
        The method's id, and the page on which its owner tells the rest; None when nothing more is wanted.

    Raises:
        Forbidden: A program asked.
        InvalidInput: There is no such country, or the browser may not be sent back there.
        PaymentRefused: The vendor does not work for people there.
        Conflict: They have too many.
        RateLimited: Too often.
        Unavailable: The vendor does not answer.
        NotConfigured: This installation has no account there.
    """
    actor.require_person()
    back = _check_return(services, return_to)
    sender.require()
    await _spend(services, actor)
    async with answered_within(DEED_SECONDS, STRIPE_LABEL):
        method_id, standing = await _reach_account(database, actor, sender, country)
        if standing.verified:
            return method_id, None
        return method_id, await sender.onboarding_url(standing.address, return_to=back)


async def _reach_account(
    database: Database, actor: Actor, sender: Sender, country: str | None
) -> tuple[UUID, Standing]:
    async with database.session() as session:
        theirs = await payout_methods.list_own(session, actor.user_id)
        number = await payout_methods.count_kind(session, actor.user_id, PayoutMethodKind.STRIPE)
    present = next((each for each in theirs if each.kind is PayoutMethodKind.STRIPE), None)
    if present is not None and present.account is not None:
        standing = await sender.standing(present.account)
        async with database.transaction() as tx:
            await payout_methods.note_standing(tx.session, standing)
        return present.id, standing
    _check_room(len(theirs))
    if country is None:
        raise InvalidInput("Stripe needs to know the country in which you are paid.", "countryCode")
    code = clean_country(country, "countryCode")
    # Two who ask at once, and who asks again after a crash, get the same account: it is the same key.
    key = f"payee:{actor.user_id}:{number}:{code}"
    standing = await sender.enrol(key, country=code, reference=f"{actor.user_id}")
    async with database.transaction() as tx:
        await payout_methods.keep_apart(tx.session, actor.user_id)
        known = await payout_methods.list_own(tx.session, actor.user_id)
        await payout_methods.add_account(
            tx.session, new_id(), actor.user_id, label=STRIPE_LABEL, standing=standing, is_default=not known
        )
        written = await payout_methods.list_own(tx.session, actor.user_id)
    made = next((each.id for each in written if each.kind is PayoutMethodKind.STRIPE), None)
    if made is None:
        raise Conflict("This was removed meanwhile. Try again.")
    return made, standing


async def note_account(tx: Tx, account: PayeeAccount) -> bool:
    """Write how an account at Stripe stands now, as its webhook says.

    Returns:
        False when it is nobody's here.
    """
    return await payout_methods.note_standing(tx.session, standing_of(account))


async def choose(tx: Tx, actor: Actor, method_id: UUID) -> list[UUID]:
    """Let one be the default: where daily payouts go.

    Returns:
        All of the person's, the oldest first.

    Raises:
        Forbidden: A program asked.
        NotFound: They have none with this id.
    """
    actor.require_person()
    await payout_methods.keep_apart(tx.session, actor.user_id)
    if await payout_methods.find_own(tx.session, actor.user_id, method_id, alone=True) is None:
        raise NotFound("You have no such way to be paid.", "payoutMethodId")
    await payout_methods.make_default(tx.session, actor.user_id, method_id)
    return [each.id for each in await payout_methods.list_own(tx.session, actor.user_id)]


async def remove(tx: Tx, actor: Actor, method_id: UUID) -> None:
    """Take one away and forget its address. No other becomes the default by itself: money would go where nobody said.

    Raises:
        Forbidden: A program asked.
        NotFound: They have none with this id.
        Conflict: Money is on its way there.
    """
    actor.require_person()
    await payout_methods.keep_apart(tx.session, actor.user_id)
    if await payout_methods.find_own(tx.session, actor.user_id, method_id, alone=True) is None:
        raise NotFound("You have no such way to be paid.", "payoutMethodId")
    if await payout_methods.is_in_use(tx.session, method_id):
        raise Conflict("Money is on its way there. Remove it when that has arrived.", "payoutMethodId")
    await payout_methods.remove(tx.session, method_id)


async def verify(tx: Tx, actor: Actor, method_id: UUID) -> None:
    """Note that an operator has seen that an address paid by hand is the person's. Twice changes nothing.

    Raises:
        Forbidden: The actor is no operator, or it is their own.
        NotFound: There is none such.
    """
    require_operator(actor)
    method = await payout_methods.find(tx.session, method_id)
    if method is not None and method.user_id == actor.user_id:
        raise Forbidden("Another operator has to verify where you are paid.")
    if method is None or not await payout_methods.verify(tx.session, method_id, actor.user_id):
        raise NotFound("There is no such way to be paid by hand.", "payoutMethodId")


def _check_room(count: int) -> None:
    if count >= MAX_METHODS:
        raise Conflict(f"At most {MAX_METHODS} ways to be paid; remove one first.")


def _check_return(services: Services, return_to: str | None) -> str:
    places = [each for each in services.return_addresses if each.startswith(("https://", "http://"))]
    if return_to is None:
        return places[0]
    if return_to not in places:
        raise InvalidInput("This installation sends browsers back to addresses of its own list alone.", "returnTo")
    return return_to


async def _spend(services: Services, actor: Actor) -> None:
    await spend(
        services.limiter,
        f"methods:{actor.user_id}",
        METHODS_BY_PERSON,
        "Too many ways to be paid at once; wait a little.",
    )
