"""What an installation decides: read once from the environment, whole or not at all."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from integrations import (
    apple_id,
    apple_music,
    cipher,
    pinata,
    privy,
    proof_keys,
    secret_files,
    spotify,
    stripe,
    twilio,
    watching,
)
from integrations import environment as env
from integrations.environment import setting
from integrations.sandbox import outside

SECRET_BYTES: Final = 32
OWN_PREFIX: Final = "BACKLINE_"
DATA: Final = Path(".data")
UP_TO_A_MILLION: Final = 1_000_000
MEGABYTE: Final = 1024 * 1024


class SettingsRefused(Exception):
    """The settings cannot be used; `faults` has a sentence for each that says what to do."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


@dataclass(frozen=True)
class Settings:
    """Everything an installation decides. `.env.example` explains each name; secrets are never shown."""

    demo: bool = setting("BACKLINE_DEMO", env.switch, default=False)
    data_dir: Path = setting("BACKLINE_DATA", Path, default=DATA)  # noqa: RUF009 -- it makes a field
    host: str = setting("HOST", env.text, default="127.0.0.1")
    port: int = setting("PORT", env.whole(1, 65535), default=8000)
    public_url: str = setting("PUBLIC_URL", env.address("https", "http"), default="")
    frontend_url: str | None = setting("FRONTEND_URL", env.address("https", "http"))
    allowed_origins: tuple[str, ...] = setting("ALLOWED_ORIGINS", env.many(env.origin), default=())
    trusted_proxies: tuple[str, ...] = setting("TRUSTED_PROXIES", env.many(env.network), default=())
    trusted_documents: tuple[Path, ...] = setting("TRUSTED_DOCUMENTS", env.many(Path), default=())
    trusted_only: bool = setting("TRUSTED_ONLY", env.switch, default=False)
    persisted_queries: bool = setting("PERSISTED_QUERIES", env.switch, default=False)
    points_per_minute: int = setting("POINTS_PER_MINUTE", env.whole(0, 100_000_000), default=20_000)
    requests_per_minute: int = setting("REQUESTS_PER_MINUTE", env.whole(0, 1_000_000), default=60)
    web_processes: int = setting("WEB_PROCESSES", env.whole(1, 1_000), default=1)

    database_url: str | None = setting("DATABASE_URL", env.postgres_url, secret=True)
    pool_size: int = setting("POOL_SIZE", env.whole(1, 200), default=10)
    redis_url: str | None = setting("REDIS_URL", env.valkey_url, secret=True)
    queue_url: str | None = setting("QUEUE_URL", env.valkey_url, secret=True)
    queue_connection: str = setting("QUEUE_CONNECTION", env.one_of("redis"), default="redis")

    log_format: str = setting("LOG_FORMAT", env.one_of("json", "text"), default="")
    slow_operation_ms: int = setting("SLOW_OPERATION_MS", env.whole(1, 600_000), default=500)
    metrics_token: str | None = setting("METRICS_TOKEN", env.secret(16), secret=True)
    worker_metrics_port: int = setting("WORKER_METRICS_PORT", env.whole(1, 65535), default=0)
    traces_endpoint: str | None = setting("OTEL_EXPORTER_OTLP_ENDPOINT", env.address("https", "http"))

    jwt_secret: str = setting("JWT_SECRET", env.text, default="", secret=True)
    jwt_refresh_secret: str = setting("JWT_REFRESH_SECRET", env.text, default="", secret=True)
    keys: Mapping[str, bytes] = setting("BACKLINE_KEYS", cipher.parse_keys, secret=True)

    smtp_url: str | None = setting("SMTP_URL", env.address("smtp", "smtps"), secret=True)
    mail_from: str | None = setting("MAIL_FROM", env.matching(r"[^\r\n]*[^\s@<]+@[^\s@>]+>?", "an e-mail address"))
    twilio_account_sid: str | None = setting("TWILIO_ACCOUNT_SID", env.text)
    twilio_auth_token: str | None = setting("TWILIO_AUTH_TOKEN", env.text, secret=True)
    twilio_verify_service_sid: str | None = setting("TWILIO_VERIFY_SERVICE_SID", env.text)
    twilio_verify_url: str = setting("TWILIO_VERIFY_URL", env.address("https", "http"), default=twilio.VERIFY_URL)

    serato_client_id: str | None = setting("SERATO_CLIENT_ID", env.text)
    serato_client_secret: str | None = setting("SERATO_CLIENT_SECRET", env.text, secret=True)
    serato_redirect_uri: str = setting("SERATO_REDIRECT_URI", env.address("https", "http"), default="")
    serato_url: str | None = setting("SERATO_URL", env.address("https", "http"))
    spotify_client_id: str | None = setting("SPOTIFY_CLIENT_ID", env.text)
    spotify_client_secret: str | None = setting("SPOTIFY_CLIENT_SECRET", env.text, secret=True)
    spotify_redirect_uri: str = setting("SPOTIFY_REDIRECT_URI", env.address("https", "http"), default="")
    spotify_accounts_url: str = setting(
        "SPOTIFY_ACCOUNTS_URL", env.address("https", "http"), default=spotify.ACCOUNTS_URL
    )
    spotify_api_url: str = setting("SPOTIFY_API_URL", env.address("https", "http"), default=spotify.API_URL)
    spotify_calls_per_minute: int = setting("SPOTIFY_CALLS_PER_MINUTE", env.whole(1, 100_000), default=720)
    apple_team_id: str | None = setting("APPLE_TEAM_ID", env.text)
    apple_key_id: str | None = setting("APPLE_KEY_ID", env.text)
    apple_private_key: str | None = setting("APPLE_PRIVATE_KEY", cipher.parse_signing_key, secret=True)
    apple_client_id: str | None = setting("APPLE_CLIENT_ID", env.text)
    apple_redirect_uri: str = setting("APPLE_REDIRECT_URI", env.address("https", "http"), default="")
    apple_id_url: str = setting("APPLE_ID_URL", env.address("https", "http"), default=apple_id.APPLE_ID_URL)
    apple_music_url: str = setting("APPLE_MUSIC_URL", env.address("https", "http"), default=apple_music.MUSIC_URL)
    privy_app_id: str | None = setting("PRIVY_APP_ID", env.text)
    privy_url: str = setting("PRIVY_URL", env.address("https", "http"), default=privy.PRIVY_URL)
    return_addresses: tuple[str, ...] = setting("RETURN_URLS", env.many(env.return_address), default=())
    sandbox_port: int = setting("SANDBOX_PORT", env.whole(1, 65535), default=0)
    sandbox_mail_port: int = setting("SANDBOX_MAIL_PORT", env.whole(1, 65535), default=0)
    stripe_secret_key: str | None = setting("STRIPE_SECRET_KEY", env.text, secret=True)
    stripe_webhook_secret: str | None = setting("STRIPE_WEBHOOK_SECRET", env.text, secret=True)
    stripe_url: str = setting("STRIPE_URL", env.address("https", "http"), default=stripe.STRIPE_URL)
    proof_signing_key: bytes = setting("PROOF_SIGNING_KEY", proof_keys.parse_signing_key, default=b"", secret=True)
    proof_former_keys: tuple[bytes, ...] = setting(
        "PROOF_FORMER_KEYS", env.many(proof_keys.parse_public_key), default=()
    )
    kubo_url: str | None = setting("KUBO_URL", env.address("https", "http"), secret=True)
    pinata_jwt: str | None = setting("PINATA_JWT", env.text, secret=True)
    pinata_url: str = setting("PINATA_URL", env.address("https", "http"), default=pinata.PINATA_URL)
    ipfs_gateway_url: str = setting("IPFS_GATEWAY_URL", env.address("https", "http"), default="https://ipfs.io")
    cloudinary_cloud_name: str | None = setting("CLOUDINARY_CLOUD_NAME", env.text)
    cloudinary_api_key: str | None = setting("CLOUDINARY_API_KEY", env.text, secret=True)
    cloudinary_api_secret: str | None = setting("CLOUDINARY_API_SECRET", env.text, secret=True)
    openai_api_key: str | None = setting("OPENAI_API_KEY", env.text, secret=True)
    groq_api_key: str | None = setting("GROQ_API_KEY", env.text, secret=True)
    huggingface_api_key: str | None = setting("HUGGINGFACE_API_KEY", env.text, secret=True)
    epsilon_fm_api_key: str | None = setting("EPSILON_FM_API_KEY", env.text, secret=True)
    dreamster_api_key: str | None = setting("DREAMSTER_API_KEY", env.text, secret=True)
    takerecord_api_key: str | None = setting("TAKERECORD_API_KEY", env.text, secret=True)
    wavewarz_api_key: str | None = setting("WAVEWARZ_API_KEY", env.text, secret=True)
    python_worker_url: str | None = setting("PYTHON_WORKER_URL", env.address("https", "http"))

    platform_fee_basis_points: int = setting("PLATFORM_FEE_PERCENTAGE", env.hundredths(100), default=500)
    isrc_registrant: str | None = setting(
        "ISRC_REGISTRANT_CODE", env.matching(r"[A-Z0-9]{3}|[A-Z]{2}[A-Z0-9]{3}", "a code such as NCO or QZNCO")
    )
    upc_prefix: str | None = setting("UPC_PREFIX", env.matching(r"\d{6,10}", "6 to 10 digits"))
    distribution_auto_payout_minor: int = setting(
        "DISTRIBUTION_AUTO_PAYOUT_THRESHOLD", env.hundredths(UP_TO_A_MILLION), default=10_000
    )
    distribution_min_payout_minor: int = setting(
        "DISTRIBUTION_MIN_PAYOUT", env.hundredths(UP_TO_A_MILLION), default=5_000
    )
    payout_thresholds: Mapping[str, tuple[int, int]] | None = setting("PAYOUT_THRESHOLDS", env.payout_thresholds)
    payout_fees: Mapping[str, int] | None = setting("PAYOUT_FEES", env.payout_fees)
    platform_time_zone: ZoneInfo = setting("PLATFORM_TIME_ZONE", env.zone, default=ZoneInfo("UTC"))  # noqa: RUF009
    distribution_webhook_secret: str | None = setting("DISTRIBUTION_WEBHOOK_SECRET", env.secret(16), secret=True)
    distribution_audio_max_bytes: int = setting(
        "DISTRIBUTION_AUDIO_MAX_SIZE", env.whole(1, 10_000, times=MEGABYTE), default=500 * MEGABYTE
    )
    distribution_artwork_min_pixels: int = setting("DISTRIBUTION_ARTWORK_MIN_SIZE", env.whole(1, 3000), default=1400)

    @classmethod
    def from_environment(
        cls, environ: Mapping[str, str], dotenv: Path | None = None, *, secrets_needed: bool = True
    ) -> Settings:
        """Read the settings; the real environment goes before the file. The demo makes the secrets it lacks, once.

        Args:
            environ: The environment.
            dotenv: A file of settings, which need not be there.
            secrets_needed: Whether to insist on good secrets; a command that only migrates does without.

        Raises:
            SettingsRefused: Something cannot be used; it says everything that is wrong, not only the first.
        """
        from_file, faults = env.read_dotenv(dotenv) if dotenv else ({}, [])
        texts = {**from_file, **{name: text for name, text in environ.items() if text.strip()}}
        faults += _unknown_names(texts)
        faults += env.resolve_aliases(texts)
        values, wrong = env.read_settings(cls, texts)
        faults += wrong
        if values.get("demo") and not faults:
            faults += _keep_demo_secrets(values)
        whole = {**env.defaults_of(cls), **values}
        faults += _missing_pairs(whole, texts)
        faults += _wrong_redirects(whole)
        if secrets_needed and not whole["demo"]:
            faults += _weak_secrets(whole, texts)
        if faults:
            raise SettingsRefused(faults)
        return _complete(cls(**values))


def _unknown_names(texts: Mapping[str, str]) -> list[str]:
    known = env.names_of(Settings)
    ours = sorted(name for name in known if name.startswith(OWN_PREFIX))
    strange = sorted(name for name in texts if name.startswith(OWN_PREFIX) and name not in known)
    return [f"{name} is not a setting; those of this kind are {', '.join(ours)}." for name in strange]


def _keep_demo_secrets(values: dict[str, Any]) -> list[str]:
    data_dir = values.get("data_dir", DATA)
    names = ("jwt_secret", "jwt_refresh_secret")
    try:
        kept = secret_files.keep(data_dir / "secrets.json", lambda: {name: secrets.token_urlsafe(48) for name in names})
        apple = secret_files.keep(data_dir / "apple.json", lambda: {"private_key": cipher.new_signing_key()})
        values.setdefault("keys", cipher.kept_keys(data_dir / "keys.json"))
    except (OSError, ValueError) as fault:
        return [f"The demo cannot keep its secrets: {fault}"]
    for name in names:
        values.setdefault(name, kept.get(name, ""))
    values["apple_private_key"] = apple.get("private_key", "")
    return []


GROUPS: Final = (
    ("SMTP_URL", "MAIL_FROM"),
    ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"),
    ("SERATO_CLIENT_ID", "SERATO_CLIENT_SECRET"),
    ("APPLE_TEAM_ID", "APPLE_KEY_ID", "APPLE_PRIVATE_KEY"),
    ("SPOTIFY_CLIENT_ID", "SPOTIFY_CLIENT_SECRET"),
    ("CLOUDINARY_CLOUD_NAME", "CLOUDINARY_API_KEY", "CLOUDINARY_API_SECRET"),
)
"""Names that are of no use without each other."""


def _missing_pairs(values: Mapping[str, Any], texts: Mapping[str, str]) -> list[str]:
    faults = []
    for group in GROUPS:
        missing = [name for name in group if not texts.get(name, "").strip()]
        if missing and len(missing) < len(group):
            given = next(name for name in group if name not in missing)
            faults.append(f"{' and '.join(missing)} must be set as well, because {given} is; or set none of them.")
    if values["traces_endpoint"] and not watching.can_trace():
        faults.append("OTEL_EXPORTER_OTLP_ENDPOINT needs OpenTelemetry: pip install -r requirements-tracing.txt.")
    if values["trusted_only"] and values["persisted_queries"]:
        faults.append("PERSISTED_QUERIES must be off where TRUSTED_ONLY is on: it takes documents from anybody.")
    if values["distribution_min_payout_minor"] > values["distribution_auto_payout_minor"]:
        faults.append("DISTRIBUTION_MIN_PAYOUT must not be more than DISTRIBUTION_AUTO_PAYOUT_THRESHOLD.")
    return faults


def _weak_secrets(values: Mapping[str, Any], texts: Mapping[str, str]) -> list[str]:
    advice = "`openssl rand -base64 48` makes a good one"
    faults = []
    if len(values["jwt_secret"].encode()) < SECRET_BYTES:
        faults.append(f"JWT_SECRET must have {SECRET_BYTES} bytes or more; {advice}.")
    if values["jwt_refresh_secret"] and len(values["jwt_refresh_secret"].encode()) < SECRET_BYTES:
        faults.append(f"JWT_REFRESH_SECRET must have {SECRET_BYTES} bytes or more, or be unset; {advice}.")
    if values["jwt_secret"] and values["jwt_secret"] == values["jwt_refresh_secret"]:
        faults.append("JWT_REFRESH_SECRET must not be the same as JWT_SECRET; leave it unset to have one derived.")
    if not texts.get("BACKLINE_KEYS", "").strip():
        faults.append("BACKLINE_KEYS must be set, such as k1:<key>; `openssl rand -base64 32` makes a key.")
    return faults


def _wrong_redirects(values: Mapping[str, Any]) -> list[str]:
    """Spotify takes no callback at a host called `localhost`, only loopback's own numbers (since April 2025)."""
    if values["demo"] or urlsplit(values["spotify_redirect_uri"]).hostname != "localhost":
        return []
    return ["SPOTIFY_REDIRECT_URI must not name localhost; for a server on this machine write 127.0.0.1."]


def _complete(settings: Settings) -> Settings:
    """Fill in what follows from other settings."""
    origins = settings.allowed_origins
    if settings.frontend_url:
        origins = (*origins, env.origin("/".join(settings.frontend_url.split("/")[:3])))
    public = settings.public_url or f"http://localhost:{settings.port}"
    # Providers know loopback by its number; see `_wrong_redirects`.
    callbacks = public.replace("//localhost", "//127.0.0.1") + "/oauth/{}/callback"
    whole = replace(
        settings,
        public_url=public,
        allowed_origins=tuple(dict.fromkeys(origins)),
        queue_url=settings.queue_url or settings.redis_url,
        log_format=settings.log_format or ("text" if settings.demo else "json"),
        jwt_refresh_secret=settings.jwt_refresh_secret or derive(settings.jwt_secret, "refresh").hex(),
        # Without a secret there is no key: one that is derived of nothing everybody has.
        proof_signing_key=settings.proof_signing_key
        or (derive(settings.jwt_secret, "proofs") if settings.jwt_secret else b""),
        serato_redirect_uri=settings.serato_redirect_uri or callbacks.format("serato"),
        spotify_redirect_uri=settings.spotify_redirect_uri or callbacks.format("spotify"),
        apple_redirect_uri=settings.apple_redirect_uri or callbacks.format("apple"),
        return_addresses=tuple(dict.fromkeys((f"{public}/oauth/done", *settings.return_addresses))),
        sandbox_port=settings.sandbox_port or settings.port % 65535 + 1,
        sandbox_mail_port=settings.sandbox_mail_port or (settings.port + 24) % 65535 + 1,
    )
    # The demo never talks to a real vendor, whatever its environment says.
    return replace(whole, **outside.settings(whole.sandbox_port, whole.sandbox_mail_port)) if whole.demo else whole


def derive(secret: str, purpose: str) -> bytes:
    """Make a secret of its own for a purpose, so that what leaks of one says nothing of another."""
    return hmac.digest(secret.encode(), f"backline {purpose}".encode(), hashlib.sha256)
