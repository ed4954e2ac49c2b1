"""Talking to the server: pairing, and sending a file with a number that only rises."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from companion.kept import Kept, new_key
from domain.companions import Claim
from domain.errors import Forbidden, InvalidInput, RateLimited, Unavailable
from integrations.http_signatures import sign

PLAYS: Final = "/companion/plays"
PATIENCE: Final = httpx.Timeout(60.0, connect=10.0)
UNREADABLE: Final = frozenset({413, 422})


class OldCounter(Exception):
    """The server has seen a larger number than ours.

    Attributes:
        counter: That number.
    """

    def __init__(self, counter: int) -> None:
        super().__init__("the server has seen a larger number")
        self.counter = counter


@dataclass(frozen=True)
class Taken:
    """What the server made of a file."""

    imported: int
    updated: int
    duplicates: int
    warnings: tuple[str, ...]


def read_address(text: str) -> str:
    """Read the address of a server.

    Raises:
        InvalidInput: It is none, or its traffic could be read on the way.
    """
    parts = urlsplit(text.strip().rstrip("/"))
    local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if parts.scheme not in {"https", "http"} or not parts.hostname or parts.path or parts.query or parts.fragment:
        raise InvalidInput("Give the server's address, such as https://backline.example.")
    if parts.scheme == "http" and not local:
        raise InvalidInput("A server elsewhere is spoken to by https alone.")
    return text.strip().rstrip("/")


def pair(server: str, code: str, name: str | None) -> Kept:
    """Show a code, and give the server the public half of a new key.

    Raises:
        InvalidInput: The server does not take the code.
        Unavailable: It does not answer.
    """
    private, public = new_key()
    said = {"code": code, "publicKey": public} | ({"name": name} if name else {})
    try:
        answer = httpx.post(f"{server}/companion/pair", json=said, timeout=PATIENCE)
    except (httpx.HTTPError, httpx.InvalidURL) as fault:
        raise Unavailable(f"{server} does not answer ({type(fault).__name__}).") from None
    if answer.is_server_error:
        raise Unavailable(f"{server} answers with {answer.status_code}.")
    content = _json(answer)
    companion_id = content.get("companionId")
    if not answer.is_success or not isinstance(companion_id, str):
        raise InvalidInput(_message(answer, content))
    return Kept(server=server, companion_id=companion_id, key=private)


def post(http: httpx.Client, kept: Kept, counter: int, content: bytes, *, filename: str, zone: str) -> Taken:
    """Send a file under a number.

    Raises:
        OldCounter: The server has seen a larger number.
        InvalidInput: It does not take this file, now or ever.
        Forbidden: It does not know us (any more).
        RateLimited: It wants us to wait.
        Unavailable: It does not answer; it may have taken the file.
    """
    claim = Claim(kept.id, counter, hashlib.sha256(content).digest(), filename, zone, b"", b"")
    headers = sign(kept.private_key, claim, method="POST", path=PLAYS)
    headers["content-type"] = "application/octet-stream"
    try:
        answer = http.post(f"{kept.server}{PLAYS}", content=content, headers=headers)
    except httpx.HTTPError as fault:
        raise Unavailable(f"The server does not answer ({type(fault).__name__}).") from None
    found = _json(answer)
    if answer.is_success:
        return _taken(found)
    message = _message(answer, found)
    if answer.status_code == httpx.codes.CONFLICT:
        counter_there = (found.get("error") or {}).get("counter")
        if isinstance(counter_there, int):
            raise OldCounter(counter_there)
    if answer.status_code in UNREADABLE:
        raise InvalidInput(message)
    if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise Forbidden(message)
    if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        wait = answer.headers.get("retry-after", "")
        raise RateLimited(message, retry_after_seconds=float(wait) if wait.isdigit() else None)
    raise Unavailable(message)


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _message(answer: httpx.Response, found: dict[str, Any]) -> str:
    error = found.get("error")
    told = error.get("message") if isinstance(error, dict) else None
    return told if isinstance(told, str) else f"The server answers with {answer.status_code}."


def _taken(found: dict[str, Any]) -> Taken:
    try:
        imported, updated, duplicates = (int(found[f"{name}Count"]) for name in ("imported", "updated", "duplicate"))
        return Taken(imported, updated, duplicates, tuple(str(each) for each in found.get("warnings", ())))
    except (KeyError, TypeError, ValueError):
        raise Unavailable("The server does not answer as one of ours does.") from None
