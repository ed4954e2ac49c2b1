"""Accounts that people have elsewhere: connecting them, and signing in with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from domain.errors import DomainError, ErrorCode

FLOW_MINUTES: Final = 10
"""How long somebody has from leaving for the provider's page to coming back from it."""

TICKET_MINUTES: Final = 5
"""How long a ticket to sign in with holds; the app spends it at once."""

FRESH_FOR: Final = timedelta(seconds=60)
"""Access that ends sooner than this is renewed before it is used."""

RENEWED_LATELY: Final = timedelta(seconds=10)
"""Who asks for a renewal within so long of the last one is given that one."""

CLAIM_SECONDS: Final = 15.0
"""How long who renews access has it for themselves; when they die meanwhile, the next one goes on after that."""

CALL_SECONDS: Final = 12.0
"""How long a provider may take to renew access: well within the claim."""

REVOKING_LASTS: Final = timedelta(days=1)
"""How long we go on trying to tell a provider that our access is over; then the tokens are erased all the same."""

MAX_TOKEN: Final = 4096


class AccountProvider(StrEnum):
    """Where an account that can be connected is."""

    SERATO = "SERATO"
    SPOTIFY = "SPOTIFY"
    APPLE_MUSIC = "APPLE_MUSIC"


class Connectable(StrEnum):
    """Where an account is that one may ask to connect. Stripe's is a way to be paid, and kept as one."""

    SERATO = "SERATO"
    SPOTIFY = "SPOTIFY"
    APPLE_MUSIC = "APPLE_MUSIC"
    STRIPE = "STRIPE"


class AccountStatus(StrEnum):
    """Where a connected account stands."""

    CONNECTED = "CONNECTED"
    NEEDS_RECONNECT = "NEEDS_RECONNECT"
    DISCONNECTED = "DISCONNECTED"


class Vendor(StrEnum):
    """Who has an OAuth door of ours: `/oauth/{its name in lower case}/callback`."""

    SERATO = "SERATO"
    SPOTIFY = "SPOTIFY"
    APPLE = "APPLE"


class FlowPurpose(StrEnum):
    """What a round trip to a provider's page is for."""

    CONNECT = "CONNECT"
    SIGN_IN = "SIGN_IN"


CONNECTS_BY: Final[Mapping[AccountProvider, Vendor]] = {
    AccountProvider.SERATO: Vendor.SERATO,
    AccountProvider.SPOTIFY: Vendor.SPOTIFY,
}
"""Which door connects which account; Apple Music has none, its app hands over a token."""

MANAGED_AT: Final[Mapping[AccountProvider, str]] = {
    AccountProvider.SPOTIFY: "https://www.spotify.com/account/apps/",
    AccountProvider.APPLE_MUSIC: "https://account.apple.com/",
}
"""Where a person ends an app's access at the provider's own page, when the provider gives apps no way to do it."""

PROVIDER_NAMES: Final[Mapping[AccountProvider, str]] = {
    AccountProvider.SERATO: "Serato",
    AccountProvider.SPOTIFY: "Spotify",
    AccountProvider.APPLE_MUSIC: "Apple Music",
}


class SignInProvider(StrEnum):
    """Whose account can be signed in with by way of its own page."""

    SPOTIFY = "SPOTIFY"
    APPLE = "APPLE"


SIGNS_IN_BY: Final[Mapping[SignInProvider, Vendor]] = {
    SignInProvider.SPOTIFY: Vendor.SPOTIFY,
    SignInProvider.APPLE: Vendor.APPLE,
}
"""Which door somebody comes back through."""


class AccessEnded(DomainError):
    """The provider takes our tokens no more: they were revoked, used twice or are too old. Only the person can renew them."""

    code = ErrorCode.EXPIRED


@dataclass(frozen=True)
class Tokens:
    """What a provider gave us to act for somebody. Never shown, sealed at rest.

    Attributes:
        access_token: Sent with every request.
        refresh_token: Gets the next access token; None where there is none.
        expires_at: When the access token ends; None where nobody says.
        scopes: What it allows.
    """

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False, default=None)
    expires_at: datetime | None = None
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Profile:
    """Who somebody is at a provider.

    Attributes:
        subject: What the provider calls them for ever, such as Spotify's `account_id`; never a name that can change.
        username: A name that can be shown.
        display_name: A friendlier one.
        email: An address that the provider has verified, else None.
        phone: A number that the provider has verified (E.164), else None.
    """

    subject: str
    username: str | None = None
    display_name: str | None = None
    email: str | None = None
    phone: str | None = None


class OAuthProvider(Protocol):
    """One provider's OAuth 2.0 door, as a client with PKCE (RFC 7636, RFC 9700) sees it."""

    def require(self) -> object:
        """Check that there are credentials, before somebody is sent there.

        Raises:
            NotConfigured: There are none.
        """

    def authorization_url(self, purpose: FlowPurpose, *, state: str, code_verifier: str, nonce: str) -> str:
        """Make the address of the provider's page; the verifier itself is not in it, only its S256 challenge."""

    def check_issuer(self, issuer: str | None) -> None:
        """Check the `iss` that came back with a code (RFC 9207).

        Raises:
            InvalidInput: It is another's, or is missing though this provider always sends it.
        """

    async def exchange(self, code: str, *, code_verifier: str, nonce: str) -> tuple[Tokens, Profile]:
        """Turn a code into tokens and ask whose they are.

        Raises:
            AccessEnded: The code does not count: used, too old, of another app, or its verifier is not ours.
            Unavailable: The provider does not answer, or not in a way that can be understood.
        """

    async def refresh(self, tokens: Tokens) -> Tokens:
        """Get the next tokens; a refresh token that is not replaced stays.

        Raises:
            AccessEnded: The provider takes the refresh token no more.
            RateLimited: Later.
            Unavailable: The provider does not answer; whether it has made new tokens is not known.
        """

    async def revoke(self, tokens: Tokens) -> None:
        """End our access there, where the provider has a way to (RFC 7009).

        Raises:
            RateLimited: Later.
            Unavailable: The provider does not answer.
        """


class WalletTokens(Protocol):
    """Reads the tokens that Privy's SDK hands to an app."""

    async def read(self, access_token: str, identity_token: str | None = None) -> Profile:
        """Check a token and say whose it is; addresses are known only from an identity token of the same person.

        Raises:
            Unauthenticated: It does not hold: forged, too old, of another app, or of another person than its companion.
            Unavailable: Privy's keys cannot be fetched just now.
            NotConfigured: This installation has no app at Privy.
        """
