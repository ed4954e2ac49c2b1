"""Secrets that are made once and kept in a file for their owner alone (the demo's; otherwise they come by settings)."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

import orjson


def keep(path: Path, make: Callable[[], dict[str, str]]) -> dict[str, str]:
    """Read the secrets in the file; make and write them first when there is none.

    Several processes may do this at once: one of them wins, all of them get what the winner wrote.

    Raises:
        ValueError: The file is there and holds something else.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = write_private(path, make())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return read(path)


def read(path: Path) -> dict[str, str]:
    """Read the secrets in the file.

    Raises:
        ValueError: It holds something else.
    """
    try:
        found = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise ValueError(f"{path} is damaged; put it back from a copy, or remove it to start with new secrets.")
    return found


def replace(path: Path, values: dict[str, str]) -> None:
    """Write the file anew, whole or not at all."""
    write_private(path, values).replace(path)


def write_private(path: Path, values: dict[str, str]) -> Path:
    """Write a draft beside the path that nobody else can read; returns where it is."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(orjson.dumps(values, option=orjson.OPT_INDENT_2))
        file.flush()
        os.fsync(file.fileno())
    return draft
