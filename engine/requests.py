"""What a client asks: read from a body, an address or a socket, and refused when it has not the right shape."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from starlette.requests import ClientDisconnect, Request

from engine.breath import Queue
from engine.errors import BadInput
from engine.limits import Limits

JSON: Final = "application/json"
RESPONSE_JSON: Final = "application/graphql-response+json"
METHODS: Final = "GET, HEAD, POST, OPTIONS"
LINGERING: Final = 4
"""So many times what a body may have is still taken in, and thrown away, from who sends too much."""
LARGE: Final = 65_536
"""A body of more bytes is decoded when no other such one is: to decode the longest takes several milliseconds in one go."""
VALUES_PER_VALUE: Final = 3
"""Each value may have a name, and a comma before it; with some for what else stands in a request."""
LONGEST_ID: Final = 200
"""Ids of documents are hashes or names."""


@dataclass(slots=True)  # Not frozen, which takes four times as long to make; nobody changes it all the same.
class Asked:
    """One operation as it was asked for.

    Attributes:
        query: The text of the document; empty while only its id is known.
        variables: Values by name.
        operation_name: Which operation of the document; None when it has one only.
        document_id: The id that was given instead of a text.
        digest: The SHA-256 that came with a text, or instead of it, as Apollo's clients send it (`persistedQuery`).
        trusted: Whether the text is that of a trusted document.
        parts: Whether the answer may come in parts.
        cost: Whether the answer is to say what it cost.
        counted: Whether it counts as a request already.
    """

    query: str
    variables: dict[str, Any] = field(default_factory=dict, repr=False)
    operation_name: str | None = None
    document_id: str | None = None
    digest: str | None = None
    trusted: bool = False
    parts: bool = False
    cost: bool = False
    counted: bool = False


class BadRequest(Exception):
    """A request that is no GraphQL request.

    Attributes:
        status: The HTTP status that says so.
        code: The word that clients switch on.
        message: One sentence for people.
        headers: What else the answer must carry.
    """

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}


def read_parameters(values: object) -> Asked:
    """Read the parameters of a GraphQL request.

    Args:
        values: As decoded from JSON; only its shape is not known yet.

    Returns:
        What is asked.

    Raises:
        BadRequest: A parameter is missing or of the wrong type; the message names it.
    """
    if not isinstance(values, dict):
        raise _malformed("A GraphQL request is one JSON object; several at a time are not taken.")
    query, variables, name = values.get("query"), values.get("variables"), values.get("operationName")
    extensions, document_id = values.get("extensions"), values.get("documentId")
    if not isinstance(variables, (dict, type(None))):
        raise _malformed("The parameter `variables` must be an object or null.")
    if not isinstance(name, (str, type(None))):
        raise _malformed("The parameter `operationName` must be a name or null.")
    if not isinstance(extensions, (dict, type(None))):
        raise _malformed("The parameter `extensions` must be an object or null.")
    digest = _read_digest(extensions or {})
    if document_id is not None:
        # Some clients of sockets cannot leave `query` out.
        if query:
            raise _malformed("Send either `query` or `documentId`.")
        if not isinstance(document_id, str) or not document_id or len(document_id) > LONGEST_ID:
            raise _malformed(
                f"The parameter `documentId` must be the id of a document, of {LONGEST_ID} letters at most."
            )
    elif not isinstance(query, str) and (query is not None or digest is None):
        raise _malformed("The parameter `query` must be the text of a document.")
    cost = (extensions or {}).get("cost") is True
    return Asked(query or "", variables or {}, name or None, document_id, digest, cost=cost)


def _read_digest(extensions: dict[str, Any]) -> str | None:
    """The hash in Apollo's extension for persisted queries; None without that extension."""
    given = extensions.get("persistedQuery")
    if given is None:
        return None
    digest = given.get("sha256Hash") if isinstance(given, dict) else None
    if not isinstance(digest, str) or not digest or len(digest) > LONGEST_ID or given.get("version") != 1:
        raise _malformed("The extension `persistedQuery` must have the version 1 and a `sha256Hash`.")
    return digest


async def read_request(request: Request, limits: Limits, large: Queue, who: Hashable) -> Asked:
    """Read a GraphQL request from HTTP.

    Args:
        request: A GET (or HEAD) with parameters in its address, or a POST with a JSON body.
        limits: How long the body may be. How long it may take to arrive is for the caller to say: see `too_slow`.
        large: Where those wait who send large bodies.
        who: Those who share one line there.

    Returns:
        What is asked.

    Raises:
        BadRequest: Another method, media type or encoding; too long; not JSON; parameters of the wrong type.
        BadInput: Many more values than variables may hold.
    """
    if request.method in {"GET", "HEAD"}:
        values: dict[str, Any] = dict(request.query_params)
        for name in ("variables", "extensions"):
            if values.get(name):
                values[name] = _decode(values[name], f"The parameter `{name}` must be JSON.")
            else:
                values.pop(name, None)
        return read_parameters(values)
    if request.method != "POST":
        raise BadRequest(405, "METHOD_NOT_ALLOWED", "GraphQL is spoken by GET and POST.", {"allow": METHODS})
    _check_media_type(request)
    body = await _read_body(request, limits)
    if len(body) <= LARGE:
        return _read_json(body)
    async with large.turn(who):
        _check_values(body, limits)
        return _read_json(body)


def _check_values(body: bytes, limits: Limits) -> None:
    """Refuse a large body that holds more values than variables may: a hundred thousand lists take a tenth of a second.

    Raises:
        BadInput: It does; see `check_variables`, which would say the same when they are all there.
    """
    most = VALUES_PER_VALUE * limits.input_values
    plain = body.replace(rb"\\", b"").replace(rb"\"", b"")
    texts = plain.count(b'"') // 2
    if texts <= most:
        written = b"".join(plain.split(b'"')[::2])
        if sum(map(written.count, (b",", b"[", b"{"))) <= most:
            return
    raise BadInput(f"All variables together may hold {limits.input_values} values.")


def _read_json(body: bytes) -> Asked:
    return read_parameters(_decode(body, "The body must be JSON in UTF-8."))


def _check_media_type(request: Request) -> None:
    media_type, *parameters = (piece.strip().lower() for piece in request.headers.get("content-type", "").split(";"))
    # Only JSON: a page on another origin cannot send it without asking first (CORS), so nothing here rides on its visitor.
    if media_type != JSON:
        raise BadRequest(415, "UNSUPPORTED_MEDIA_TYPE", f"The body must be {JSON}.", {"accept": JSON})
    charset = next((parameter[8:].strip('"') for parameter in parameters if parameter.startswith("charset=")), "utf-8")
    if charset not in {"utf-8", "utf8"} or request.headers.get("content-encoding", "identity") != "identity":
        raise BadRequest(415, "UNSUPPORTED_MEDIA_TYPE", "The body must be UTF-8 and not compressed.", {"accept": JSON})


async def _read_body(request: Request, limits: Limits) -> bytes:
    most = limits.body_bytes
    announced = request.headers.get("content-length", "")
    refused = announced.isdecimal() and int(announced) > most
    if refused and int(announced) > LINGERING * most:
        raise _too_large(most)
    chunks: list[bytes] = []
    length = 0
    try:
        async for chunk in request.stream():
            length += len(chunk)
            # Who is still sending would not read an answer, and a connection that is closed upon them takes it along.
            if length > LINGERING * most:
                raise _too_large(most)
            refused = refused or length > most
            if refused:
                chunks.clear()
            else:
                chunks.append(chunk)
    except ClientDisconnect:
        raise _malformed("The body ended too early.") from None
    if refused:
        raise _too_large(most)
    return b"".join(chunks)


def too_slow(limits: Limits) -> BadRequest:
    """Say that a body did not arrive in time."""
    message = f"The body did not arrive within {limits.init_seconds:g} s."
    return BadRequest(408, "REQUEST_TIMEOUT", message, {"connection": "close"})


def _too_large(most: int) -> BadRequest:
    return BadRequest(413, "BODY_TOO_LARGE", f"The body may have {most} bytes.", {"connection": "close"})


def _malformed(message: str) -> BadRequest:
    return BadRequest(400, "BAD_REQUEST", message)


def _decode(text: str | bytes, otherwise: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise _malformed(otherwise) from None
