"""Somebody comes back from a provider's page."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from db.queries import oauth_sessions
from db.session import Database
from db.tables import OAuthSession
from domain.connections import CONNECTS_BY, FlowPurpose, Profile, Tokens, Vendor
from domain.errors import DomainError, Expired, InvalidInput
from domain.ports import Services
from resolvers.accounts.hashes import hash_secret, new_secret
from resolvers.connections.connect import Connecting, record, require_still_there
from resolvers.connections.round_trips import read_verifier
from resolvers.connections.tokens import forget
from resolvers.patience import answered_within

log = logging.getLogger(__name__)

EXCHANGE_SECONDS: Final = 15.0
DENIED: Final = frozenset({"access_denied", "user_cancelled_authorize"})
"""What providers say when the person does not want to; the second is Apple's."""

LATER: Final = frozenset({"server_error", "temporarily_unavailable"})
CONNECTS: Final = {vendor: provider for provider, vendor in CONNECTS_BY.items()}


@dataclass(frozen=True)
class Returned:
    """What somebody brought back.

    Attributes:
        state: Which round trip it is.
        code: What the provider gives tokens for.
        error: What the provider says in the place of a code.
        issuer: Who the provider says it is (RFC 9207).
    """

    state: str
    code: str | None = None
    error: str | None = None
    issuer: str | None = None


async def finish(database: Database, services: Services, vendor: Vendor, returned: Returned) -> str:
    """End a round trip. Its state is used up by this, whatever comes of it.

    Returns:
        Where to send the browser: the address that was agreed on, with `provider` and one of `status=CONNECTED`,
        `ticket` and `error`. Nothing that the provider wrote is in it.

    Raises:
        Expired: The state is used, too old, unknown, or of another provider: nobody is sent anywhere.
    """
    async with database.transaction() as tx:
        used = await oauth_sessions.use(tx.session, vendor, hash_secret(returned.state))
    if used is None:
        raise Expired("This way back was used already, is too old, or never was one. Begin again in the app.")
    trip, sealed = used
    said = {"provider": vendor.value}
    try:
        said |= await _end(database, services, trip, sealed, returned)
    except DomainError as refusal:
        log.info("A round trip to %s ended with %s.", vendor.value, refusal.code.value)
        said["error"] = refusal.code.value
    return f"{trip.return_to}?{urlencode(said)}"


async def _end(
    database: Database, services: Services, trip: OAuthSession, sealed: bytes, returned: Returned
) -> dict[str, str]:
    provider = services.oauth[trip.vendor]
    provider.check_issuer(returned.issuer)
    if returned.error is not None:
        return {"error": _what(returned.error)}
    if not returned.code:
        raise InvalidInput("The provider sent no code.")
    who = _who(trip)
    if who is not None:
        async with database.transaction() as tx:
            await require_still_there(tx, who)
    verifier, nonce = read_verifier(services.cipher, trip.id, sealed)
    async with answered_within(EXCHANGE_SECONDS, "The provider"):
        tokens, profile = await provider.exchange(returned.code, code_verifier=verifier, nonce=nonce)
    if who is None:
        return {"ticket": await _hand_ticket(database, services, trip.id, profile)}
    await _connect(database, services, who, tokens, profile)
    return {"status": "CONNECTED"}


def _what(error: str) -> str:
    """Put a provider's word into one of ours."""
    if error in DENIED:
        return "ACCESS_DENIED"
    return "UNAVAILABLE" if error in LATER else "INVALID_INPUT"


def _who(trip: OAuthSession) -> Connecting | None:
    if trip.purpose is FlowPurpose.SIGN_IN or trip.user_id is None or trip.session_id is None:
        return None
    return Connecting(trip.user_id, trip.session_id, CONNECTS[trip.vendor])


async def _connect(database: Database, services: Services, who: Connecting, tokens: Tokens, profile: Profile) -> None:
    try:
        async with database.transaction() as tx:
            await record(tx, services, who, profile, tokens)
    except DomainError:
        await forget(services, who.provider, tokens)
        raise


async def _hand_ticket(database: Database, services: Services, trip_id: UUID, profile: Profile) -> str:
    """Keep who came back until the app shows the ticket. The tokens are not kept: signing in needs none."""
    ticket = new_secret()
    sealed = services.cipher.seal(json.dumps(asdict(profile)), bound_to=str(trip_id))
    async with database.transaction() as tx:
        await oauth_sessions.hand_ticket(tx.session, trip_id, ticket_hash=hash_secret(ticket), sealed_profile=sealed)
    return ticket
