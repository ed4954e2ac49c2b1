"""What our installation has registered with each vendor, as the vendors have it in their books."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Client:
    """One OAuth client.

    Attributes:
        client_id: its public name.
        client_secret: its secret; empty where the vendor gives none (Apple's is a token that we sign).
        redirect_uris: the exact addresses that people may be sent back to.
    """

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uris: tuple[str, ...]


@dataclass(frozen=True)
class Registration:
    """Everything that the vendors know of us.

    Attributes:
        spotify: the app at Spotify.
        serato: the app at the Serato-style provider.
        apple_sign_in: the Services ID for Sign in with Apple; its secret is not used.
        apple_team_id: the team that Apple's keys belong to: `iss` of what we sign.
        apple_key_id: the name of the key that we sign with: `kid`.
        apple_public_key: the public half of that key, P-256 in PEM.
        privy_app_id: the app at Privy: `aud` of its tokens.
        twilio_account_sid: the user of HTTP Basic at Twilio.
        twilio_auth_token: its password.
        twilio_service_sid: the Verify service.
        stripe_secret_key: the platform's key at Stripe.
        stripe_webhook_secret: what Stripe signs its events to our endpoint with.
        stripe_webhook_url: our endpoint, registered from the start; none when empty.
        stripe_pending_days: how many midnights pass until what was paid by card is available.
        demo_people: ids of the people who have an account at every vendor from the start.
    """

    spotify: Client
    serato: Client
    apple_sign_in: Client
    apple_team_id: str
    apple_key_id: str
    apple_public_key: str
    privy_app_id: str
    twilio_account_sid: str
    twilio_auth_token: str = field(repr=False)
    twilio_service_sid: str
    stripe_secret_key: str = field(default="sk_test_sandbox", repr=False)
    stripe_webhook_secret: str = field(default="whsec_sandbox", repr=False)
    stripe_webhook_url: str = ""
    stripe_pending_days: int = 2
    demo_people: tuple[str, ...] = ()
