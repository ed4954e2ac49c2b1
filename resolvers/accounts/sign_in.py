"""Coming in: with a code that was sent to an address."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass

from db.queries import codes
from db.session import Database, Tx
from db.tables import SignInCode, User
from domain.accounts import CODE_DIGITS, Channel, clean_device
from domain.actors import Caller
from domain.addresses import Address, network_of
from domain.errors import Expired, Forbidden, InvalidInput
from domain.limits import SIGN_INS_BY_CALLER
from domain.ports import Services
from resolvers.accounts.codes import clean_address
from resolvers.accounts.hashes import hash_code
from resolvers.accounts.identities import admit
from resolvers.accounts.sessions import IssuedSession, open_session
from resolvers.limits import spend
from resolvers.patience import DEED_SECONDS, answered_within

CODE = re.compile(rf"[0-9]{{{CODE_DIGITS}}}")
FIELD = ("code", "code")
TOO_LATE = "This code does not count any more. Ask for a new one."


@dataclass(frozen=True)
class SignedIn:
    """What signing in gave.

    Attributes:
        session: The session.
        is_new_user: Whether the person was made by it.
    """

    session: IssuedSession
    is_new_user: bool


async def sign_in_by_code(
    database: Database,
    services: Services,
    caller: Caller,
    *,
    email: str | None = None,
    phone: str | None = None,
    code: str,
    device: str | None = None,
) -> SignedIn:
    """Sign somebody in who shows the newest code of an address; an address that nobody has makes a new person.

    Raises:
        InvalidInput: The code is wrong (which is counted, and the fifth time it dies), or cannot be one (which is not).
        Expired: There is no code that could be right: it was used, is too old, had five wrong guesses, or never was.
        Forbidden: The person is suspended.
        RateLimited: Too many attempts from here, or at the carrier.
        Unavailable: The carrier does not say whether it is the code.
    """
    address = clean_address(email, phone, "code")
    digits = re.sub(r"[\s-]", "", code[:40])
    if not CODE.fullmatch(digits):
        raise InvalidInput(f"A code has {CODE_DIGITS} digits.", *FIELD)
    named = clean_device(device, caller.device, "code", "device")
    await spend_attempt(services, caller)
    by_phone = address.channel is Channel.SMS
    checked = await _ask_carrier(database, services, address, digits) if by_phone else None
    async with database.transaction() as tx:
        found = checked or await codes.spend_attempt(tx.session, address.channel, address.text)
        right = found is not None and (by_phone or _is_right(services, found, digits))
        # The carrier counts a right code once; so do we, by the row.
        used = found is not None and right and await codes.use(tx.session, found.id)
        user, is_new = await admit(tx, (address.channel, address.text)) if used else (None, False)
        session = await welcome(tx, services, user, named, caller) if user else None
    # The transaction above ends before a refusal, so that the attempt stays counted and the code stays used.
    if found is None or (right and not used):
        raise Expired(TOO_LATE, *FIELD)
    if not right:
        raise InvalidInput("This is not the code that was sent.", *FIELD)
    if session is None:
        raise Forbidden("This account is suspended.")
    return SignedIn(session, is_new)


async def spend_attempt(services: Services, caller: Caller) -> None:
    """Count an attempt to sign in, in whatever way.

    Raises:
        RateLimited: There were too many from here.
    """
    by = f"sign-ins:by:{network_of(caller.address)}"
    await spend(services.limiter, by, SIGN_INS_BY_CALLER, "Too many attempts to sign in from here.")


async def welcome(tx: Tx, services: Services, user: User, device: str, caller: Caller) -> IssuedSession | None:
    """Open a session for somebody; None when they are suspended or have left."""
    if user.suspended or user.deleted_at is not None:
        return None
    return await open_session(tx, services, user.id, device, caller.city)


def _is_right(services: Services, found: SignInCode, digits: str) -> bool:
    shown = hash_code(services.secret, found.id, digits)
    return found.code_hash is not None and hmac.compare_digest(found.code_hash, shown)


async def _ask_carrier(database: Database, services: Services, address: Address, digits: str) -> SignInCode:
    """Count the attempt first, then ask the carrier, with no transaction open.

    Raises:
        Expired: No code could be right.
        InvalidInput: It is not the code.
    """
    async with database.transaction() as tx:
        found = await codes.spend_attempt(tx.session, address.channel, address.text)
    if found is None:
        raise Expired(TOO_LATE, *FIELD)
    try:
        async with answered_within(DEED_SECONDS, "The carrier"):
            right = await services.telephones.check_code(address.text, digits)
    except Expired:
        raise Expired(TOO_LATE, *FIELD) from None
    if not right:
        raise InvalidInput("This is not the code that was sent.", *FIELD)
    return found
