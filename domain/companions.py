"""Companions: programs beside somebody's DJ software that send its histories, each with a key of its own."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Protocol
from uuid import UUID

MAX_NAME: Final = 80
MAX_COMPANIONS: Final = 10
KEY_BYTES: Final = 32
CODE_HOLDS: Final = timedelta(minutes=10)
HIGHEST_COUNTER: Final = 2**53 - 1
"""The largest whole number that every language reads from JSON."""

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: without letters that are taken for digits."""
CODE_LETTERS: Final = 10
ALIKE: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


def new_code() -> str:
    """Make a code for people to type, of 50 random bits, such as `7KQ2M-V9XAB`."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LETTERS))
    return f"{letters[:5]}-{letters[5:]}"


def read_code(text: str) -> str | None:
    """Read a code as somebody typed it: in any case, with or without the hyphen; None when it can be none."""
    code = text[:100].upper().translate(ALIKE)
    return code if len(code) == CODE_LETTERS and set(code) <= set(ALPHABET) else None


@dataclass(frozen=True)
class Head:
    """What a request says before its body.

    Attributes:
        method: The HTTP method.
        path: Where to, as it was written, without a query.
        headers: Its headers by their names in small letters; those of one name in one, with commas.
    """

    method: str
    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Claim:
    """What a companion says of a file that it sends, before anybody has checked it.

    Attributes:
        companion_id: Who it says it is.
        counter: Its number of the request: each is larger than the one before.
        sha256: The digest of the body.
        filename: The file's name.
        time_zone: The IANA name of where the DJ is.
        signed: What the signature is over.
        signature: The signature.
    """

    companion_id: UUID
    counter: int
    sha256: bytes
    filename: str
    time_zone: str
    signed: bytes = field(repr=False)
    signature: bytes = field(repr=False)


class RequestSignatures(Protocol):
    """Reads and checks signed requests: HTTP Message Signatures (RFC 9421) with Ed25519, and digests (RFC 9530)."""

    def read(self, head: Head) -> Claim:
        """Read what a request claims.

        Raises:
            Unauthenticated: It is not signed, or not over all that has to be; the message says what is missing.
        """

    def holds(self, claim: Claim, public_key: bytes) -> bool:
        """Whether the signature was made with the key that belongs to this one."""

    def is_key(self, public_key: bytes) -> bool:
        """Whether this can be a public key."""
