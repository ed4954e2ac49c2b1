"""`@defer` and `@stream` for clients that ask for parts: what is there first, and the rest as it comes.

For everybody else, and inside of declared fields, the directives are as if they were not there, which the specification
allows. Two payload formats are spoken: `incrementalSpec=v0.2` with pending and completed ids, and the older
`deferSpec=20220824` with paths.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import orjson
from graphql import (
    ExperimentalIncrementalExecutionResults,
    GraphQLError,
    IncrementalStreamResult,
    OperationType,
    SubsequentIncrementalExecutionResult,
)
from starlette.types import ASGIApp, Receive, Scope, Send

from engine.accept import DEFER, INCREMENTAL
from engine.answers import Answer
from engine.context import Context
from engine.cutting import cut_of
from engine.deadline import ClientGone, within
from engine.limits import Limits
from engine.operations import Operations, execute
from engine.requests import Asked
from engine.responses import respond
from engine.sight import Record

C = TypeVar("C", bound=Context)

Payload = dict[str, Any]
Shown = Callable[[Collection[GraphQLError]], list[Payload]]
DELIMITER: Final = b"--graphql"
END: Final = b"--\r\n"
TYPES: Final = {
    DEFER: b"multipart/mixed; boundary=graphql; deferSpec=20220824",
    INCREMENTAL: b"multipart/mixed; boundary=graphql; incrementalSpec=v0.2",
}


class ByIds:
    """The format of `incrementalSpec=v0.2`."""

    def __init__(self, shown: Shown) -> None:
        self._shown = shown

    def first(self, payload: Payload, pending: Collection[Any]) -> Payload:
        """The first payload: what is there, and what is still to come."""
        return {**payload, "pending": [each.formatted for each in pending], "hasNext": True}

    def next(self, result: SubsequentIncrementalExecutionResult) -> Payload:
        """A later payload."""
        payload: Payload = {"hasNext": result.has_next}
        if result.pending:
            payload["pending"] = [each.formatted for each in result.pending]
        if result.incremental:
            payload["incremental"] = [self._cleaned(each) for each in result.incremental]
        if result.completed:
            payload["completed"] = [self._cleaned(each) for each in result.completed]
        return payload

    def _cleaned(self, part: Any) -> Payload:
        return {**part.formatted, **({"errors": self._shown(part.errors)} if part.errors else {})}


class ByPaths:
    """The format of `deferSpec=20220824`: where each piece belongs is said in full."""

    def __init__(self, shown: Shown) -> None:
        self._shown = shown
        self._data: Any = None
        self._places: dict[str, Any] = {}
        self._streamed: dict[str, int] = {}

    def first(self, payload: Payload, pending: Collection[Any]) -> Payload:
        """The first payload: what is there."""
        self._data = payload["data"]
        self._await(pending)
        return {**payload, "hasNext": True}

    def next(self, result: SubsequentIncrementalExecutionResult) -> Payload:
        """A later payload."""
        parts = []
        for each in result.incremental or ():
            place = self._places[each.id]
            path = [*place.path, *(each.sub_path or ())]
            if isinstance(each, IncrementalStreamResult):
                index = self._streamed[each.id]
                self._streamed[each.id] = index + len(each.items)
                parts.append(self._part({"items": each.items, "path": [*path, index]}, place, each.errors))
            else:
                # A copy: what is merged into it later is not part of this piece.
                parts.append(
                    self._part({"data": orjson.loads(orjson.dumps(each.data)), "path": path}, place, each.errors)
                )
                _merge(_at(self._data, path), each.data)
        self._await(result.pending or ())
        for done in result.completed or ():
            if done.errors:
                kind = "items" if done.id in self._streamed else "data"
                place = self._places[done.id]
                parts.append(self._part({kind: None, "path": place.path}, place, done.errors))
        return {**({"incremental": parts} if parts else {}), "hasNext": result.has_next}

    def _await(self, pending: Collection[Any]) -> None:
        for each in pending:
            self._places[each.id] = each
            found = _at(self._data, each.path)
            if isinstance(found, list):
                self._streamed[each.id] = len(found)

    def _part(self, part: Payload, place: Any, errors: Collection[GraphQLError] | None) -> Payload:
        if place.label is not None:
            part["label"] = place.label
        if errors:
            part["errors"] = self._shown(errors)
        return part


@dataclass(frozen=True, slots=True)
class Ending:
    """Where an operation is written down once its last part is made, and the errors of all its parts."""

    record: Record
    faults: list[Payload]


class Deferrals(Generic[C]):
    """Runs operations whose answers come in parts."""

    def __init__(self, operations: Operations[C], limits: Limits) -> None:
        self._operations = operations
        self._limits = limits

    async def run(
        self,
        asked: Asked,
        context: C,
        allowed: Collection[OperationType],
        *,
        form: str,
        media_type: str,
        gone: Callable[[], Awaitable[None]],
    ) -> ASGIApp:
        """Run a query or a mutation up to its first part.

        Args:
            asked: What to run.
            context: Who asks.
            allowed: The types of operations that may come by this road.
            form: The format of the parts.
            media_type: The type of JSON for a refusal, which comes whole.
            gone: Returns when the client has left.

        Returns:
            The response, which goes on with the rest.

        Raises:
            ClientGone: The client has left before the first part.
        """
        record = self._operations.sight.begin()
        try:
            payloads = await self._begin(asked, context, allowed, form=form, gone=gone, record=record)
        except ClientGone:
            self._operations.sight.leave(record)
            raise
        except Exception as error:  # noqa: BLE001 -- whatever it is, the client gets an answer and the log the rest
            answer = self._operations.failed(error, asked)
            self._operations.sight.end(record, answer.payload)
            return respond(answer, media_type)
        return PartsResponse(form, payloads, self._limits, gone, lambda: self._operations.sight.leave(record))

    async def _begin(
        self,
        asked: Asked,
        context: C,
        allowed: Collection[OperationType],
        *,
        form: str,
        gone: Callable[[], Awaitable[None]],
        record: Record,
    ) -> AsyncGenerator[Payload, None]:
        executor, paid = await self._operations.begin(asked, context, allowed)
        watched = gone if executor.operation.operation is OperationType.QUERY else None
        result: Any = await within(self._limits.deadline_seconds, execute(executor), watched)
        if not isinstance(result, ExperimentalIncrementalExecutionResults):
            return self._whole(self._operations.answer(result, asked, paid), record)
        initial: Any = result.initial_result
        answer = self._operations.answer(initial, asked, paid)
        faults = list(answer.payload.get("errors", ()))

        def shown(errors: Collection[GraphQLError]) -> list[Payload]:
            told = self._operations.masking.failures(list(errors), asked)
            faults.extend(told)
            return told

        writer = ByIds(shown) if form == INCREMENTAL else ByPaths(shown)
        first = writer.first(answer.payload, initial.pending)
        return self._parts(first, result.subsequent_results, writer, asked, Ending(record, faults))

    async def _whole(self, answer: Answer, record: Record) -> AsyncGenerator[Payload, None]:
        self._operations.sight.end(record, answer.payload)
        yield {**answer.payload, "hasNext": False}

    async def _parts(
        self,
        first: Payload,
        results: AsyncGenerator[SubsequentIncrementalExecutionResult, None],
        writer: ByIds | ByPaths,
        asked: Asked,
        ending: Ending,
    ) -> AsyncGenerator[Payload, None]:
        async with aclosing(results):
            yield first
            more = True
            while more:
                try:
                    result = await within(self._limits.deadline_seconds, anext(results))
                    payload, more = writer.next(result), result.has_next
                except StopAsyncIteration:
                    break
                except Exception as error:  # noqa: BLE001 -- the client gets an end, and the log the rest
                    errors = self._operations.failed(error, asked).payload["errors"]
                    ending.faults.extend(errors)
                    payload, more = {"errors": errors, "hasNext": False}, False
                if not more:
                    # Before the last part is sent: how fast somebody reads is no matter of the operation.
                    self._operations.sight.end(ending.record, {"errors": ending.faults})
                yield payload


class PartsResponse:
    """An ASGI response of parts. Whoever leaves stops the work."""

    def __init__(
        self,
        form: str,
        payloads: AsyncGenerator[Payload, None],
        limits: Limits,
        gone: Callable[[], Awaitable[None]],
        left: Callable[[], None],
    ) -> None:
        self._form = form
        self._payloads = payloads
        self._limits = limits
        self._gone = gone
        self._left = left

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Send the parts as they come."""
        sending = asyncio.ensure_future(self._send(send))
        leaving = asyncio.ensure_future(self._gone())
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            if not sending.done():
                sending.cancel()
            with suppress(asyncio.CancelledError, OSError):
                try:
                    await sending
                except TimeoutError:
                    # Too slow: what waits in the connection goes with it.
                    cut_of(scope)()
            await self._payloads.aclose()
            self._left()

    async def _send(self, send: Send) -> None:
        headers = [(b"content-type", TYPES[self._form]), (b"cache-control", b"no-store"), (b"vary", b"accept")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        piece = DELIMITER
        async for payload in self._payloads:
            # Each part ends with the delimiter of the next, since clients wait for that before they read it.
            piece += b"\r\nContent-Type: application/json\r\n\r\n" + orjson.dumps(payload) + b"\r\n" + DELIMITER
            async with asyncio.timeout(self._limits.send_seconds):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            piece = b""
        await send({"type": "http.response.body", "body": END, "more_body": False})


def _at(data: Any, path: Collection[str | int]) -> Any:
    for step in path:
        data = data[step]
    return data


def _merge(into: Any, data: Any) -> None:
    for key, value in data.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value
