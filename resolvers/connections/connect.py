"""Connecting an account: leaving for the provider's page, and writing down what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from db.queries import connections, history, notifications, sessions
from db.session import Database, Tx
from db.tables import ConnectedAccount
from domain.actors import Actor
from domain.connections import (
    CONNECTS_BY,
    PROVIDER_NAMES,
    AccountProvider,
    AccountStatus,
    FlowPurpose,
    Profile,
    Tokens,
)
from domain.errors import Conflict, Forbidden, InvalidInput, Unavailable
from domain.ids import new_id
from domain.limits import ROUND_TRIPS_BY_PERSON
from domain.notifications import NotificationKind, SubjectType
from domain.ports import Services
from resolvers.connections.disconnect import end
from resolvers.connections.round_trips import clean_return, leave
from resolvers.connections.tokens import seal
from resolvers.limits import spend
from resolvers.players.follow import follow_player

LONGEST = 300


@dataclass(frozen=True)
class Connecting:
    """Who connects what.

    Attributes:
        user_id: The person.
        session_id: Where they are signed in.
        provider: Where the account is.
    """

    user_id: UUID
    session_id: UUID
    provider: AccountProvider


async def begin(
    database: Database, services: Services, actor: Actor, *, provider: AccountProvider, return_to: str | None = None
) -> str:
    """Let somebody leave for the provider's page to connect their account.

    Returns:
        The page's address.

    Raises:
        Forbidden: A program asked.
        InvalidInput: The provider has no such page, or nobody is sent back to such an address.
        RateLimited: The person left too often.
        NotConfigured: This installation has no credentials there.
    """
    session_id = actor.require_person()
    vendor = CONNECTS_BY.get(provider)
    if vendor is None:
        raise InvalidInput(
            f"{PROVIDER_NAMES[provider]} has no page for this: connectAppleMusic takes the token that MusicKit gives.",
            "provider",
        )
    back = clean_return(services, return_to)
    await spend_round_trip(services, actor)
    return await leave(
        database,
        services,
        vendor=vendor,
        purpose=FlowPurpose.CONNECT,
        return_to=back,
        asked_by=(actor.user_id, session_id),
    )


async def spend_round_trip(services: Services, actor: Actor) -> None:
    """Count that somebody connects an account.

    Raises:
        RateLimited: They did so too often.
    """
    key = f"round-trips:of:{actor.user_id}"
    await spend(services.limiter, key, ROUND_TRIPS_BY_PERSON, "You connected accounts too often. Wait a little.")


async def require_still_there(tx: Tx, who: Connecting) -> None:
    """Check that the person who left is still signed in where they asked.

    Raises:
        Forbidden: They signed out, were suspended, or left for good meanwhile.
    """
    if await sessions.prove(tx.session, who.session_id, who.user_id) is None:
        raise Forbidden("You are no longer signed in where you asked for this.")


async def record(tx: Tx, services: Services, who: Connecting, profile: Profile, tokens: Tokens) -> UUID:
    """Write an account down as connected, in the place of what the person had of this provider.

    The same account again keeps its row; another one ends the one before. It does not become a way to sign in: see
    `resolvers/accounts/sign_in_methods.py`.

    Returns:
        The account's id.

    Raises:
        Conflict: Somebody else has connected this account.
        Forbidden: The person is no longer signed in where they asked.
        Unavailable: The provider gave no usable name for the account.
    """
    profile = _clean(profile)
    await connections.lock(tx.session, who.provider, profile.subject, who.user_id)
    await require_still_there(tx, who)
    owner = await connections.find_owner(tx.session, who.provider, profile.subject)
    if owner not in {None, who.user_id}:
        raise Conflict(f"Somebody else has connected this {PROVIDER_NAMES[who.provider]} account.")
    present = await connections.find_present(tx.session, who.user_id, who.provider)
    # Apple does not say whose token it is: another one is taken for the next one of the same account.
    same = present is not None and (present.subject == profile.subject or who.provider not in CONNECTS_BY)
    if present is not None and not same:
        await end(tx, present, by=who.user_id, reason="REPLACED")
    account_id = present.id if present is not None and same else new_id()
    held = seal(services.cipher, account_id, tokens)
    if present is not None and same:
        await connections.reconnect(tx.session, account_id, profile, held)
        kind = NotificationKind.ACCOUNT_NEEDS_RECONNECT
        await notifications.settle(tx.session, who.user_id, kind, account_id)
    else:
        await connections.add(
            tx.session, account_id, user_id=who.user_id, provider=who.provider, profile=profile, held=held
        )
    await _note(tx, who, account_id, present if same else None)
    await follow_player(tx, who.user_id)
    return account_id


async def _note(tx: Tx, who: Connecting, account_id: UUID, present: ConnectedAccount | None) -> None:
    before = present.status if present is not None else None
    if before is AccountStatus.CONNECTED:
        return
    await history.note(
        tx.session,
        (SubjectType.CONNECTED_ACCOUNT, account_id),
        before=before,
        after=AccountStatus.CONNECTED,
        by=who.user_id,
        reason="RECONNECTED" if before else "CONNECTED",
    )


def _clean(profile: Profile) -> Profile:
    """Make what the provider says of somebody fit to be kept and shown."""
    if not 0 < len(profile.subject) <= LONGEST or not profile.subject.isprintable():
        raise Unavailable("The provider did not say in a usable way whose account this is.")
    return Profile(profile.subject, _shown(profile.username), _shown(profile.display_name))


def _shown(name: str | None) -> str | None:
    kept = "".join(character for character in name or "" if character.isprintable()).strip()
    return kept[:LONGEST] or None
