"""What the platform needs of the outside world, as shapes that adapters fill."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.cards import CardPayments
from domain.companions import RequestSignatures
from domain.connections import AccountProvider, OAuthProvider, Vendor, WalletTokens
from domain.exports import Printer
from domain.limiter import Limiter
from domain.money import Currency
from domain.payouts import Roads, Threshold
from domain.players import Catalog, Player, RecentTracks
from domain.plays import Histories, PlayAccounts
from domain.proofs import Notary, Pins
from domain.sight import Watchers
from domain.uploads import Photos


class Mailer(Protocol):
    """Sends e-mail."""

    def require(self) -> object:
        """Check that there is a mail server, before a promise is made that needs one.

        Raises:
            NotConfigured: There is none.
        """

    async def send(self, *, to: str, subject: str, text: str) -> None:
        """Hand one plain-text mail over.

        Raises:
            InvalidInput: There is no such address: trying again will not help.
            Unavailable: The mail server did not take it.
            NotConfigured: There is no mail server.
        """


class Telephones(Protocol):
    """Proves that somebody has a telephone number: a carrier makes a code, sends it, and says whether it came back."""

    def require(self) -> object:
        """Check that there is a carrier, before a promise is made that needs one.

        Raises:
            NotConfigured: There is none.
        """

    async def send_code(self, to: str) -> None:
        """Have a code sent; `to` is an E.164 number. Within ten minutes the same code is sent again.

        Raises:
            InvalidInput: No message can be sent to this number: trying again will not help.
            RateLimited: The carrier sends no more to this number for now.
            Unavailable: The carrier did not take it.
            NotConfigured: There is no carrier.
        """

    async def check_code(self, to: str, code: str) -> bool:
        """Ask whether this is the code that was sent; a right one counts once.

        Raises:
            Expired: No code could be right: none was sent, it was used, is too old, or was guessed at too often.
            RateLimited: Later.
            Unavailable: The carrier does not answer.
            NotConfigured: There is no carrier.
        """


class Cache(Protocol):
    """Remembers small things for a while, for all processes. It may forget them at any time: the database is the truth."""

    async def get(self, key: str) -> bytes | None:
        """What is remembered under the key; None when nothing is. Never raises."""

    async def put(self, key: str, value: bytes, *, seconds: float) -> None:
        """Remember it for so long. Never raises."""


class Bell(Protocol):
    """Wakes a worker sooner. Losing a ring costs seconds, never work: the row is the truth."""

    async def ring(self, queue: str, job_id: UUID, at: datetime | None = None) -> None:
        """Say that a job row is due, now or at that moment. Never raises: a sweep finds what was not heard."""


class Bus(Protocol):
    """Carries live events between processes. It may lose them: the log is the truth."""

    async def publish(self, topic: str, payload: bytes) -> None:
        """Tell whoever listens on the topic. Never raises."""

    def listen(self, topic: str) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Hear what is published on the topic from now on; ends with ConnectionError when the line is lost."""

    async def answers(self) -> bool:
        """Tell whether the line works now."""


@dataclass(frozen=True)
class Grant:
    """A permission to send one file's bytes.

    Attributes:
        method: The HTTP method, in capitals.
        url: Where to, with the signature in it.
        headers: What the request must carry.
        expires_at: Until when it holds.
    """

    method: str
    url: str
    headers: dict[str, str]
    expires_at: datetime


class FileStore(Protocol):
    """Keeps bytes under keys such as ``photos/0190….webp``."""

    def grant_upload(self, key: str, *, content_type: str, byte_size: int) -> Grant:
        """Allow somebody to send exactly this many bytes once."""

    def sign_download(self, key: str) -> str:
        """Make an address under which the bytes can be fetched for an hour."""

    async def read(self, key: str, *, limit: int) -> bytes:
        """Fetch all bytes.

        Raises:
            NotFound: Nothing is stored there.
            InvalidInput: More than `limit` bytes are stored there.
        """

    async def write(self, key: str, content: bytes, *, content_type: str) -> None:
        """Store bytes, whole or not at all, in place of what was there."""

    async def delete(self, keys: Sequence[str]) -> None:
        """Remove what is stored there; nothing happens for keys that hold nothing."""


@dataclass(frozen=True)
class StoredFile:
    """A file that may be given out.

    Attributes:
        path: Where it lies on this machine.
        content_type: Its media type, by the suffix of its key.
        name: What to call it when it is saved.
    """

    path: Path
    content_type: str
    name: str


class FileDoor(Protocol):
    """Lets strangers send and fetch files of a store on this machine, by addresses that the store has signed."""

    async def receive(
        self,
        key: str,
        signed: Mapping[str, str],
        *,
        content_type: str,
        byte_size: int | None,
        chunks: AsyncIterable[bytes],
    ) -> None:
        """Store what an address from `grant_upload` allows: checked before the first byte is read, whole or not at all.

        Raises:
            Forbidden: The address was not signed for this.
            Expired: It was, but that is too long ago.
            Conflict: It was used before.
            InvalidInput: More or fewer bytes than were signed for.
        """

    def find(self, key: str, signed: Mapping[str, str]) -> StoredFile:
        """Find what an address from `sign_download` allows to fetch.

        Raises:
            Forbidden: The address was not signed for this.
            Expired: It was, but that is too long ago.
            NotFound: Nothing is stored there.
        """


class Cipher(Protocol):
    """Keeps small secrets unreadable at rest (AES-256-GCM, with the id of the key in front)."""

    def seal(self, plain: str, *, bound_to: str) -> bytes:
        """Encrypt; `bound_to` (a row's id, say) must be given again to open it."""

    def open(self, sealed: bytes, *, bound_to: str) -> str:
        """Decrypt.

        Raises:
            ValueError: It was sealed with a key that is gone, for something else, or was tampered with.
        """


@dataclass(frozen=True)
class Claims:
    """What an access token says.

    Attributes:
        user_id: Whose it is.
        session_id: The session it was made for.
        expires_at: Until when it holds.
    """

    user_id: UUID
    session_id: UUID
    expires_at: datetime


class TokenMaker(Protocol):
    """Makes and reads access tokens (signed JWTs, RFC 9068 in spirit)."""

    def issue(self, claims: Claims) -> str:
        """Sign the claims."""

    def read(self, token: str) -> Claims:
        """Check signature, type, audience and time.

        Raises:
            Unauthenticated: It does not hold.
        """


@dataclass(frozen=True)
class Services:
    """Everything from outside that the platform uses, built once from settings by `bootstrap`.

    Attributes:
        spotify_calls: How many calls to Spotify the whole app may make in 30 seconds.
        return_addresses: Where a browser may be sent back to after a round trip to a provider; the first unless told.
        public_url: Where this server is found from outside, without a slash at the end.
        fee_basis_points: The platform's part of what people are paid.
        roads: By which roads money leaves.
        thresholds: From which amounts on it does.
        time_zone: By whose clocks the platform does what it does at a certain time.
        secret: The key of keyed hashes.
        demo: Whether this is the demo.
    """

    mailer: Mailer
    telephones: Telephones
    limiter: Limiter
    cache: Cache
    bell: Bell
    bus: Bus
    files: FileStore
    file_door: FileDoor
    photos: Photos
    printer: Printer
    cipher: Cipher
    tokens: TokenMaker
    oauth: Mapping[Vendor, OAuthProvider]
    wallets: WalletTokens
    spotify: Player
    apple_music: RecentTracks
    catalogs: Mapping[AccountProvider, Catalog]
    payments: CardPayments
    histories: Histories
    play_accounts: Mapping[AccountProvider, PlayAccounts]
    request_signatures: RequestSignatures
    notary: Notary
    pins: Pins
    spotify_calls: int
    return_addresses: tuple[str, ...]
    public_url: str
    fee_basis_points: int
    roads: Roads
    thresholds: Mapping[Currency, Threshold]
    time_zone: ZoneInfo
    secret: bytes
    demo: bool
    watchers: Watchers
