"""DJs, what their software writes, and companions that sign it."""

import base64
import hashlib
import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import insert, select, text

from db import tables
from domain.companions import Claim
from domain.ids import new_id
from integrations.http_signatures import sign
from tests.accounts.conftest import put
from tests.client import operation

CREATE, IMPORT, PAIR, HISTORY = (
    operation(name) for name in ("CreateUploads", "ImportPlayHistory", "PairCompanion", "PlayHistory")
)
COMPLETE = """mutation ($input: CompleteUploadsInput!) {
  completeUploads(input: $input) { uploads { id status failure { code message } } userErrors { code message field } }
}"""
REVOKE = """mutation ($input: RevokeCompanionInput!) {
  revokeCompanion(input: $input) { revokedCompanionId userErrors { code message field retryAfterSeconds } }
}"""
COMPANIONS = "{ viewer { companions { id name pairedAt lastSeenAt } } }"
EVENING = datetime(2026, 3, 6, 22, 0, tzinfo=UTC)


def chunk(tag, content):
    return tag + struct.pack(">I", len(content)) + content


def field_of(number, value):
    if isinstance(value, bytes):
        raw = value
    else:
        raw = struct.pack(">I", value) if isinstance(value, int) else (value + "\0").encode("utf-16-be")
    return struct.pack(">II", number, len(raw)) + raw


def entry(row, title, at, *, ended=None, artist="Nova", deck=1, updated=None, session=7):
    """One play as Serato DJ writes it: fields by their numbers, times in seconds since 1970."""
    began = int(at.timestamp())
    numbers = {1: row, 6: title, 7: artist, 28: began}
    if ended is not None:
        numbers |= {29: int(ended.timestamp()), 45: int(ended.timestamp()) - began}
    numbers |= {31: deck, 48: session, 50: b"\1", 53: int((updated or ended or at).timestamp())}
    body = b"".join(field_of(number, value) for number, value in numbers.items() if value is not None)
    return chunk(b"oent", chunk(b"adat", body))


def session(*entries):
    """A session file."""
    return chunk(b"vrsn", "1.0/Serato Scratch LIVE Review".encode("utf-16-be")) + b"".join(entries)


def evening(titles=("Roses", "Yebo", "Late Tram"), at=EVENING, first_row=1, **more):
    """A set of some tracks, back to back on two decks, three minutes each."""
    plays = []
    for place, title in enumerate(titles):
        began = at + timedelta(minutes=3 * place)
        ended = began + timedelta(minutes=3)
        plays.append(entry(first_row + place, title, began, ended=ended, deck=1 + place % 2, **more))
    return session(*plays)


@dataclass
class Laptop:
    """A companion without its program: a key, and a hand that signs."""

    url: str
    id: UUID = None
    counter: int = 0
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def public(self):
        return self.key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)

    def headers(self, content, *, filename="7.session", zone="Europe/Berlin", counter=None, key=None):
        """The headers of a request, signed over this content; counts on unless told."""
        if counter is None:
            counter = self.counter = self.counter + 1
        claim = Claim(self.id, counter, hashlib.sha256(content).digest(), filename, zone, b"", b"")
        return sign(key or self.key, claim, method="POST", path="/companion/plays")

    async def post(self, content, headers):
        async with httpx.AsyncClient(timeout=60, verify=False) as http:
            return await http.post(f"{self.url}/companion/plays", content=content, headers=headers)

    async def send(self, content, **more):
        """Send a file; gives the answer."""
        return await self.post(content, self.headers(content, **more))


class Booth:
    """Where DJs send their histories from."""

    def __init__(self, web, api, make):
        self.web, self.api, self.make = web, api, make
        self.url = web.settings.public_url

    async def upload(self, dj, content, filename="7.session", kind="application/octet-stream", purpose="PLAY_HISTORY"):
        """Send a file and complete it; gives the upload."""
        facts = [{"filename": filename, "contentType": kind, "byteSize": len(content)}]
        (target,) = (await self.api(dj).do(CREATE, purpose=purpose, files=facts))["uploads"]
        assert (await put(target, content)).is_success
        (upload,) = (await self.api(dj).do(COMPLETE, uploadIds=[target["id"]]))["uploads"]
        return upload

    async def stored(self, dj, content, filename="7.session"):
        upload = await self.upload(dj, content, filename)
        assert upload["status"] == "STORED", upload
        return upload["id"]

    async def take_in(self, dj, content, filename="7.session", **more):
        """Import a file; gives the payload."""
        return await self.api(dj).do(IMPORT, uploadId=await self.stored(dj, content, filename), **more)

    async def refused(self, dj, content, filename="7.session", **more):
        return await self.api(dj).refused(IMPORT, uploadId=await self.stored(dj, content, filename), **more)

    async def laptop(self, dj, name="Booth laptop"):
        """A paired companion."""
        code = (await self.api(dj).do(PAIR, name=name))["secret"]
        made = Laptop(self.url)
        answer = await self.pair(code, made.public)
        assert answer.status_code == 201, answer.text
        made.id = UUID(answer.json()["companionId"].removeprefix("companion_"))
        return made

    async def pair(self, code, public, **more):
        said = {"code": code, "publicKey": to_base64(public), **more}
        async with httpx.AsyncClient(verify=False) as http:
            return await http.post(f"{self.url}/companion/pair", json=said)

    async def history(self, dj, **variables):
        """What the DJ's history shows."""
        return (await self.api(dj)(HISTORY, **variables))["viewer"]["playHistory"]

    async def rows(self, dj):
        """The rows of a DJ's plays, in their order."""
        async with self.web.database.session() as opened:
            statement = select(tables.PlayRow).where(tables.PlayRow.user_id == dj.id)
            return list(
                (await opened.execute(statement.order_by(tables.PlayRow.played_at, tables.PlayRow.id))).scalars()
            )

    async def sql(self, statement, **values):
        async with self.web.database.transaction() as tx:
            return await tx.session.execute(text(statement), values)

    async def state(self, dj, laptop=None):
        """All that a refusal must leave as it is."""
        async with self.web.database.session() as opened:
            imports = (await opened.execute(select(tables.PlayImport.id))).scalars().all()
            found = None if laptop is None else await opened.get(tables.Companion, laptop.id)
        plays = [(row.id, row.title, row.trust, row.received_at) for row in await self.rows(dj)]
        return plays, imports, None if found is None else (found.counter, found.last_seen_at)


def to_base64(content):
    return base64.b64encode(content).decode()


@pytest.fixture
def booth(web, api, make):
    return Booth(web, api, make)


@pytest.fixture
async def mission(web, make):
    """Write a mission as a DJ has accepted it: `await mission(dj, curator, starts_at=..., ends_at=...)`."""

    async def write(runner, curator, *, starts_at, ends_at, status="ACCEPTED", verifications=1, **facts):
        mission_id, now = new_id(), datetime.now(UTC)
        values = {
            "id": mission_id,
            "curator_id": curator.id,
            "runner_id": runner.id,
            "status": status,
            "title": "Roses at night",
            "track_title": "Roses",
            "track_artist": "Nova",
            "window_starts_at": starts_at,
            "window_ends_at": ends_at,
            "currency": "USD",
            "amount_minor": 5000,
            "fee_basis_points": 500,
            "verification_method": "AUTOMATED",
            "auto_verify": True,
            "requires_gig": False,
            "verifications": verifications,
            **facts,
        }
        hold = {
            "id": new_id(),
            "subject_type": "MISSION",
            "subject_id": mission_id,
            "currency": "USD",
            "amount_minor": 5000,
        }
        async with web.database.transaction() as tx:
            # Without the entries of the books: money is not what these tests are about.
            await tx.session.execute(text("SET LOCAL session_replication_role = replica"))
            await tx.session.execute(insert(tables.Hold).values(**hold))
            await tx.session.execute(insert(tables.Mission).values(**values, accepted_at=now, hold_id=hold["id"]))
        return mission_id

    return write
