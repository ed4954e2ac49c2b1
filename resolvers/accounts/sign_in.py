"""Coming in: with a code that was sent to an address."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from uuid import UUID

from db.queries import accounts, codes
from db.session import Database, Tx
from db.tables import User
from domain.accounts import CODE_DIGITS, clean_device
from domain.actors import Caller
from domain.addresses import Address, network_of
from domain.errors import Conflict, Expired, Forbidden, InvalidInput
from domain.limits import SIGN_INS_BY_CALLER
from domain.names import invent_display_name, invent_username
from domain.ports import Services
from resolvers.accounts.codes import clean_address
from resolvers.accounts.hashes import hash_code
from resolvers.accounts.sessions import IssuedSession, open_session
from resolvers.limits import spend

CODE = re.compile(rf"[0-9]{{{CODE_DIGITS}}}")
NAME_TRIES = 12
"""Names with 2 digits first, then 3, 4 ...: the last ones are as good as never taken."""


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
        RateLimited: Too many attempts from here.
    """
    address = clean_address(email, phone, "code")
    digits = re.sub(r"[\s-]", "", code[:40])
    if not CODE.fullmatch(digits):
        raise InvalidInput(f"A code has {CODE_DIGITS} digits.", "code", "code")
    named = clean_device(device, caller.device, "code", "device")
    by = f"sign-ins:by:{network_of(caller.address)}"
    await spend(services.limiter, by, SIGN_INS_BY_CALLER, "Too many attempts to sign in from here.")
    async with database.transaction() as tx:
        found = await codes.spend_attempt(tx.session, address.channel, address.text)
        right = found is not None and hmac.compare_digest(found.code_hash, hash_code(services.secret, found.id, digits))
        user, is_new = await _admit(tx, address, found.id) if found is not None and right else (None, False)
        welcome = user is not None and not user.suspended and user.deleted_at is None
        session = await open_session(tx, services, user.id, named, caller.city) if user and welcome else None
    # The transaction above ends before a refusal, so that the attempt stays counted and the code stays used.
    if found is None:
        raise Expired("This code does not count any more. Ask for a new one.", "code", "code")
    if not right:
        raise InvalidInput("This is not the code that was sent.", "code", "code")
    if session is None:
        raise Forbidden("This account is suspended.")
    return SignedIn(session, is_new)


async def _admit(tx: Tx, address: Address, code_id: UUID) -> tuple[User, bool]:
    """Use the code up and find whose address it is; of two codes for a new address at once, one makes the person."""
    await codes.use(tx.session, code_id)
    user = await accounts.find_by_address(tx.session, address.channel, address.text)
    if user is not None:
        return user, False
    await accounts.lock_address(tx.session, address.channel, address.text)
    user = await accounts.find_by_address(tx.session, address.channel, address.text)
    if user is not None:
        return user, False
    user = await add_user(tx)
    await accounts.add_identity(tx.session, user.id, address.channel, address.text)
    return user, True


async def add_user(tx: Tx) -> User:
    """Make a person with a name nobody has.

    Raises:
        Conflict: Twelve names in a row were taken.
    """
    for attempt in range(NAME_TRIES):
        username = invent_username(digits=2 + attempt // 2)
        user = await accounts.add(tx.session, username=username, display_name=invent_display_name(username))
        if user is not None:
            return user
    raise Conflict("No free name was found. Try again.")
