"""What `backline proof` does: looks at the proof of a mission on paper alone, without a network or a database."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from pathlib import Path

from domain.canonical import cid_of
from domain.errors import InvalidInput
from domain.proof_documents import LONGEST, SALT_BYTES, Check, examine, key_id_of, spoken_of
from integrations.proof_keys import Ed25519Notary, holds, parse_public_key, read_public_keys
from settings import Settings


def verify(document: bytes, trusted: Collection[bytes], *, cid: str | None = None) -> tuple[list[str], bool]:
    """Check a document; `trusted` are the keys of the platform that it should be of.

    Returns:
        What to print, the CID and a line for each check, and whether everything is right.

    Raises:
        InvalidInput: No key is trusted: anybody could have signed it.
    """
    if not trusted:
        raise InvalidInput("Say whose proof it should be, with --key or --keys: a document cannot vouch for itself.")
    found = cid_of(document)
    lines, fine = [found], True
    if cid is not None:
        fine = cid == found
        lines.append(_line("address", None if fine else "the CID of these bytes is another one"))
    findings = examine(document, holds, trusted)
    lines += [_line(finding.check, finding.fault) for finding in findings]
    lines += [f"{check:<10}not looked at" for check in list(Check)[len(findings) :]]
    return lines, fine and all(finding.fault is None for finding in findings)


def reveal(document: bytes, salt: str | None, names: Sequence[str]) -> tuple[list[str], bool]:
    """Say whom and what a document that was checked speaks of, for whoever has its salt.

    Returns:
        A line for each name, and whether the document speaks of all of them.

    Raises:
        InvalidInput: The salt is none.
    """
    try:
        key = bytes.fromhex(salt or "")
    except ValueError:
        key = b""
    if len(key) != SALT_BYTES:
        raise InvalidInput(f"A salt has {2 * SALT_BYTES} hexadecimal digits.")
    found = {name: spoken_of(document, key, name) for name in names}
    lines = [f"{' and '.join(roles) or 'nowhere':<10}{name}" for name, roles in found.items()]
    return lines, all(found.values())


def own_keys(settings: Settings) -> Sequence[bytes]:
    """The public keys of this installation, the present one first; none when it has no secret to make one of."""
    if not settings.proof_signing_key:
        return settings.proof_former_keys
    return Ed25519Notary(settings.proof_signing_key, settings.proof_former_keys).trusted


def print_keys(keys: Collection[bytes]) -> list[str]:
    """Write keys as `read_keys` reads them."""
    return [f"{key.hex()}  # {key_id_of(key)}" for key in keys]


def read_keys(texts: Sequence[str], file: str | None) -> list[bytes]:
    """Read the keys that somebody trusts, as they were typed and from a file.

    Raises:
        InvalidInput: One of them is none.
    """
    try:
        typed = [parse_public_key(text) for text in texts]
        return [*typed, *(read_public_keys(Path(file).read_text()) if file else ())]
    except ValueError as fault:
        raise InvalidInput(f"Keys {fault}.") from None


def read(file: str) -> bytes:
    """Read a file, or standard input for `-`; just more than a document may have."""
    if file == "-":
        return sys.stdin.buffer.read(LONGEST + 1)
    with Path(file).open("rb") as opened:
        return opened.read(LONGEST + 1)


def _line(check: str, fault: str | None) -> str:
    return f"{check:<10}{'good' if fault is None else f'WRONG: {fault}'}"
