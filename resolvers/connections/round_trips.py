"""Leaving for a provider's page, with a state that counts once."""

from __future__ import annotations

import json
from typing import Final
from uuid import UUID

from db.queries import oauth_sessions
from db.session import Database
from domain.connections import FlowPurpose, Vendor
from domain.errors import InvalidInput
from domain.ids import new_id
from domain.ports import Cipher, Services
from resolvers.accounts.hashes import hash_secret, new_secret

FORGOTTEN_AFTER_HOURS: Final = 1
FORGOTTEN_AT_ONCE: Final = 5000


def clean_return(services: Services, return_to: str | None) -> str:
    """Read where somebody wants to be sent back to: exactly one of the addresses that this installation allows.

    Nothing is parsed or compared in parts: of an address that is taken apart, attackers know more than we do.

    Raises:
        InvalidInput: It is none of them.
    """
    if return_to is None:
        return services.return_addresses[0]
    if return_to not in services.return_addresses:
        raise InvalidInput("People are not sent back to this address; it must be one of RETURN_URLS.", "returnTo")
    return return_to


async def leave(
    database: Database,
    services: Services,
    *,
    vendor: Vendor,
    purpose: FlowPurpose,
    return_to: str,
    asked_by: tuple[UUID, UUID] | None = None,
    app_challenge: str | None = None,
) -> str:
    """Begin a round trip.

    Args:
        database: Where it is remembered.
        services: The providers.
        vendor: Where to go.
        purpose: What for.
        return_to: Where to be sent afterwards; see `clean_return`.
        asked_by: The person who connects an account, and their session.
        app_challenge: The challenge of the app that signs somebody in.

    Returns:
        The address of the provider's page.

    Raises:
        NotConfigured: This installation has no credentials there.
    """
    provider = services.oauth[vendor]
    provider.require()
    round_id, state, verifier, nonce = new_id(), new_secret(), new_secret(), new_secret()
    async with database.transaction() as tx:
        await oauth_sessions.add(
            tx.session,
            round_id=round_id,
            state_hash=hash_secret(state),
            vendor=vendor,
            purpose=purpose,
            return_to=return_to,
            sealed_verifier=services.cipher.seal(json.dumps([verifier, nonce]), bound_to=str(round_id)),
            asked_by=asked_by,
            app_challenge=app_challenge,
        )
    return provider.authorization_url(purpose, state=state, code_verifier=verifier, nonce=nonce)


def read_verifier(cipher: Cipher, round_id: UUID, sealed: bytes) -> tuple[str, str]:
    """Read the PKCE verifier and the nonce of a round trip."""
    verifier, nonce = json.loads(cipher.open(sealed, bound_to=str(round_id)))
    return verifier, nonce


async def forget_old(database: Database) -> int:
    """Remove round trips that ended an hour ago; returns how many, at most 5,000."""
    async with database.transaction() as tx:
        return await oauth_sessions.forget(tx.session, hours=FORGOTTEN_AFTER_HOURS, at_once=FORGOTTEN_AT_ONCE)
