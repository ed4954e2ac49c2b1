"""HTTP Message Signatures (RFC 9421) with Ed25519, as far as companions use them, and the digest of a body (RFC 9530).

A companion signs one request with one signature over `COVERED`; what else a header could say of signatures (several of
them, keys elsewhere, parameters of components) is refused. The moment in `created` is written and not judged: clocks of
laptops are wrong, and a request is sent once because its counter is, not because it is young.
"""

from __future__ import annotations

import base64
import binascii
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from domain.companions import HIGHEST_COUNTER, KEY_BYTES, Claim, Head
from domain.errors import NotFound, Unauthenticated
from domain.ids import Prefix, from_wire, to_wire
from domain.uploads import MAX_FILENAME

COUNTER: Final = "companion-counter"
FILENAME: Final = "companion-file"
TIME_ZONE: Final = "companion-time-zone"
DIGEST: Final = "content-digest"
COVERED: Final = ("@method", "@path", DIGEST, COUNTER, FILENAME, TIME_ZONE)
LABEL: Final = "companion"
LONGEST_HEADER: Final = 2000

COMPONENT: Final = re.compile(r'"(@?[a-z][a-z0-9-]*)"')
INPUT: Final = re.compile(
    r'([a-z*][a-z0-9_.*-]*)=(\((?:"@?[a-z][a-z0-9-]*"(?: "@?[a-z][a-z0-9-]*")*)?\)'
    r'(?:;[a-z][a-z0-9]*=(?:\d{1,15}|"[ !#-\[\]-~]*"))*)'
)
PARAMETER: Final = re.compile(r';([a-z][a-z0-9]*)=(?:(\d{1,15})|"([ !#-\[\]-~]*)")')
SIGNATURE: Final = re.compile(r"([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/]+={0,2}):")
SHA256: Final = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):")


@dataclass(frozen=True)
class Signed:
    """What the two headers of a signature say.

    Attributes:
        components: What it is over, in that order.
        parameters: What is said of it.
        written: Both as they were written; it is part of what is signed.
        signature: The signature.
    """

    components: tuple[str, ...]
    parameters: Mapping[str, str]
    written: str
    signature: bytes


def parse(signature_input: str, signature: str) -> Signed:
    """Read the headers `Signature-Input` and `Signature`, which hold one signature.

    Raises:
        ValueError: They do not, or hold what we do not know; the message says which.
    """
    said = INPUT.fullmatch(signature_input.strip())
    if said is None:
        raise ValueError("Signature-Input")
    made = SIGNATURE.fullmatch(signature.strip())
    if made is None or made[1] != said[1]:
        raise ValueError("Signature")
    components = tuple(COMPONENT.findall(said[2].partition(")")[0]))
    found = PARAMETER.findall(said[2].rpartition(")")[2])
    if len(set(components)) != len(components) or len({name for name, *_ in found}) != len(found):
        raise ValueError("Signature-Input")
    parameters = {name: number or text for name, number, text in found}
    return Signed(components, parameters, said[2], _decode(made[2], "Signature"))


def signature_base(components: Sequence[str], values: Mapping[str, str], written: str) -> bytes:
    """Write what a signature is over (RFC 9421, 2.5).

    Raises:
        KeyError: The request has no such component.
    """
    lines = [f'"{name}": {values[name].strip()}' for name in components]
    return "\n".join([*lines, f'"@signature-params": {written}']).encode("latin-1", "replace")


def write_input(components: Sequence[str], *, created: int, key_id: str) -> str:
    """Write what a signature is over and whose it is, as it stands behind the label."""
    listed = " ".join(f'"{name}"' for name in components)
    return f'({listed});created={created};keyid="{key_id}";alg="ed25519"'


def digest_header(sha256: bytes) -> str:
    """Write a digest as `Content-Digest` has it."""
    return f"sha-256=:{base64.b64encode(sha256).decode()}:"


def sign(key: Ed25519PrivateKey, claim: Claim, *, method: str, path: str) -> dict[str, str]:
    """Make the headers of a companion's request; what the claim holds of a signature is not looked at."""
    headers = {
        DIGEST: digest_header(claim.sha256),
        COUNTER: str(claim.counter),
        FILENAME: quote(claim.filename),
        TIME_ZONE: claim.time_zone,
    }
    key_id = to_wire(Prefix.COMPANION, claim.companion_id)
    written = write_input(COVERED, created=int(time.time()), key_id=key_id)
    made = key.sign(signature_base(COVERED, headers | {"@method": method, "@path": path}, written))
    return headers | {
        "signature-input": f"{LABEL}={written}",
        "signature": f"{LABEL}=:{base64.b64encode(made).decode()}:",
    }


class Ed25519Requests:
    """The port `RequestSignatures`."""

    def read(self, head: Head) -> Claim:
        """Read what a request claims; raises as the port says."""
        try:
            return _claim(head)
        except ValueError as fault:
            raise Unauthenticated(f"This request is not signed as a companion's is; look at {fault}.") from None
        except NotFound:
            raise Unauthenticated("The signature's keyid is no companion's.") from None

    def holds(self, claim: Claim, public_key: bytes) -> bool:
        """Whether the signature was made with the key that belongs to this one."""
        try:
            Ed25519PublicKey.from_public_bytes(public_key).verify(claim.signature, claim.signed)
        except (InvalidSignature, ValueError):
            return False
        return True

    def is_key(self, public_key: bytes) -> bool:
        """Whether this can be a public key."""
        # A key of all zeros, and the few like it, take signatures that anybody can make.
        return len(public_key) == KEY_BYTES and public_key not in WEAK


WEAK: Final = frozenset(
    bytes.fromhex(text)
    for text in (
        "00" * 32,
        "00" * 31 + "80",
        "01" + "00" * 31,
        "01" + "00" * 30 + "80",
        "ec" + "ff" * 30 + "7f",
        "ec" + "ff" * 31,
        "ed" + "ff" * 30 + "7f",
        "ed" + "ff" * 31,
        "ee" + "ff" * 30 + "7f",
        "ee" + "ff" * 31,
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    )
)
"""The points of small order of the curve, in every way of writing them."""


def _claim(head: Head) -> Claim:
    headers = head.headers
    signed = parse(_header(headers, "signature-input"), _header(headers, "signature"))
    if set(signed.components) != set(COVERED) or signed.parameters.get("alg", "ed25519") != "ed25519":
        raise ValueError("Signature-Input")
    values = {name: _header(headers, name) for name in COVERED if not name.startswith("@")}
    values |= {"@method": head.method, "@path": head.path}
    return Claim(
        companion_id=from_wire(Prefix.COMPANION, signed.parameters.get("keyid", "")),
        counter=_counter(values[COUNTER]),
        sha256=_digest(values[DIGEST]),
        filename=_filename(values[FILENAME]),
        time_zone=values[TIME_ZONE].strip(),
        signed=signature_base(signed.components, values, signed.written),
        signature=signed.signature,
    )


def _header(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name, "")
    if not value or len(value) > LONGEST_HEADER or not value.isascii():
        raise ValueError("-".join(part.capitalize() for part in name.split("-")))
    return value


def _counter(text: str) -> int:
    if not re.fullmatch(r"[1-9]\d{0,15}", text.strip()) or int(text) > HIGHEST_COUNTER:
        raise ValueError("Companion-Counter")
    return int(text)


def _digest(text: str) -> bytes:
    found = SHA256.fullmatch(text.strip())
    if found is None:
        raise ValueError("Content-Digest")
    return _decode(found[1], "Content-Digest")


def _filename(text: str) -> str:
    try:
        name = unquote_to_bytes(text.strip()).decode()
    except UnicodeDecodeError:
        raise ValueError("Companion-File") from None
    if not name.isprintable() or len(name) > MAX_FILENAME or "/" in name or "\\" in name or not name.strip(" ."):
        raise ValueError("Companion-File")
    return name


def _decode(text: str, name: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError(name) from None
