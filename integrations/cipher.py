"""Small secrets at rest: AES-256-GCM (NIST SP 800-38D), each sealed with a named key so that keys can be changed."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from integrations import secret_files

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")


class AesCipher:
    """The port `Cipher`. A sealed value is ``<key id>:<nonce, 12 bytes><ciphertext and tag>``."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        """Take keys by their ids, newest first: the first one seals, all of them open."""
        self._keys = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self.current_key_id = next(iter(self._keys))

    def seal(self, plain: str, *, bound_to: str) -> bytes:
        """Encrypt with the current key; `bound_to` and the key's id are authenticated as well."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        mark = self.current_key_id.encode() + b":"
        return mark + nonce + self._keys[self.current_key_id].encrypt(nonce, plain.encode(), mark + bound_to.encode())

    def open(self, sealed: bytes, *, bound_to: str) -> str:
        """Decrypt.

        Raises:
            ValueError: It was sealed with a key that is gone, for something else, or was tampered with.
        """
        key_id = key_id_of(sealed)
        if key_id not in self._keys:
            raise ValueError(f"It was sealed with the key {key_id!r}, which is not among the keys.")
        mark, body = sealed[: len(key_id) + 1], sealed[len(key_id) + 1 :]
        try:
            nonce, content = body[:NONCE_BYTES], body[NONCE_BYTES:]
            return self._keys[key_id].decrypt(nonce, content, mark + bound_to.encode()).decode()
        except (InvalidTag, ValueError):
            raise ValueError("It was sealed for something else, or was changed.") from None


def key_id_of(sealed: bytes) -> str:
    """Tell which key sealed this.

    Raises:
        ValueError: It is not a sealed value.
    """
    mark, colon, _ = bytes(sealed[:33]).partition(b":")
    key_id = mark.decode("ascii", "replace")
    if not colon or not KEY_ID.fullmatch(key_id):
        raise ValueError("It is not a sealed value.")
    return key_id


def parse_keys(text: str) -> dict[str, bytes]:
    """Read keys written as ``k2:<base64>,k1:<base64>``, newest first.

    Raises:
        ValueError: It is written differently, a key has not 32 bytes, or an id comes twice; says what, never a key.
    """
    keys: dict[str, bytes] = {}
    for place, part in enumerate(filter(None, (part.strip() for part in text.split(","))), start=1):
        key_id, colon, encoded = part.partition(":")
        if not colon or not KEY_ID.fullmatch(key_id):
            raise ValueError(f"entry {place} must look like k1:<base64 of 32 bytes>")
        if key_id in keys:
            raise ValueError(f"the key id {key_id!r} comes twice")
        try:
            keys[key_id] = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            raise ValueError(f"the key {key_id!r} is not base64") from None
        if len(keys[key_id]) != KEY_BYTES:
            raise ValueError(f"the key {key_id!r} must have 32 bytes; `openssl rand -base64 32` makes one")
    if not keys:
        raise ValueError("it must hold at least one key such as k1:<base64 of 32 bytes>")
    return keys


def kept_keys(path: Path) -> dict[str, bytes]:
    """Read the demo's keys from their file, made with a first key when it is not there.

    Raises:
        ValueError: The file is damaged.
    """
    texts = secret_files.keep(path, lambda: {"k1": _new_key()})
    try:
        return parse_keys(",".join(f"{key_id}:{text}" for key_id, text in texts.items()))
    except ValueError as fault:
        raise ValueError(f"{path} is damaged: {fault}") from None


def add_key(path: Path) -> dict[str, bytes]:
    """Put a new key in front of those in the file; what is sealed from the next start on is sealed with it.

    Raises:
        ValueError: The file is damaged.
    """
    kept_keys(path)
    old = secret_files.read(path)
    secret_files.replace(path, {f"k{len(old) + 1}": _new_key(), **old})
    return kept_keys(path)


def _new_key() -> str:
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def new_signing_key() -> str:
    """Make a private key for ES256 (P-256), as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def public_key_of(private_key: str) -> str:
    """Give the public half of a private key, both as PEM.

    Raises:
        ValueError: It is no private key.
    """
    key = serialization.load_pem_private_key(private_key.encode(), password=None)
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def parse_signing_key(text: str) -> str:
    """Read a private key for ES256 from a setting; in one line, a backslash and an n stand for the end of a line.

    Raises:
        ValueError: It is none; the text must not be shown.
    """
    key = text.replace("\\n", "\n")
    try:
        found = serialization.load_pem_private_key(key.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        found = None
    fine = isinstance(found, ec.EllipticCurvePrivateKey) and isinstance(found.curve, ec.SECP256R1)
    if not fine:
        raise ValueError("must be a private key (P-256) in PEM, such as the .p8 file that Apple gives")
    return key
