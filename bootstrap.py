"""The one `Services` value, built of settings."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from domain.connections import AccountProvider, OAuthProvider, Vendor
from domain.money import Currency
from domain.payouts import Threshold, roads, thresholds
from domain.ports import Services
from domain.proofs import Pins
from domain.sight import Watchers
from integrations import arq_bell, valkey
from integrations.apple_id import AppleId
from integrations.apple_music import AppleMusic
from integrations.arq_bell import ArqBell
from integrations.cipher import AesCipher, public_key_of
from integrations.history.read import HistoryFiles
from integrations.http_signatures import Ed25519Requests
from integrations.kubo import Kubo
from integrations.local_files import LocalFiles
from integrations.photos import PillowPhotos
from integrations.pinata import Pinata
from integrations.printer import FpdfPrinter
from integrations.privy import Privy
from integrations.proof_keys import Ed25519Notary
from integrations.sandbox.registration import Client, Registration
from integrations.serato import Serato
from integrations.smtp import SmtpMailer
from integrations.spotify import Spotify
from integrations.stripe import StripePayments
from integrations.stripe_payouts import StripeSender
from integrations.tokens import JwtTokens
from integrations.twilio import TwilioVerify
from integrations.valkey import ValkeyBus
from integrations.valkey_cache import ValkeyCache
from integrations.valkey_limiter import ValkeyLimiter
from integrations.watching import watching
from settings import Settings, derive

DEMO_PEOPLE = ("mina", "theo", "kofi")
"""Who of the demo's cast has accounts at the sandbox's vendors."""


def _known(address: str | None) -> str:
    if address is None:
        raise ValueError("Valkey has no address yet")
    return address


@asynccontextmanager
async def build(settings: Settings) -> AsyncIterator[Services]:
    """Build everything from outside, and close it at the end. Nothing is called yet: silent systems stop no start.

    Raises:
        ValueError: There is no address of Valkey: start the embedded one first and put its address in.
    """
    async with AsyncExitStack() as closing:
        shared = valkey.connect(_known(settings.redis_url))
        queue = arq_bell.connect(_known(settings.queue_url))
        bus = ValkeyBus(shared)
        for open_one in (shared, queue, bus):
            closing.push_async_callback(open_one.aclose)
        outside = await _outside(settings, closing)
        files = _files(settings)
        yield Services(
            mailer=SmtpMailer(settings.smtp_url, sender=settings.mail_from),
            telephones=outside.telephones,
            limiter=ValkeyLimiter(shared, processes=settings.web_processes),
            cache=ValkeyCache(shared),
            bell=ArqBell(queue),
            bus=bus,
            files=files,
            file_door=files,
            photos=PillowPhotos(),
            printer=FpdfPrinter(),
            cipher=AesCipher(settings.keys),
            tokens=_tokens(settings),
            oauth=outside.oauth,
            wallets=outside.privy,
            spotify=outside.spotify,
            apple_music=outside.apple_music,
            catalogs={AccountProvider.SPOTIFY: outside.spotify, AccountProvider.APPLE_MUSIC: outside.apple_music},
            payments=outside.payments,
            histories=HistoryFiles(),
            play_accounts={AccountProvider.SERATO: outside.serato},
            request_signatures=Ed25519Requests(),
            notary=Ed25519Notary(settings.proof_signing_key, settings.proof_former_keys),
            pins=outside.pins,
            spotify_calls=max(1, settings.spotify_calls_per_minute // 2),
            return_addresses=settings.return_addresses,
            public_url=settings.public_url.rstrip("/"),
            fee_basis_points=settings.platform_fee_basis_points,
            roads=roads(StripeSender(outside.payments), settings.payout_fees or {}),
            thresholds=_thresholds(settings),
            time_zone=settings.platform_time_zone,
            secret=derive(settings.jwt_refresh_secret, "hashes"),
            demo=settings.demo,
            watchers=outside.watchers,
        )


def _tokens(settings: Settings) -> JwtTokens:
    # In the demo a token made by hand must hold whatever PORT the server was given.
    return JwtTokens(settings.jwt_secret, issuer="backline demo" if settings.demo else settings.public_url)


def _files(settings: Settings) -> LocalFiles:
    key = derive(settings.jwt_secret, "files")
    return LocalFiles(settings.data_dir / "files", key=key, public_url=settings.public_url)


def _thresholds(settings: Settings) -> Mapping[Currency, Threshold]:
    return thresholds(
        settings.distribution_min_payout_minor,
        settings.distribution_auto_payout_minor,
        settings.payout_thresholds or {},
    )


@dataclass(frozen=True)
class Outside:
    """The vendors' adapters."""

    oauth: Mapping[Vendor, OAuthProvider]
    spotify: Spotify
    serato: Serato
    apple_music: AppleMusic
    privy: Privy
    telephones: TwilioVerify
    payments: StripePayments
    pins: Pins
    watchers: Watchers


async def _outside(settings: Settings, closing: AsyncExitStack) -> Outside:
    """Make an adapter for each vendor; one without credentials refuses as not configured when it is asked."""
    spotify = Spotify(
        client_id=settings.spotify_client_id,
        client_secret=settings.spotify_client_secret,
        redirect_uri=settings.spotify_redirect_uri,
        accounts_url=settings.spotify_accounts_url,
        api_url=settings.spotify_api_url,
    )
    serato = Serato(
        client_id=settings.serato_client_id,
        client_secret=settings.serato_client_secret,
        redirect_uri=settings.serato_redirect_uri,
        base_url=settings.serato_url,
    )
    apple_id = AppleId(
        client_id=settings.apple_client_id,
        redirect_uri=settings.apple_redirect_uri,
        base_url=settings.apple_id_url,
        team_id=settings.apple_team_id,
        key_id=settings.apple_key_id,
        private_key=settings.apple_private_key,
    )
    apple_music = AppleMusic(
        base_url=settings.apple_music_url,
        team_id=settings.apple_team_id,
        key_id=settings.apple_key_id,
        private_key=settings.apple_private_key,
    )
    privy = Privy(app_id=settings.privy_app_id, base_url=settings.privy_url)
    telephones = TwilioVerify(
        account_sid=settings.twilio_account_sid,
        auth_token=settings.twilio_auth_token,
        service_sid=settings.twilio_verify_service_sid,
        base_url=settings.twilio_verify_url,
    )
    payments = StripePayments(
        secret_key=settings.stripe_secret_key,
        webhook_secret=settings.stripe_webhook_secret,
        base_url=settings.stripe_url,
    )
    kubo = Kubo(base_url=settings.kubo_url, gateway_url=settings.ipfs_gateway_url)
    pinata = Pinata(jwt=settings.pinata_jwt, gateway_url=settings.ipfs_gateway_url, base_url=settings.pinata_url)
    pins: Pins = pinata if settings.pinata_jwt and not settings.kubo_url else kubo
    for adapter in (spotify, serato, apple_id, apple_music, privy, telephones, payments, kubo, pinata):
        closing.push_async_callback(adapter.aclose)
    doors: dict[Vendor, OAuthProvider] = {Vendor.SPOTIFY: spotify, Vendor.SERATO: serato, Vendor.APPLE: apple_id}
    watchers = await closing.enter_async_context(watching(settings.traces_endpoint))
    return Outside(doors, spotify, serato, apple_music, privy, telephones, payments, pins, watchers)


def registration(settings: Settings) -> Registration:
    """What the sandbox's vendors are to know of this installation."""
    return Registration(
        spotify=Client(
            settings.spotify_client_id or "", settings.spotify_client_secret or "", (settings.spotify_redirect_uri,)
        ),
        serato=Client(
            settings.serato_client_id or "", settings.serato_client_secret or "", (settings.serato_redirect_uri,)
        ),
        apple_sign_in=Client(settings.apple_client_id or "", "", (settings.apple_redirect_uri,)),
        apple_team_id=settings.apple_team_id or "",
        apple_key_id=settings.apple_key_id or "",
        apple_public_key=public_key_of(settings.apple_private_key or ""),
        privy_app_id=settings.privy_app_id or "",
        twilio_account_sid=settings.twilio_account_sid or "",
        twilio_auth_token=settings.twilio_auth_token or "",
        twilio_service_sid=settings.twilio_verify_service_sid or "",
        stripe_secret_key=settings.stripe_secret_key or "",
        stripe_webhook_secret=settings.stripe_webhook_secret or "",
        stripe_webhook_url=f"{settings.public_url.rstrip('/')}/webhooks/stripe",
        demo_people=DEMO_PEOPLE,
    )
