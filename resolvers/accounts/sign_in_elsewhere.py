"""Coming in with an account elsewhere: by way of a provider's page, or with a token that a wallet's app has."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from typing import Final

from db.queries import oauth_sessions
from db.session import Database
from db.tables import OAuthSession
from domain.accounts import Channel, clean_device
from domain.actors import Caller
from domain.addresses import network_of
from domain.connections import MAX_TOKEN, SIGNS_IN_BY, FlowPurpose, Profile, SignInProvider, Vendor
from domain.errors import Expired, Forbidden, InvalidInput, Unauthenticated
from domain.limits import ROUND_TRIPS_BY_CALLER
from domain.ports import Services
from resolvers.accounts.hashes import hash_secret
from resolvers.accounts.identities import admit, verified_addresses
from resolvers.accounts.sign_in import SignedIn, spend_attempt, welcome
from resolvers.connections.round_trips import clean_return, leave
from resolvers.limits import spend
from resolvers.patience import DEED_SECONDS, answered_within

CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")
"""What RFC 7636 allows."""

TICKET: Final = re.compile(r"[A-Za-z0-9_-]{43}")
CHANNELS: Final = {Vendor.SPOTIFY: Channel.SPOTIFY, Vendor.APPLE: Channel.APPLE}
Shown = tuple[Channel, Profile]
"""A way of coming in, and who somebody is there."""

MAX_IDENTITY_TOKEN: Final = 4 * MAX_TOKEN
"""It lists all accounts that are linked to one."""


async def begin_oauth_sign_in(
    database: Database,
    services: Services,
    caller: Caller,
    *,
    provider: SignInProvider,
    code_challenge: str,
    return_to: str | None = None,
) -> str:
    """Let somebody leave for a provider's page to sign in.

    Args:
        database: Where it is remembered.
        services: The providers.
        caller: Who asks.
        provider: Whose page.
        code_challenge: The app's own PKCE challenge (S256): only who has its verifier can spend the ticket.
        return_to: Where the ticket is brought.

    Returns:
        The page's address.

    Raises:
        InvalidInput: It is no such challenge, or nobody is sent back to such an address.
        RateLimited: Too many left from here.
        NotConfigured: This installation has no credentials there.
    """
    if not CHALLENGE.fullmatch(code_challenge):
        raise InvalidInput("A challenge is the SHA-256 of a verifier in 43 letters of base64url.", "codeChallenge")
    back = clean_return(services, return_to)
    by = f"round-trips:by:{network_of(caller.address)}"
    await spend(services.limiter, by, ROUND_TRIPS_BY_CALLER, "Too many began to sign in from here.")
    return await leave(
        database,
        services,
        vendor=SIGNS_IN_BY[provider],
        purpose=FlowPurpose.SIGN_IN,
        return_to=back,
        app_challenge=code_challenge,
    )


async def sign_in_by_ticket(
    database: Database,
    services: Services,
    caller: Caller,
    *,
    ticket: str,
    code_verifier: str,
    device: str | None = None,
) -> SignedIn:
    """Sign somebody in who came back from a provider's page.

    The ticket is spent by this, also by a wrong verifier: who shows one without the other has found it somewhere, and
    must not be able to try (as with codes in RFC 6749, section 4.1.2).

    Raises:
        InvalidInput: It cannot be a verifier (nothing is spent), or it is not that of the app that began.
        Expired: The ticket is spent, too old, or none of ours.
        Conflict: The addresses that came with it are two different people's.
        Forbidden: The person is suspended.
        RateLimited: Too many attempts from here.
    """
    named = clean_device(device, caller.device, "oauth", "device")
    shown = await prove_by_ticket(database, services, caller, ticket=ticket, code_verifier=code_verifier)
    return await _enter(database, services, shown, caller, named)


async def prove_by_ticket(
    database: Database, services: Services, caller: Caller, *, ticket: str, code_verifier: str
) -> Shown:
    """Say whose account it is that a ticket is about, which is spent by this. Raises as `sign_in_by_ticket`."""
    if not VERIFIER.fullmatch(code_verifier):
        raise InvalidInput("A verifier has 43 to 128 letters, digits and -._~", "oauth", "codeVerifier")
    await spend_attempt(services, caller)
    spent = None
    if TICKET.fullmatch(ticket):
        async with database.transaction() as tx:
            spent = await oauth_sessions.spend_ticket(tx.session, hash_secret(ticket))
    if spent is None:
        raise Expired("This ticket does not count any more. Begin again.", "oauth", "ticket")
    trip, sealed = spent
    if not _fits(trip, code_verifier):
        raise InvalidInput("This is not the verifier of the app that began to sign in.", "oauth", "codeVerifier")
    return CHANNELS[trip.vendor], Profile(**json.loads(services.cipher.open(sealed, bound_to=str(trip.id))))


async def sign_in_by_wallet(
    database: Database,
    services: Services,
    caller: Caller,
    *,
    access_token: str,
    identity_token: str | None = None,
    device: str | None = None,
) -> SignedIn:
    """Sign somebody in whom Privy's SDK has signed in to an app of ours.

    Raises:
        InvalidInput: It cannot be such a token.
        Unauthenticated: It does not hold: forged, too old, or of another app or person.
        Conflict: The addresses that came with it are two different people's.
        Forbidden: The person is suspended.
        RateLimited: Too many attempts from here.
        Unavailable: Privy's keys cannot be fetched.
        NotConfigured: This installation has no app at Privy.
    """
    named = clean_device(device, caller.device, "privy", "device")
    shown = await prove_by_wallet(services, caller, access_token=access_token, identity_token=identity_token)
    return await _enter(database, services, shown, caller, named)


async def prove_by_wallet(
    services: Services, caller: Caller, *, access_token: str, identity_token: str | None = None
) -> Shown:
    """Say whose tokens these are. Raises as `sign_in_by_wallet`."""
    for name, token, most in (
        ("accessToken", access_token, MAX_TOKEN),
        ("identityToken", identity_token, MAX_IDENTITY_TOKEN),
    ):
        if token is not None and not 0 < len(token) <= most:
            raise InvalidInput("This is not a token of Privy's.", "privy", name)
    await spend_attempt(services, caller)
    try:
        async with answered_within(DEED_SECONDS, "Privy"):
            return Channel.PRIVY, await services.wallets.read(access_token, identity_token)
    except Unauthenticated as refusal:
        raise Unauthenticated(refusal.message, "privy", *refusal.field) from None


def _fits(trip: OAuthSession, code_verifier: str) -> bool:
    made = base64.urlsafe_b64encode(hashlib.sha256(code_verifier.encode()).digest()).rstrip(b"=").decode()
    return hmac.compare_digest(made, trip.app_challenge or "")


async def _enter(database: Database, services: Services, shown: Shown, caller: Caller, device: str) -> SignedIn:
    channel, profile = shown
    async with database.transaction() as tx:
        user, is_new = await admit(tx, (channel, profile.subject), verified_addresses(profile))
        session = await welcome(tx, services, user, device, caller)
        if session is None:
            raise Forbidden("This account is suspended.")
    return SignedIn(session, is_new)
