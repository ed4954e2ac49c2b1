"""`backline doctor`: what is wrong with this installation, and what to do about it."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from db import migrate
from integrations import valkey
from integrations.cipher import AesCipher
from integrations.embedded import EmbeddedError, hold
from settings import SECRET_BYTES, Settings

OLDEST_POSTGRES: Final = 15
CLOCK_SKEW: Final = timedelta(seconds=2)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        what: What it is.
        found: What was found.
        remedy: What to do; None when all is well.
    """

    what: str
    found: str
    remedy: str | None = None

    def __str__(self) -> str:
        """The finding as a line for people, with what to do below it."""
        line = f"{'ok  ' if self.remedy is None else 'FAULT'} {self.what}: {self.found}"
        return line if self.remedy is None else f"{line}\n      -> {self.remedy}"


def examine(settings: Settings) -> int:
    """Look at everything and print what was found; 0 when all is well."""
    with ExitStack() as held:
        findings = [_mode(settings)]
        if settings.database_url is None or settings.redis_url is None:
            try:
                addresses = held.enter_context(hold(settings.data_dir))
            except EmbeddedError as fault:
                findings.append(Finding("embedded databases", "do not start", str(fault)))
            else:
                findings.append(Finding("embedded databases", f"run in {settings.data_dir}"))
                settings = dataclasses.replace(
                    settings,
                    database_url=settings.database_url or addresses.database_url,
                    redis_url=settings.redis_url or addresses.redis_url,
                )
        findings += asyncio.run(_collect(settings))
    for finding in findings:
        print(finding)
    return int(any(finding.remedy for finding in findings))


async def _collect(settings: Settings) -> list[Finding]:
    found = [finding async for finding in _database(settings)]
    return [*found, await _valkey(settings), _secrets(settings), _keys(settings), *_outside(settings)]


def _mode(settings: Settings) -> Finding:
    kind = "the demo: nothing here is real" if settings.demo else "in earnest"
    return Finding("mode", f"{kind}; serves {settings.public_url}")


async def _database(settings: Settings) -> AsyncIterator[Finding]:
    if settings.database_url is None:
        return
    engine = create_async_engine(settings.database_url, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            yield await _version(connection)
            yield await _migrations(connection)
            yield await _clock(connection)
            yield await _parked(connection)
    except (SQLAlchemyError, OSError) as fault:
        yield Finding(
            "PostgreSQL",
            f"cannot be asked ({type(fault).__name__})",
            "See that it runs and that DATABASE_URL names it: postgresql://user:password@host:5432/name.",
        )
    finally:
        await engine.dispose()


async def _version(connection: AsyncConnection) -> Finding:
    number = int((await connection.execute(text("SHOW server_version_num"))).scalar_one())
    remedy = None if number >= OLDEST_POSTGRES * 10_000 else f"Use PostgreSQL {OLDEST_POSTGRES} or newer."
    return Finding("PostgreSQL", f"version {number // 10_000}.{number % 10_000}", remedy)


async def _migrations(connection: AsyncConnection) -> Finding:
    at = await connection.run_sync(migrate.current)
    remedy = None if at == migrate.newest() else "Run `backline migrate`."
    return Finding("migrations", f"at {at or 'nothing'}, the code needs {migrate.newest()}", remedy)


async def _clock(connection: AsyncConnection) -> Finding:
    theirs = (await connection.execute(text("SELECT clock_timestamp()"))).scalar_one()
    skew = abs(datetime.now(UTC) - theirs)
    remedy = None if skew < CLOCK_SKEW else "Let both machines keep time by NTP: tokens and leases go by these clocks."
    return Finding("clocks", f"{skew.total_seconds():.1f} s apart", remedy)


async def _parked(connection: AsyncConnection) -> Finding:
    if await connection.run_sync(migrate.current) is None:
        return Finding("jobs", "none yet")
    count = (await connection.execute(text("SELECT count(*) FROM jobs WHERE status = 'PARKED'"))).scalar_one()
    remedy = None if count == 0 else "Look at them in the table jobs (kind, last_error)."
    return Finding("jobs", f"{count} parked", remedy)


async def _valkey(settings: Settings) -> Finding:
    if settings.redis_url is None:
        return Finding(
            "Valkey", "has no address", "Set REDIS_URL, or leave DATABASE_URL unset as well for embedded ones."
        )
    if await valkey.answers(settings.redis_url):
        return Finding("Valkey", "answers")
    return Finding("Valkey", "does not answer", "See that it runs and that REDIS_URL names it: redis://host:6379/0.")


def _secrets(settings: Settings) -> Finding:
    long_enough = len(settings.jwt_secret.encode()) >= SECRET_BYTES
    remedy = None if long_enough else f"Set JWT_SECRET to {SECRET_BYTES} bytes or more: `openssl rand -base64 48`."
    return Finding("JWT_SECRET", "long enough" if long_enough else "too short or not set", remedy)


def _keys(settings: Settings) -> Finding:
    if not settings.keys:
        return Finding("keys", "none", "Set BACKLINE_KEYS, such as k1:<key>; `openssl rand -base64 32` makes a key.")
    cipher = AesCipher(settings.keys)
    sealed = cipher.seal("probe", bound_to="doctor")
    fine = cipher.open(sealed, bound_to="doctor") == "probe"
    remedy = None if fine else "Check BACKLINE_KEYS."
    return Finding("keys", f"{len(settings.keys)}, sealing with {cipher.current_key_id}", remedy)


def _outside(settings: Settings) -> list[Finding]:
    """What people will miss. The demo needs nothing from outside."""
    if settings.demo:
        return []
    mail = "Set SMTP_URL and MAIL_FROM, or nobody can sign in by e-mail."
    wanted = {
        "SMS": (settings.twilio_account_sid, "TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_VERIFY_SERVICE_SID"),
        "Spotify": (settings.spotify_client_id, "SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET"),
        "Apple Music": (settings.apple_team_id, "APPLE_TEAM_ID, APPLE_KEY_ID and APPLE_PRIVATE_KEY"),
        "Sign in with Apple": (settings.apple_client_id, "APPLE_CLIENT_ID, beside Apple's team and key"),
        "Serato": (settings.serato_client_id, "SERATO_CLIENT_ID, SERATO_CLIENT_SECRET and SERATO_URL"),
        "Privy": (settings.privy_app_id, "PRIVY_APP_ID"),
        "IPFS": (settings.kubo_url or settings.pinata_jwt, "KUBO_URL or PINATA_JWT"),
    }
    return [
        Finding("e-mail", "configured" if settings.smtp_url else "not configured", None if settings.smtp_url else mail),
        *(
            Finding(what, "configured" if given else f"not configured. Set {names} for it, or leave it.")
            for what, (given, names) in wanted.items()
        ),
    ]
