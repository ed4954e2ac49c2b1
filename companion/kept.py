"""What a companion keeps between its runs: who it is, its key, its last number, and what it has sent."""

from __future__ import annotations

import base64
import json
import os
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.errors import InvalidInput, NotFound
from domain.ids import Prefix, from_wire

FILE: Final = "companion.json"


@dataclass
class Sent:
    """A file as it was when it was last sent, or refused for good.

    Attributes:
        mtime: When it was changed, in nanoseconds.
        size: Its length.
        sha256: The digest of what was sent, in hexadecimal digits.
    """

    mtime: int
    size: int
    sha256: str


@dataclass
class Kept:
    """One pairing with one server; the key never leaves this machine.

    Attributes:
        server: The server's address, without a slash at the end.
        companion_id: Who we are there, as on the wire.
        key: The private key, in base64.
        counter: The number of the last request.
        sent: What was sent, by its path.
    """

    server: str
    companion_id: str
    key: str = field(repr=False)
    counter: int = 0
    sent: dict[str, Sent] = field(default_factory=dict)

    @property
    def id(self) -> UUID:
        """Who we are there."""
        return from_wire(Prefix.COMPANION, self.companion_id)

    @property
    def private_key(self) -> Ed25519PrivateKey:
        """What requests are signed with."""
        return Ed25519PrivateKey.from_private_bytes(base64.b64decode(self.key))


def new_key() -> tuple[str, str]:
    """Make a key.

    Returns:
        Its private and its public half, in base64.
    """
    key = Ed25519PrivateKey.generate()
    raw = serialization.Encoding.Raw
    private = key.private_bytes(raw, serialization.PrivateFormat.Raw, serialization.NoEncryption())
    public = key.public_key().public_bytes(raw, serialization.PublicFormat.Raw)
    return base64.b64encode(private).decode(), base64.b64encode(public).decode()


def default_folder() -> Path:
    """Where programs keep such things on this system."""
    if sys.platform == "win32":
        parent = os.environ.get("APPDATA")
        return Path(parent) / "Backline" if parent else Path.home() / "AppData" / "Roaming" / "Backline"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "Backline"
    parent = os.environ.get("XDG_CONFIG_HOME")
    return (Path(parent) if parent else Path.home() / ".config") / "backline"


def load(folder: Path) -> Kept:
    """Read what was kept.

    Raises:
        NotFound: This machine was never paired.
        InvalidInput: What is there cannot be read.
    """
    path = folder / FILE
    try:
        found = json.loads(path.read_text())
        sent = {name: Sent(**each) for name, each in found.pop("sent").items()}
        kept = Kept(**found, sent=sent)
        _ = kept.id, kept.private_key
    except FileNotFoundError:
        raise NotFound("This companion is not paired. Run `backline companion pair CODE --server URL` first.") from None
    except (ValueError, TypeError, KeyError, AttributeError, NotFound):
        raise InvalidInput(f"{path} cannot be read: remove it and pair the companion again.") from None
    return kept


def save(folder: Path, kept: Kept) -> None:
    """Write what is to be kept: whole or not at all, and for nobody else on this machine."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = folder / f".{FILE}.{os.getpid()}"
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(asdict(kept), file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(folder / FILE)
    finally:
        draft.unlink(missing_ok=True)
