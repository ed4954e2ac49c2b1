"""What is kept of secrets: never themselves."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Final
from uuid import UUID

API_TOKEN_START: Final = "bl_"  # noqa: S105 -- how all of them begin, so that scanners find a lost one
SECRET_BYTES: Final = 32


def new_secret() -> str:
    """Make a secret of 256 random bits, in 43 letters that fit into a header."""
    return secrets.token_urlsafe(SECRET_BYTES)


def hash_secret(secret: str) -> bytes:
    """SHA-256 is enough for what has 256 random bits: nobody can go through them."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()


def hash_code(key: bytes, code_id: UUID, code: str) -> bytes:
    """A code has a million values only, so its hash needs a key that the database does not have."""
    return hmac.digest(key, b"sign-in code " + code_id.bytes + code.encode(), hashlib.sha256)


def hash_pairing_code(key: bytes, code: str) -> bytes:
    """A pairing code has 50 random bits: too few for a plain hash that somebody may have copied. The hyphen is no part of it."""
    return hmac.digest(key, b"pairing code " + code.replace("-", "").encode(), hashlib.sha256)


def hash_address(key: bytes, address: str) -> str:
    """Name an address where it must not be readable, such as in the names of limits."""
    return hmac.digest(key, b"address " + address.encode(), hashlib.sha256).hex()[:32]
