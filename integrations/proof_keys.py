"""The platform's signature under proofs: Ed25519 (RFC 8032)."""

from __future__ import annotations

import base64
from collections.abc import Collection
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

KEY_BYTES: Final = 32


class Ed25519Notary:
    """The port `Notary`."""

    def __init__(self, private_key: bytes, former: Collection[bytes] = ()) -> None:
        """Take the private key of 32 bytes, and the public halves of those that were used before it."""
        self._key = Ed25519PrivateKey.from_private_bytes(private_key)
        self.public_key = self._key.public_key().public_bytes_raw()
        self.trusted: tuple[bytes, ...] = (self.public_key, *(key for key in former if key != self.public_key))

    def sign(self, content: bytes) -> bytes:
        """Make a signature of 64 bytes."""
        return self._key.sign(content)

    def holds(self, public_key: bytes, signature: bytes, content: bytes) -> bool:
        """Tell whether a signature is that of a public key over some bytes."""
        return holds(public_key, signature, content)


def holds(public_key: bytes, signature: bytes, content: bytes) -> bool:
    """Tell whether a signature is that of a public key over some bytes. Never raises."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, content)
    except (InvalidSignature, ValueError):
        return False
    return True


def parse_signing_key(text: str) -> bytes:
    """Read a private key of 32 bytes from a setting.

    Raises:
        ValueError: It is none; the text must not be shown.
    """
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError("must be 32 bytes in base64; `openssl rand -base64 32` makes a good one")
    return key


def parse_public_key(text: str) -> bytes:
    """Read a public key in hexadecimal digits, as `backline proof keys` prints it.

    Raises:
        ValueError: It is none.
    """
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError("must be public keys of 64 hexadecimal digits, as `backline proof keys` prints them")
    return key


def read_public_keys(text: str) -> list[bytes]:
    """Read a file of public keys: one in a line; what follows `#` is for people.

    Raises:
        ValueError: A line holds something else.
    """
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [parse_public_key(line) for line in lines if line]
