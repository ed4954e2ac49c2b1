"""JSON that everybody writes in the same bytes (RFC 8785), and the address that such bytes have in IPFS.

Of JSON's values only texts, whole numbers, yes and no, lists and objects are taken: fractions are written differently
by different languages, which is most of what RFC 8785 is about, and are texts in our documents.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any, Final

MAX_WHOLE: Final = 2**53 - 1
"""The greatest number that every reader of JSON reads as it was written."""

CID_HEAD: Final = bytes([0x01, 0x55, 0x12, 0x20])
"""CIDv1, raw bytes, and a SHA2-256 hash of 32 bytes."""


class NotCanonical(ValueError):
    """The bytes are no JSON, or not in the one form; the message says why."""


def canonical_json(value: Any) -> bytes:
    """Write a value in the one form.

    Raises:
        NotCanonical: It holds something that has none here.
    """
    try:
        text = json.dumps(_ordered(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return text.encode()
    except UnicodeEncodeError:
        raise NotCanonical("it holds half a character") from None
    except RecursionError:
        raise NotCanonical("it is nested too deeply") from None


def read_canonical(content: bytes) -> Any:
    """Read bytes that must be in the one form.

    Raises:
        NotCanonical: They are not.
    """
    try:
        value = json.loads(content.decode(), object_pairs_hook=_object, parse_float=_refuse, parse_constant=_refuse)
    except NotCanonical:
        raise
    except RecursionError:
        raise NotCanonical("it is nested too deeply") from None
    except ValueError:
        raise NotCanonical("it is no JSON") from None
    if canonical_json(value) != content:
        raise NotCanonical("it is not written as RFC 8785 says")
    return value


def cid_of(content: bytes) -> str:
    """Make the CID (version 1, raw, SHA2-256) of bytes that fit into one block."""
    return "b" + base64.b32encode(CID_HEAD + hashlib.sha256(content).digest()).decode().lower().rstrip("=")


def _ordered(value: Any) -> Any:
    """Put objects' names into the order of their UTF-16 code units, as the standard wants."""
    match value:
        case dict():
            if not all(isinstance(name, str) for name in value):
                raise NotCanonical("an object's names must be texts")
            return {name: _ordered(value[name]) for name in sorted(value, key=_utf_16)}
        case list() | tuple():
            return [_ordered(each) for each in value]
        case bool() | str():
            return value
        case int() if abs(value) <= MAX_WHOLE:
            return value
    raise NotCanonical("it holds something else than texts, whole numbers, yes and no")


def _utf_16(name: str) -> bytes:
    return name.encode("utf-16-be")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotCanonical("a name comes twice")
    return found


def _refuse(_text: str) -> Any:
    raise NotCanonical("it holds a fraction")
