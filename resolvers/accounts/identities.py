"""Whose account it is that somebody proves to have: found, joined to a person who is there, or made new."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from db.queries import accounts
from db.session import Tx
from db.tables import User
from domain.accounts import Channel
from domain.addresses import Address, clean_email, clean_phone
from domain.connections import Profile
from domain.errors import Conflict, InvalidInput
from domain.names import invent_display_name, invent_username

NAME_TRIES = 12
"""Names with 2 digits first, then 3, 4 ...: the last ones are as good as never taken."""

Proof = tuple[Channel, str]
"""What somebody has proven: a way, and the address or the provider's subject that is theirs there."""


async def admit(tx: Tx, proof: Proof, verified: Sequence[Proof] = ()) -> tuple[User, bool]:
    """Find whose proof it is, or make a person; of two who prove the same new thing at once, one makes the person.

    Args:
        tx: The transaction.
        proof: What was shown. Whoever has it, that person it is.
        verified: Addresses that came with it, which the provider has verified. If nobody has the proof but one person
            has these, the two are joined.

    Returns:
        The person, and whether they are new.

    Raises:
        Conflict: The addresses are two different people's: nobody can tell which of them it is.
    """
    found = await accounts.find_by_address(tx.session, *proof)
    if found is not None:
        return found, False
    # In one order, so that two who want the same two do not wait for each other for ever.
    for channel, address in sorted({proof, *verified}):
        await accounts.lock_address(tx.session, channel, address)
    found = await accounts.find_by_address(tx.session, *proof)
    if found is not None:
        return found, False
    people = [await accounts.find_by_address(tx.session, *each) for each in verified]
    known = {person.id: person for person in people if person is not None}
    if len(known) > 1:
        raise Conflict("These addresses belong to two different accounts here. Sign in to one of them with a code.")
    if known:
        (person,) = known.values()
        await accounts.add_identity(tx.session, person.id, *proof)
        return person, False
    person = await add_user(tx)
    for each in dict.fromkeys((proof, *verified)):
        await accounts.add_identity(tx.session, person.id, *each)
    return person, True


async def link(tx: Tx, user_id: UUID, proof: Proof) -> bool:
    """Let somebody who is signed in also sign in with this from now on, unless it is somebody else's.

    Returns:
        Whether it is theirs now; it may have been before.
    """
    await accounts.lock_address(tx.session, *proof)
    owner = await accounts.find_by_address(tx.session, *proof)
    if owner is not None:
        return owner.id == user_id
    await accounts.add_identity(tx.session, user_id, *proof)
    return True


def verified_addresses(profile: Profile) -> list[Proof]:
    """The addresses of a profile, written as we write them; one that we could not reach anybody at is left out."""
    found: list[Proof] = []
    for text, clean in ((profile.email, clean_email), (profile.phone, clean_phone)):
        address = _read(text, clean) if text else None
        if address is not None:
            found.append((address.channel, address.text))
    return found


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


def _read(text: str, clean: Callable[..., Address]) -> Address | None:
    try:
        return clean(text)
    except InvalidInput:
        return None
