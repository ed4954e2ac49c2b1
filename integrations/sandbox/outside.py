"""Where the demo finds the outside world: the settings that lead every adapter into the sandbox."""

from __future__ import annotations

from typing import Any, Final

SPOTIFY_SECRET: Final = "sandbox-spotify-secret"  # noqa: S105 -- known to everybody, opens nothing but the sandbox
SERATO_SECRET: Final = "sandbox-serato-secret"  # noqa: S105 -- as above
TWILIO_TOKEN: Final = "sandbox-twilio-token"  # noqa: S105 -- as above
STRIPE_KEY: Final = "sk_test_sandbox"
STRIPE_WEBHOOK_SECRET: Final = "whsec_sandbox"  # noqa: S105 -- as above


def settings(port: int, mail_port: int) -> dict[str, Any]:
    """Give the fields of the settings that point outwards; each vendor's host is a folder of the sandbox's address."""
    world = f"http://127.0.0.1:{port}"
    return {
        "smtp_url": f"smtp://127.0.0.1:{mail_port}",
        "mail_from": "Backline <hello@backline.example>",
        "twilio_account_sid": "AC" + "5" * 32,
        "twilio_auth_token": TWILIO_TOKEN,
        "twilio_verify_service_sid": "VA" + "5" * 32,
        "twilio_verify_url": f"{world}/verify.twilio.com",
        "serato_client_id": "sandbox-serato-client",
        "serato_client_secret": SERATO_SECRET,
        "serato_url": f"{world}/serato.example",
        "spotify_client_id": "sandbox-spotify-client",
        "spotify_client_secret": SPOTIFY_SECRET,
        "spotify_accounts_url": f"{world}/accounts.spotify.com",
        "spotify_api_url": f"{world}/api.spotify.com",
        "apple_team_id": "SANDBOX001",
        "apple_key_id": "SANDBOXKEY",
        "apple_client_id": "example.backline.sandbox",
        "apple_id_url": f"{world}/appleid.apple.com",
        "apple_music_url": f"{world}/api.music.apple.com",
        "stripe_secret_key": STRIPE_KEY,
        "stripe_webhook_secret": STRIPE_WEBHOOK_SECRET,
        "stripe_url": f"{world}/api.stripe.com",
        "kubo_url": f"{world}/kubo.example",
        "pinata_jwt": None,
        "pinata_url": f"{world}/uploads.pinata.cloud",
        "ipfs_gateway_url": f"{world}/kubo.example",
        "privy_app_id": "sandbox-privy-app",
        "privy_url": f"{world}/auth.privy.io",
    }
