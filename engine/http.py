"""The door at /graphql: queries and mutations over HTTP, everything over a WebSocket, and for browsers a page."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import strawberry
from graphql import OperationType
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from engine.accept import EVENT_STREAM, PLAIN, Accepted, read_accept
from engine.answers import Answer
from engine.breath import Queue
from engine.budget import Budget
from engine.context import Context
from engine.csrf import READING, check_site
from engine.deadline import ClientGone, DeadlineExceeded, within
from engine.documents import Refused
from engine.fanout import Groups
from engine.forms import is_form
from engine.headers import QuickRequest
from engine.http_streams import HttpStreams
from engine.incremental import Deferrals
from engine.limits import Limits
from engine.lookup import Lookup
from engine.masking import Masking
from engine.multipart_subscriptions import Parts
from engine.operations import Operations
from engine.requests import JSON, METHODS, Asked, read_request, too_slow
from engine.responses import respond, respond_kept
from engine.rights import Rights
from engine.sight import Sight
from engine.sockets import Sockets, client_of
from engine.spools import Encoding
from engine.sse import Events
from engine.streams import Streams, nowhere
from engine.uploads import Uploads

C = TypeVar("C", bound=Context)

MakeContext = Callable[[HTTPConnection, Mapping[str, Any] | None], Awaitable[C]]
READS: Final = frozenset({OperationType.QUERY})
READS_AND_DEEDS: Final = frozenset({OperationType.QUERY, OperationType.MUTATION})
STATUSES: Final = {"RATE_LIMITED": 429, "FORBIDDEN": 403, "UNAVAILABLE": 503, "DEADLINE_EXCEEDED": 504}


def _is_browser(request: Request) -> bool:
    return "query" not in request.query_params and "text/html" in request.headers.get("accept", "")


class GraphQLDoor(Generic[C]):
    """An ASGI app that speaks GraphQL over HTTP and ``graphql-transport-ws``."""

    def __init__(
        self,
        schema: strawberry.Schema,
        *,
        context: MakeContext[C],
        limits: Limits | None = None,
        expose: Sequence[type[Exception]] = (),
        rights: Rights[C] | None = None,
        page: Callable[[Request], Response] | None = None,
        wants_page: Callable[[Request], bool] = _is_browser,
        allowed_origins: Sequence[str] = (),
        lookup: Lookup | None = None,
        cursor_of: Callable[[Any], str | None] = nowhere,
        address_of: Callable[[HTTPConnection], str | None] = client_of,
        sight: Sight | None = None,
        budget: Budget | None = None,
        folder: Path | None = None,
    ) -> None:
        """Open the door.

        Args:
            schema: What is served. It may have field extensions, but no schema extensions.
            context: Says who asks: from the headers over HTTP, from the payload of ``connection_init`` on a socket. Called for
                every operation. One of the exposed exceptions from it refuses the operation; on a socket the codes
                RATE_LIMITED and UNAVAILABLE refuse just that, all others close it with 4403.
            limits: What one client may ask for at a time.
            expose: Exceptions whose ``code``, ``message``, ``field`` and ``retry_after_seconds`` clients may see.
            rights: Who may know and send what; without them everybody may ask about the schema.
            page: What a browser gets.
            wants_page: Whether a GET asks for the page instead of data.
            allowed_origins: Other origins whose pages may open a socket. What they may send over HTTP is for CORS to say.
            lookup: What may be asked by id, and whether anything else may be asked.
            cursor_of: The place of an event in its stream, by the value of a subscription's root field.
            address_of: Where a client is, for counting its open sockets.
            sight: Watches what is run.
            budget: Pays for what is run; None where nothing is counted.
            folder: Where files of requests are meanwhile; the system's own place when None.
        """
        self._context, self._rights = context, rights or Rights()
        self._limits = limits or Limits()
        self._operations = Operations(
            schema, self._limits, Masking(expose), self._rights, lookup=lookup, sight=sight, budget=budget
        )
        self._page, self._wants_page = page, wants_page
        streams = Streams(self._operations, self._limits, cursor_of)
        self._sockets = Sockets(streams, context, self._limits, allowed_origins, address_of)
        self._deferrals = Deferrals(self._operations, self._limits)
        self._streams = HttpStreams(streams, self._limits, self._sockets.proofs, self._sockets.seats)
        self._address_of, self._large = address_of, Queue()
        self._uploads = Uploads(self._operations, self._enter, self._limits, self._rights, folder)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or serve one socket until it closes."""
        if scope["type"] == "websocket":
            await self._sockets(scope, receive, send)
            return
        request = QuickRequest(scope, receive)
        if is_form(request):
            await self._uploads(scope, receive, send)
            return
        if request.method == "OPTIONS":
            response: ASGIApp = Response(status_code=204, headers={"allow": METHODS})
        elif self._page is not None and request.method in READING and self._wants_page(request):
            response = self._page(request)
        else:
            try:
                response = await self._respond(request, receive)
            except ClientGone:
                return
        await response(scope, receive, send)

    @property
    def sockets(self) -> Sockets:
        """The open sockets, for those who count them."""
        return self._sockets

    @property
    def groups(self) -> Groups:
        """Those who follow the same, for measuring."""
        return self._streams.streams.groups

    async def drain(self) -> None:
        """Take no more sockets and close the open ones with 1012, which clients answer by connecting elsewhere."""
        await asyncio.gather(self._sockets.drain(), self._streams.drain())
        await self._streams.streams.settled(self._limits.deadline_seconds)

    def _kind(self, asked: Asked, context: C) -> OperationType | None:
        try:
            return self._operations.kind(asked, context)
        except Refused:
            return None

    def _goes_in_parts(self, asked: Asked, accepted: Accepted, context: C) -> bool:
        if not accepted.incremental:
            return False
        return accepted.single is None or self._operations.may_part(asked, context)

    async def _respond(self, request: Request, receive: Receive) -> ASGIApp:
        accepted = PLAIN
        asked = None
        try:
            accepted = read_accept(request.headers.get("accept"))
            check_site(request)
            reading = read_request(request, self._limits, self._large, self._address_of(request))
            asked, context = await self._enter(request, reading)
            if isinstance(context, Answer):
                self._operations.sight.refused(context.payload)
                return respond(context, accepted.single or JSON)
            return await self._answer(request, asked, context, accepted, receive)
        except ClientGone:
            raise
        except Exception as error:  # noqa: BLE001 -- a request gets an answer, whatever is wrong with it or with us
            answer = self._operations.failed(error, asked)
            self._operations.sight.refused(answer.payload)
            return respond(answer, accepted.single or JSON)

    async def _enter(self, request: Request, reading: Awaitable[Asked]) -> tuple[Asked, C | Answer]:
        """Read what is asked, and find out who asks; or give the answer for somebody who is not let in."""
        asked = None
        try:
            async with asyncio.timeout(self._limits.init_seconds):
                asked = await reading
                return asked, await self._context(request, None)
        except TimeoutError:
            raise too_slow(self._limits) if asked is None else DeadlineExceeded(self._limits.init_seconds) from None
        except self._operations.masking.expose as error:
            if asked is None:
                raise
            return asked, _unwelcome(error, self._operations.failed(error))

    async def _answer(
        self, request: Request, asked: Asked, context: C, accepted: Accepted, receive: Receive
    ) -> ASGIApp:
        async def gone() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass

        media_type = accepted.single or JSON
        found = self._operations.find(asked, context)
        waits = not self._operations.at_hand(asked)
        asked = await (within(self._limits.deadline_seconds, found, gone) if waits else found)
        kind, reading = self._kind(asked, context), request.method in READING
        streams = accepted.streams(kind) and not (reading and kind is OperationType.MUTATION)
        if streams and request.method != "HEAD" and (encoding := encoding_of(accepted)):
            return self._streams.respond(encoding, asked, context, request, self._address_of(request))
        allowed = READS if reading else READS_AND_DEEDS
        if self._goes_in_parts(asked, accepted, context) and request.method != "HEAD":
            assert accepted.incremental
            parted = replace(asked, parts=True)
            form = accepted.incremental
            return await self._deferrals.run(parted, context, allowed, form=form, media_type=media_type, gone=gone)
        answer = await self._operations.run(asked, context, allowed, gone)
        if reading and asked.trusted:
            return respond_kept(answer, media_type, request, public=self._rights.public(context))
        return respond(answer, media_type)


def encoding_of(accepted: Accepted) -> Encoding | None:
    """How a stream is told to a client; None where the type is not one of subscriptions."""
    if accepted.stream == EVENT_STREAM:
        return Events()
    return Parts() if accepted.parameters.get("subscriptionspec") == "1.0" else None


def _unwelcome(error: Exception, answer: Answer) -> Answer:
    """Give the status for somebody who is not let in, which holds whatever media type they accept."""
    status = STATUSES.get(str(getattr(error, "code", "")), 401)
    headers = {"www-authenticate": "Bearer"} if status == 401 else {}
    seconds = getattr(error, "retry_after_seconds", None)
    if seconds is not None:
        headers["retry-after"] = str(math.ceil(seconds))
    return Answer(answer.payload, status, headers)
