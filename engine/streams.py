"""Any operation on any transport that can tell more than one answer: a socket, server-sent events, multipart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Callable, Hashable
from copy import copy
from http import HTTPStatus
from typing import Any, Final, TypeVar

import orjson
from graphql import (
    ArgumentNode,
    ExecutionResult,
    Executor,
    FieldNode,
    FragmentSpreadNode,
    NameNode,
    Node,
    OperationDefinitionNode,
    OperationType,
    StringValueNode,
    VariableNode,
    Visitor,
    visit,
)
from graphql.execution.executor import CollectedErrors

from engine.answers import Answer
from engine.context import Context
from engine.deadline import within
from engine.fanout import Groups
from engine.limits import Limits
from engine.members import Follows, Held, Member
from engine.onward import Delivery, Onward, Sink
from engine.operations import ALL, Operations, execute, open_source
from engine.plans import Recent
from engine.requests import Asked
from engine.sight import RECORD

MOST_OPERATIONS: Final = 1_000
PAUSES: Final = (0.1, 1.0)
"""Between the attempts to execute what many follow."""
AFTER: Final = "after"
"""The argument of a subscription that takes a cursor."""

N = TypeVar("N", bound=Node)


def nowhere(_value: object) -> str | None:
    """Say that events have no place to come back to."""
    return None


class Streams:
    """Runs operations and tells what comes of them, sharing what can be shared."""

    def __init__(
        self, operations: Operations[Any], limits: Limits, cursor_of: Callable[[Any], str | None] = nowhere
    ) -> None:
        """Begin.

        Args:
            operations: What runs what is asked.
            limits: What one client may ask for.
            cursor_of: The place of an event in its stream, from the value of a subscription's root field.
        """
        self.operations = operations
        self.limits = limits
        self.groups = Groups(self._event_for_many, operations.failed, operations.sight.handed_out)
        self._cursor_of = cursor_of
        self._used: Recent[int, tuple[OperationDefinitionNode, frozenset[str]]] = Recent(MOST_OPERATIONS)
        self._deeds: set[asyncio.Task[Answer]] = set()

    async def run(self, asked: Asked, context: Context, sink: Sink, *, last_event: str | None = None) -> Member | None:
        """Run any operation.

        Args:
            asked: What to run.
            context: Who asks.
            sink: Where its answers go.
            last_event: The cursor of the last event that the client saw, if it comes back without saying so in the document.

        Returns:
            The member of a group, which somebody has to let `leave`; None when the operation is over, and was said to be.
        """
        sight = self.operations.sight
        record = sight.begin()
        try:
            asked = await within(self.limits.deadline_seconds, self.operations.find(asked, context))
            if self.operations.kind(asked, context) is OperationType.SUBSCRIPTION:
                return await self._subscribe(asked, context, sink, last_event)
            answer = await self._once(asked, context)
            if answer.status == HTTPStatus.OK:
                sink.next(Delivery(orjson.dumps(answer.payload)))
                sink.complete()
            else:
                sink.fail(answer)
        except Exception as error:  # noqa: BLE001 -- whatever it is, the client gets an answer and the log the rest
            answer = self.operations.failed(error, asked)
            sight.end(record, answer.payload)
            sink.fail(answer)
        return None

    async def settled(self, seconds: float) -> None:
        """Wait for deeds whose clients have left: they are done to their end, as they would be over HTTP."""
        if self._deeds:
            await asyncio.wait(self._deeds, timeout=seconds)

    async def _once(self, asked: Asked, context: Context) -> Answer:
        if self.operations.kind(asked, context) is not OperationType.MUTATION:
            return await self.operations.run(asked, context)
        running = asyncio.create_task(self.operations.run(asked, context))
        self._deeds.add(running)
        running.add_done_callback(self._deeds.discard)
        return await asyncio.shield(running)

    async def _subscribe(self, asked: Asked, context: Context, sink: Sink, last_event: str | None) -> Member | None:
        executor, _ = await within(self.limits.deadline_seconds, self.operations.begin(asked, context, ALL))
        opening = executor if last_event is None else _after(executor, last_event)
        source: Any = await within(self.limits.deadline_seconds, open_source(opening))
        record = RECORD.get()
        if isinstance(source, ExecutionResult):
            failed = Answer({"errors": self.operations.masking.failures(source.errors or (), asked)}, 400)
            self.operations.sight.end(record, failed.payload)
            sink.fail(failed)
            return None
        self.operations.sight.end(record, {})
        sink.opened()
        joined: Member | None = None
        try:
            joined = await self._follow(source, executor, asked, context, sink)
        finally:
            if joined is None and hasattr(source, "aclose"):
                await source.aclose()
        return joined

    async def _follow(
        self, source: AsyncIterable[Any], executor: Executor[Any], asked: Asked, context: Context, sink: Sink
    ) -> Member | None:
        async for value in source:
            if isinstance(value, Onward):
                follows = Follows(value, executor, asked, self._same(executor, asked))
                return await self._join(source, context, sink, follows)
            answer = await self._event(executor, asked, context, value)
            if isinstance(answer, Answer):
                sink.fail(answer)
                return None
            sink.next(answer)
            await sink.drained()
        sink.complete()
        return None

    async def _join(self, source: Any, context: Context, sink: Sink, follows: Follows) -> Member | None:
        """Go on as everybody does, without the subscription's generator where that has handed over everything."""
        leave = follows.onward.leave
        held: Any = source if leave is None else Held(leave)
        member, joined = Member(context, sink, follows.onward.position, held), False
        try:
            if held is not source:
                await source.aclose()
            joined = await self.groups.join(member, follows)
        finally:
            if not joined:
                await held.aclose()
        return member if joined else None

    async def _event_for_many(
        self, executor: Executor[Any], asked: Asked, context: Any, value: Any
    ) -> Delivery | Answer:
        """Execute an event again that takes too long, as when all come back at once: its end would end many streams."""
        for pause in PAUSES:
            answer = await self._event(executor, asked, context, value)
            if isinstance(answer, Delivery) or answer.status != HTTPStatus.GATEWAY_TIMEOUT:
                return answer
            await asyncio.sleep(pause)
        return await self._event(executor, asked, context, value)

    async def _event(self, executor: Executor[Any], asked: Asked, context: Any, value: Any) -> Delivery | Answer:
        """Execute what is selected of one event."""
        one = copy(executor)
        one.root_value = value
        one.context_value = context
        one.collected_errors = CollectedErrors()
        sight = self.operations.sight
        record = sight.begin("live")
        record.is_of(executor.operation, trusted=asked.trusted, kind="event")
        try:
            result = await within(self.limits.deadline_seconds, execute(one, serially=False))
            payload = self.operations.answer(result, asked).payload
            sight.end(record, payload)
            return Delivery(orjson.dumps(payload), self._cursor_of(value))
        except Exception as error:  # noqa: BLE001 -- as above
            failed = self.operations.failed(error, asked)
            sight.end(record, failed.payload)
            return failed

    def _same(self, executor: Executor[Any], asked: Asked) -> Hashable:
        """What operations have in common that have one answer: the document, and the variables in what is selected."""
        operation = executor.operation
        known = self._used.get(id(operation))
        if known is None or known[0] is not operation:
            known = self._used.put(id(operation), (operation, _used_below(executor)))
        used = {name: asked.variables.get(name) for name in known[1]}
        return id(operation), orjson.dumps(used, option=orjson.OPT_SORT_KEYS)


def _used_below(executor: Executor[Any]) -> frozenset[str]:
    """The variables of a subscription but for those that only its root field takes: these chose the stream."""
    names: set[str] = set()
    spread: set[str] = set()
    waiting: list[Node] = [executor.operation.selection_set]
    at_root = True

    class Names(Visitor):
        def enter_variable(self, node: VariableNode, *_: object) -> None:
            names.add(node.name.value)

        def enter_fragment_spread(self, node: FragmentSpreadNode, *_: object) -> None:
            name = node.name.value
            if name not in spread and name in executor.fragments:
                spread.add(name)
                waiting.append(executor.fragments[name].definition)

    while waiting:
        node = waiting.pop()
        if at_root:
            at_root = False
            for selection in node.selections:  # type: ignore[attr-defined]
                if isinstance(selection, FieldNode):
                    waiting += selection.directives or ()
                    waiting += [selection.selection_set] if selection.selection_set else []
                else:
                    waiting.append(selection)
            continue
        visit(node, Names())
    return frozenset(names)


def _after(executor: Executor[Any], cursor: str) -> Executor[Any]:
    """The same subscription from a cursor on, if its field takes one; only its source is opened with it.

    The cursor wins over one in the document: a browser that comes back by itself repeats its first request to the letter.
    """
    operation = executor.operation
    field = operation.selection_set.selections[0]
    root = executor.schema.subscription_type
    if not isinstance(field, FieldNode) or root is None or AFTER not in root.fields[field.name.value].args:
        return executor
    given = ArgumentNode(name=NameNode(value=AFTER), value=StringValueNode(value=cursor))
    others = [argument for argument in field.arguments or () if argument.name.value != AFTER]
    changed = _changed(field, arguments=(*others, given))
    selected = _changed(operation.selection_set, selections=(changed,))
    resumed = copy(executor)
    resumed.operation = _changed(operation, selection_set=selected)
    return resumed


def _changed(node: N, **parts: Any) -> N:
    return type(node)(**{**{key: getattr(node, key) for key in node.keys}, **parts})
