"""The fields of a proof's document: what must be there, what may, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from domain.tracks import MAX_NAME

FORMAT: Final = "backline-mission-proof/1"
ALGORITHM: Final = "Ed25519"

Test = Callable[[Any], bool]
Shape = Mapping[str, tuple[bool, "Test | Shape | list[Shape]"]]
"""An object's fields: whether each must be there, and what it must be."""


def fault_in(value: Any, shape: Shape, path: str = "") -> str | None:
    """Say what of an object has not its shape; None when everything has."""
    if not isinstance(value, dict):
        return f"{path or 'the document'} must be an object"
    strange = sorted(set(value) - set(shape))
    if strange:
        return f"{path or 'the document'} must not have {strange[0][:40]!a}"
    for name, (needed, wanted) in shape.items():
        where = f"{path}.{name}" if path else name
        if name not in value:
            if needed:
                return f"{where} is missing"
            continue
        fault = _fault_of(value[name], wanted, where)
        if fault:
            return fault
    return None


def _fault_of(value: Any, wanted: Test | Shape | list[Shape], where: str) -> str | None:
    if callable(wanted):
        return None if wanted(value) else f"{where} is not what it must be"
    if isinstance(wanted, list):
        if not isinstance(value, list) or not value:
            return f"{where} must be a list with something in it"
        faults = (fault_in(each, wanted[0], f"{where}.{place}") for place, each in enumerate(value))
        return next(filter(None, faults), None)
    return fault_in(value, wanted, where)


def moment_text(moment: datetime) -> str:
    """Write a moment as RFC 3339 has it: in UTC, with milliseconds.

    Raises:
        ValueError: It does not say its time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment must say its time zone")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _like(pattern: str) -> Test:
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_NAME


def _moment(value: Any) -> bool:
    try:
        return isinstance(value, str) and moment_text(datetime.fromisoformat(value)) == value
    except (ValueError, OverflowError):
        return False


HASH: Final = _like("[0-9a-f]{64}")
WORD: Final = _like("[A-Z][A-Z0-9_]{0,63}")
TRACK: Final[Shape] = {
    "title": (True, _text),
    "artist": (False, _text),
    "isrc": (False, _text),
    "bpm": (False, _like(r"[0-9]{1,3}(\.[0-9]{1,2})?")),
    "durationMilliseconds": (False, _whole),
}
PLAY: Final[Shape] = {
    **TRACK,
    "playedAt": (True, _moment),
    "playedMilliseconds": (False, _whole),
    "deck": (False, _whole),
    "source": (True, WORD),
    "trustLevel": (True, WORD),
}
SCORE: Final = ("title", "artist", "isrc", "duration", "total", "available")
RULE: Final[Shape] = {
    "code": (True, WORD),
    "passed": (True, lambda value: isinstance(value, bool)),
    "actual": (True, _text),
    "limit": (True, _text),
}
PROOF: Final[Shape] = {
    "format": (True, lambda value: value == FORMAT),
    "missionId": (True, HASH),
    "runnerId": (True, HASH),
    "curatorId": (True, HASH),
    "trackWanted": (True, TRACK),
    "trackPlayed": (False, PLAY),
    "venue": (True, {"match": (True, WORD), "name": (False, HASH)}),
    "verificationMethod": (True, WORD),
    "verificationTime": (True, _moment),
    "confidence": (False, _like(r"100\.0|[0-9]{1,2}\.[0-9]")),
    "score": (False, dict.fromkeys(SCORE, (True, _whole))),
    "rules": (False, [RULE]),
    "evidenceSha256": (True, HASH),
}
DOCUMENT: Final[Shape] = {
    "proof": (True, PROOF),
    "signature": (
        True,
        {
            "algorithm": (True, lambda value: value == ALGORITHM),
            "keyId": (True, _like("[0-9a-f]{16}")),
            "publicKey": (True, HASH),
            "value": (True, _like("[0-9a-f]{128}")),
        },
    ),
}
