"""Files that come with a mutation, by the GraphQL multipart request specification.

A form brings the field `operations`, then `map`, then the files. As soon as the first two are there it is known who asks for
what: what may not run is refused before its files are taken in, and so is what takes no files. The files go to disk while they
come, and are gone when the answer is made, whatever it is.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable, Iterator, Mapping
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Any, Final, Generic, TypeVar, cast

import orjson
from graphql import Executor, OperationType
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from engine.accept import read_accept
from engine.answers import Answer
from engine.context import Context, payer_of
from engine.csrf import check_form
from engine.deadline import ClientGone, within
from engine.documents import Refused
from engine.files import ReceivedFile
from engine.forms import Event, Form, Part, check_form_headers, pieces, too_many_files, wrong
from engine.headers import QuickRequest
from engine.limits import Limits
from engine.lingering import linger
from engine.operations import Operations
from engine.requests import JSON, Asked, BadRequest, read_parameters
from engine.responses import respond
from engine.rights import Rights
from engine.sight import RECORD

C = TypeVar("C", bound=Context)

Enter = Callable[[Request, Awaitable[Asked]], Awaitable[tuple[Asked, C | Answer]]]
DEEDS: Final = frozenset({OperationType.MUTATION})
OPERATIONS_BYTES: Final = 131_072
"""Little beside the files, so that to decode it holds nobody up."""
MAP_BYTES: Final = 16_384
MISSING: Final = object()
INDEX: Final = re.compile("0|[1-9][0-9]{0,3}")


class Arrival:
    """One request and its files."""

    def __init__(self, request: Request, limits: Limits, folder: Path | None) -> None:
        """Nothing is read yet.

        Args:
            request: A POST of a form.
            limits: What may come.
            folder: Where the files go.

        Raises:
            BadRequest: Its headers say that it cannot be.
        """
        boundary = check_form_headers(request, limits)
        self._limits = limits
        self._folder = folder
        self._body = cast("AsyncGenerator[bytes]", pieces(request, limits))
        self._events = cast("AsyncGenerator[Event]", Form(self._body, boundary, limits).events())
        self._files: dict[str, ReceivedFile] = {}

    async def begin(self) -> Asked:
        """Read what is asked, with the files that are still to come in their places.

        Raises:
            BadRequest: It cannot be; the message names what is wrong.
            ClientGone: Nobody is there any more.
        """
        asked = read_parameters(_decode(await self._field("operations", OPERATIONS_BYTES), "operations"))
        places = _decode(await self._field("map", MAP_BYTES), "map")
        for name, paths in _entries(places, self._limits):
            file = self._files[name] = ReceivedFile(self._folder)
            for path in paths:
                _put(file, asked.variables, path)
        return asked

    def check_bound(self, variables: Mapping[str, Any]) -> None:
        """Compare with what an operation takes.

        Args:
            variables: The values of its variables.

        Raises:
            BadRequest: There is a file that none of them is.
        """
        bound: set[int] = set()
        stack: list[Any] = [dict(variables)]
        while stack:
            value = stack.pop()
            if isinstance(value, ReceivedFile):
                bound.add(id(value))
            elif isinstance(value, dict):
                stack.extend(value.values())
            elif isinstance(value, list):
                stack.extend(value)
        for name, file in self._files.items():
            if id(file) not in bound:
                raise wrong(f"The operation has no variable that takes the file {name!r}.")

    async def take(self) -> None:
        """Take the files in.

        Raises:
            BadRequest: One of them is too large, is missing or was not announced.
            ClientGone: Nobody is there any more.
        """
        name, file = "", ReceivedFile()
        async for event in self._events:
            if isinstance(event, Part):
                name, file = event.name, self._announced(event)
            elif isinstance(event, bytes):
                if file.size + len(event) > self._limits.file_bytes:
                    raise wrong(
                        f"The file {name!r} is too large: a file may have {self._limits.file_bytes} bytes.",
                        413,
                        "FILE_TOO_LARGE",
                    )
                await file.write(event)
            else:
                await file.settle()
        for name, file in self._files.items():
            if not file.begun:
                raise wrong(f"The file {name!r} of `map` is missing.")

    def _announced(self, part: Part) -> ReceivedFile:
        file = self._files.get(part.name)
        if file is None:
            raise wrong(f"The part {part.name!r} has no entry in `map`.")
        if part.filename is None:
            raise wrong(f"The part {part.name!r} is no file: it needs a `filename`.")
        if file.begun:
            raise wrong(f"The file {part.name!r} came twice.")
        file.begin(part.filename, part.content_type)
        return file

    async def _field(self, name: str, most: int) -> bytes:
        part = await anext(self._events, None)
        if not isinstance(part, Part) or part.name != name:
            found = f", not {part.name!r}" if isinstance(part, Part) else ""
            raise wrong(f"The parts must be `operations`, `map` and then the files: here `{name}` must come{found}.")
        content = bytearray()
        while isinstance(piece := await anext(self._events, None), bytes):
            content += piece
            if len(content) > most:
                raise wrong(f"The part `{name}` may have {most} bytes.", 413, "BODY_TOO_LARGE")
        return bytes(content)

    async def aclose(self) -> None:
        """Let go of everything."""
        await self._events.aclose()
        await self._body.aclose()
        for file in self._files.values():
            file.close()


def _decode(text: bytes, name: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise wrong(f"The part `{name}` must be JSON in UTF-8.") from None


def _entries(places: object, limits: Limits) -> Iterator[tuple[str, list[str]]]:
    """Read `map`: which files go to which places."""
    if not isinstance(places, dict) or not places:
        raise wrong("The part `map` must be an object that names the paths of one file or more.")
    if len(places) > limits.files:
        raise too_many_files(limits.files)
    for name, paths in places.items():
        if not isinstance(paths, list) or not paths or not all(isinstance(path, str) for path in paths):
            raise wrong(f"The entry {name!r} of `map` must be a list of paths.")
        if len(paths) > limits.files:
            raise wrong(f"The entry {name!r} of `map` may have {limits.files} paths.")
        yield name, paths


def _put(file: ReceivedFile, variables: dict[str, Any], path: str) -> None:
    """Put a file where a path of `map` leads, which must be a null."""
    root, *keys = path.split(".")
    holder: Any = None
    key: str | int = ""
    value: Any = variables if root == "variables" and keys else MISSING
    for given in keys:
        holder, key = value, int(given) if isinstance(value, list) and INDEX.fullmatch(given) else given
        try:
            value = holder[key]
        except (KeyError, IndexError, TypeError):
            value = MISSING
            break
    if isinstance(value, ReceivedFile):
        raise wrong(f"The path {path!r} of `map` is given twice.")
    if value is not None:
        raise wrong(f"The path {path!r} of `map` leads to no null in `operations`, such as `variables.file`.")
    holder[key] = file


class Uploads(Generic[C]):
    """An ASGI app that runs mutations whose files come with them."""

    def __init__(
        self, operations: Operations[C], enter: Enter[C], limits: Limits, rights: Rights[C], folder: Path | None
    ) -> None:
        """Begin.

        Args:
            operations: What can be run.
            enter: Finds out what is asked, and who asks.
            limits: What may come.
            rights: Who may send files.
            folder: Where files go while they are needed.
        """
        self._operations = operations
        self._enter = enter
        self._limits = limits
        self._rights = rights
        self._folder = folder
        self._under_way: Counter[Hashable] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; who is refused in the middle of sending can read why."""
        limits = self._limits
        await linger(self._serve, scope, receive, send, seconds=limits.init_seconds, most=limits.upload_bytes)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        request, media_type, asked = QuickRequest(scope, receive), JSON, None
        try:
            media_type = read_accept(request.headers.get("accept")).single or JSON
            check_form(request)
            async with aclosing(Arrival(request, self._limits, self._folder)) as arrival:
                asked, context = await self._enter(request, arrival.begin())
                answer = context if isinstance(context, Answer) else await self._run(arrival, asked, context)
            if answer is context:
                self._operations.sight.refused(answer.payload)
        except ClientGone:
            return
        except Exception as error:  # noqa: BLE001 -- a request gets an answer, whatever is wrong with it or with us
            answer = self._operations.failed(error, asked)
            self._operations.sight.refused(answer.payload)
        await respond(answer, media_type)(scope, receive, send)

    async def _run(self, arrival: Arrival, asked: Asked, context: C) -> Answer:
        if not self._rights.upload(context):
            raise BadRequest(401, "UNAUTHENTICATED", "Sign in to send files.", {"www-authenticate": "Bearer"})
        asked = await within(self._limits.deadline_seconds, self._operations.find(asked, context))
        self._check_kind(asked, context)

        async def take(executor: Executor[Any]) -> None:
            arrival.check_bound(executor.variable_values.coerced)
            began, record = time.perf_counter(), RECORD.get()
            try:
                with self._place(payer_of(context)):
                    await arrival.take()
            finally:
                if record is not None:
                    record.waited(time.perf_counter() - began)

        return await self._operations.run(asked, context, DEEDS, ready=take)

    def _check_kind(self, asked: Asked, context: C) -> None:
        try:
            kind = self._operations.kind(asked, context)
        except Refused:
            return  # Whoever runs it says why, and has it paid for.
        if kind not in {OperationType.MUTATION, None}:
            raise wrong("Files come with mutations only.")

    @contextmanager
    def _place(self, payer: Hashable) -> Iterator[None]:
        """Hold one of the places that somebody has for sending files."""
        most = self._limits.uploads_at_once
        if self._under_way[payer] >= most:
            message = f"You may send files in {most} requests at a time."
            raise BadRequest(429, "RATE_LIMITED", message, {"retry-after": "1"})
        self._under_way[payer] += 1
        try:
            yield
        finally:
            self._under_way[payer] -= 1
            if not self._under_way[payer]:
                del self._under_way[payer]
