"""What a client asks: read from a body, an address or a socket, and refused when it has not the right shape."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from starlette.requests import ClientDisconnect, Request

from engine.limits import Limits

JSON: Final = "application/json"
RESPONSE_JSON: Final = "application/graphql-response+json"
MEDIA_TYPES: Final = (JSON, RESPONSE_JSON)


@dataclass(frozen=True, slots=True)
class Asked:
    """One operation as it was asked for.

    Attributes:
        query: The text of the document.
        variables: Values by name.
        operation_name: Which operation of the document; None when it has one only.
    """

    query: str
    variables: dict[str, Any] = field(default_factory=dict, repr=False)
    operation_name: str | None = None


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
    if not isinstance(query, str):
        raise _malformed("The parameter `query` must be the text of a document.")
    if not isinstance(variables, (dict, type(None))):
        raise _malformed("The parameter `variables` must be an object or null.")
    if not isinstance(name, (str, type(None))):
        raise _malformed("The parameter `operationName` must be a name or null.")
    if not isinstance(values.get("extensions"), (dict, type(None))):
        raise _malformed("The parameter `extensions` must be an object or null.")
    return Asked(query, variables or {}, name or None)


async def read_request(request: Request, limits: Limits) -> Asked:
    """Read a GraphQL request from HTTP.

    Args:
        request: A GET with parameters in its address, or a POST with a JSON body.
        limits: How long the body may be, and how long it may take to arrive.

    Returns:
        What is asked.

    Raises:
        BadRequest: Another method, media type or encoding; too long, too slow; not JSON; parameters of the wrong type.
    """
    if request.method == "GET":
        values: dict[str, Any] = dict(request.query_params)
        for name in ("variables", "extensions"):
            if values.get(name):
                values[name] = _decode(values[name], f"The parameter `{name}` must be JSON.")
            else:
                values.pop(name, None)
        return read_parameters(values)
    if request.method != "POST":
        raise BadRequest(405, "METHOD_NOT_ALLOWED", "GraphQL is spoken by GET and POST.", {"allow": "GET, POST"})
    _check_media_type(request)
    return read_parameters(_decode(await _read_body(request, limits), "The body must be JSON in UTF-8."))


def choose_media_type(accept: str | None) -> str:
    """Choose what the answer is, by what the client accepts.

    Args:
        accept: The header, or None.

    Returns:
        One of ``MEDIA_TYPES``; plain JSON unless the other is preferred.

    Raises:
        BadRequest: The client accepts neither.
    """
    if not accept or accept == "*/*":
        return JSON
    weights = dict.fromkeys(MEDIA_TYPES, 0.0)
    exact = set()
    for part in accept.lower().split(","):
        media_type, *parameters = (piece.strip() for piece in part.split(";"))
        weight = _weight(parameters)
        if media_type in weights:
            weights[media_type] = weight
            exact.add(media_type)
        elif media_type in {"*/*", "application/*"}:
            weights.update({name: max(weights[name], weight) for name in MEDIA_TYPES if name not in exact})
    best = max(MEDIA_TYPES, key=lambda name: (weights[name], name in exact))
    if weights[best] <= 0:
        raise BadRequest(406, "NOT_ACCEPTABLE", f"Answers come as {JSON} or {RESPONSE_JSON}.")
    return best


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return float(parameter[2:])
            except ValueError:
                return 0.0
    return 1.0


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
    if announced.isdecimal() and int(announced) > most:
        raise _too_large(most)
    chunks: list[bytes] = []
    length = 0
    try:
        async with asyncio.timeout(limits.init_seconds):
            async for chunk in request.stream():
                length += len(chunk)
                if length > most:
                    raise _too_large(most)
                chunks.append(chunk)
    except TimeoutError:
        message = f"The body did not arrive within {limits.init_seconds:g} s."
        raise BadRequest(408, "REQUEST_TIMEOUT", message, {"connection": "close"}) from None
    except ClientDisconnect:
        raise _malformed("The body ended too early.") from None
    return b"".join(chunks)


def _too_large(most: int) -> BadRequest:
    return BadRequest(413, "BODY_TOO_LARGE", f"The body may have {most} bytes.", {"connection": "close"})


def _malformed(message: str) -> BadRequest:
    return BadRequest(400, "BAD_REQUEST", message)


def _decode(text: str | bytes, otherwise: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise _malformed(otherwise) from None
