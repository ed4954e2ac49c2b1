"""Running what was asked, whatever road it came by.

graphql-core is called without Strawberry's extension runner between: documents, limits, deadlines and masking are done here,
once, the same for HTTP and sockets. Field extensions work as ever; schema extensions would not be called and are refused.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable, Collection
from typing import Any, Final, Generic, TypeVar, cast

import strawberry
from graphql import ExecutionResult, Executor, OperationType
from graphql.execution import create_source_event_stream
from strawberry.execution import optimized_is_awaitable

from engine.answers import Answer
from engine.budget import Budget
from engine.context import Context, payer_of
from engine.deadline import ClientGone, within
from engine.documents import Document, Documents, Refused, graphql_schema
from engine.limits import Limits, check_variables, refusal
from engine.lookup import Lookup
from engine.masking import Masking, masked, record
from engine.requests import Asked, BadRequest
from engine.rights import Rights
from engine.sight import RECORD, Sight, note_cost
from engine.toll import Paid, Toll

C = TypeVar("C", bound=Context)

ALL: Final = frozenset(OperationType)
STATUSES: Final = {"DEADLINE_EXCEEDED": 504, "RATE_LIMITED": 429}


class Operations(Generic[C]):
    """The operations of one schema."""

    def __init__(
        self,
        schema: strawberry.Schema,
        limits: Limits,
        masking: Masking,
        rights: Rights[C],
        *,
        lookup: Lookup | None = None,
        sight: Sight | None = None,
        budget: Budget | None = None,
    ) -> None:
        if schema.extensions or schema.directives:
            raise TypeError("Schema extensions and operation directives are not run; use field extensions.")
        self._schema = graphql_schema(schema)
        self._executor: Any = schema.execution_context_class
        self._documents = Documents(schema, limits)
        self._toll = Toll(self._documents, limits, budget)
        self._limits = limits
        self.masking = masking
        self._rights = rights
        self._lookup = lookup or Lookup()
        self.sight = sight or Sight()

    async def find(self, asked: Asked, context: C) -> Asked:
        """Find the text of what is asked, by its id where none was sent. To do it twice changes nothing.

        Args:
            asked: As it was sent.
            context: Who asks.

        Returns:
            The same with its text.

        Raises:
            Refused: There is no such document.
            BadRequest: The hash that came along is another text's.
            OverBudget: They may ask for nothing more just now.
        """
        if asked.document_id is None and asked.digest is None:
            return await self._admitted(self._lookup.recognise(asked), context)
        suggest = self._rights.suggest(context)
        if asked.query:
            # A hash came along: the text is kept for others once it has been paid for and read.
            asked = await self._admitted(self._lookup.recognise(asked), context)
        try:
            found = await self._lookup.find(
                asked, check=lambda found: self._documents.find(found.query, suggest=suggest)
            )
        except (Refused, BadRequest):
            await self._toll.turn_away(asked, context)
            raise
        return await self._admitted(found, context)

    async def _admitted(self, asked: Asked, context: C) -> Asked:
        """Have a text paid for and read, if nobody has read it before and it may be run at all."""
        asked = await self._toll.admit(asked, context)
        if asked.trusted or (self._lookup.only and not self._rights.improvise(context)):
            return asked
        await self._documents.read(asked.query, payer_of(context), suggest=self._rights.suggest(context))
        return asked

    def at_hand(self, asked: Asked) -> bool:
        """Whether `find` waits for nobody: the text is trusted by its id, or was read before."""
        return asked.document_id is not None or (asked.digest is None and self._documents.knows(asked.query))

    def kind(self, asked: Asked, context: C) -> OperationType | None:
        """Give the type of the operation that is asked for.

        Args:
            asked: With its text.
            context: Who asks.

        Returns:
            The type; None when there is no such operation.

        Raises:
            Refused: The document cannot be run.
        """
        self._admit(asked, context)
        document = self._documents.find(asked.query, suggest=self._rights.suggest(context), trusted=asked.trusted)
        operation = document.operations.get(asked.operation_name)
        return operation.operation if operation else None

    def may_part(self, asked: Asked, context: C) -> bool:
        """Whether the document asks for an answer in parts, and may be run at all."""
        try:
            self._admit(asked, context)
            suggest = self._rights.suggest(context)
            return self._documents.find(asked.query, suggest=suggest, trusted=asked.trusted).parts is not None
        except Refused:
            return False

    def _admit(self, asked: Asked, context: C) -> None:
        """Refuse a text of a client's own where only trusted documents pass, before anybody looks at it."""
        if self._lookup.only and not (asked.trusted or self._rights.improvise(context)):
            message = "Only trusted documents are run here: send a `documentId`."
            raise Refused([refusal("DOCUMENT_NOT_TRUSTED", message)])

    async def run(
        self,
        asked: Asked,
        context: C,
        allowed: Collection[OperationType] = ALL,
        gone: Callable[[], Awaitable[None]] | None = None,
        ready: Callable[[Executor[Any]], Awaitable[None]] | None = None,
    ) -> Answer:
        """Run a query or a mutation.

        Args:
            asked: What to run.
            context: Who asks.
            allowed: The types of operations that may come by this road.
            gone: Returns when the client has left. A query is stopped then; a deed goes on, as it would had they left a
                moment later.
            ready: Called once it may run and is paid for; it runs when this returns, if it does.

        Returns:
            What came of it. A refusal is an answer as well, and so is a fault.

        Raises:
            ClientGone: The client has left, and there is nobody to answer.
        """
        record = self.sight.begin()
        try:
            asked = await self.find(asked, context)
            executor, paid = await self.begin(asked, context, allowed)
            if ready is not None:
                await ready(executor)
            watched = gone if executor.operation.operation is OperationType.QUERY else None
            result = await within(self._limits.deadline_seconds, execute(executor), watched)
            answer = self.answer(result, asked, paid)
        except ClientGone:
            self.sight.leave(record)
            raise
        except Exception as error:  # noqa: BLE001 -- whatever it is, the client gets an answer and the log the rest
            answer = self.failed(error, asked)
        self.sight.end(record, answer.payload)
        return answer

    def failed(self, error: Exception, asked: Asked | None = None) -> Answer:
        """Answer for an operation that did not come to its end.

        Args:
            error: Why.
            asked: The operation, when it is known.

        Returns:
            An answer without data.
        """
        if isinstance(error, Refused):
            return Answer({"errors": self.masking.refusals(error.errors)}, 400)
        if isinstance(error, BadRequest):
            return Answer({"errors": [self.masking.shown(error)]}, error.status, error.headers, malformed=True)
        if isinstance(error, self.masking.expose):
            status = STATUSES.get(getattr(error, "code", ""), 400)
            return Answer({"errors": [self.masking.shown(error)]}, status, getattr(error, "headers", {}))
        return Answer({"errors": [masked(record(error, asked))]}, 500)

    def prepare(self, asked: Asked, context: C, allowed: Collection[OperationType]) -> Executor[Any]:
        """Find the document and make ready to run it.

        Args:
            asked: What to run, with its text: see `find`.
            context: Who asks.
            allowed: The types of operations that may come by this road.

        Raises:
            Refused: It cannot be run, or this client may not send a text of its own.
            BadRequest: A mutation came by a road for reads.
        """
        self._admit(asked, context)
        suggest = self._rights.suggest(context)
        document = self._documents.find(asked.query, suggest=suggest, trusted=asked.trusted, parts=asked.parts)
        if document.introspects and not self._rights.introspect(context):
            raise Refused([refusal("INTROSPECTION_OFF", "Questions about the schema are not answered here.")])
        check_variables(asked.variables, self._limits)
        executor = self._bind(document, asked, context, hide_suggestions=not suggest)
        record = RECORD.get()
        if record is not None:
            record.is_of(executor.operation, trusted=asked.trusted)
        kind = executor.operation.operation
        if kind not in allowed and kind is OperationType.SUBSCRIPTION:
            raise Refused(
                [refusal("SUBSCRIPTION_OVER_HTTP", "Subscriptions are served on a WebSocket.", executor.operation)]
            )
        if kind not in allowed:
            raise BadRequest(405, "METHOD_NOT_ALLOWED", "A mutation must come by POST.", {"allow": "POST"})
        return executor

    def _bind(self, document: Document, asked: Asked, context: C, *, hide_suggestions: bool) -> Executor[Any]:
        """Take the variables of a request: what is nothing but declared fields needs no executor of the library."""
        whole = document.wholes.get(asked.operation_name)
        bound: Any = None
        if whole is not None and not whole.never:
            bound = whole.bind(asked.variables, context, hide_suggestions=hide_suggestions)
        if bound is None:
            bound = self._executor.build(
                self._schema,
                document.ast,
                None,
                context,
                asked.variables,
                asked.operation_name,
                is_awaitable=optimized_is_awaitable,
                hide_suggestions=hide_suggestions,
            )
        if isinstance(bound, list):
            raise Refused(bound)
        return cast("Executor[Any]", bound)

    async def begin(self, asked: Asked, context: C, allowed: Collection[OperationType]) -> tuple[Executor[Any], Paid]:
        """Make ready to run an operation, and take what it costs. Nothing has run yet when this refuses.

        Args:
            asked: What to run, with its text: see `find`.
            context: Who asks.
            allowed: The types of operations that may come by this road.

        Raises:
            Refused: It cannot be run, or costs too much.
            BadRequest: A mutation came by a road for reads.
            OverBudget: They may ask for nothing more just now.
        """
        try:
            executor = self.prepare(asked, context, allowed)
        except Exception:
            await self._toll.turn_away(asked, context)
            raise
        paid = await self._toll.pay(asked, context, executor)
        note_cost(paid.requested)
        return executor, paid

    def answer(self, result: ExecutionResult, asked: Asked, paid: Paid | None = None) -> Answer:
        """Give what came of an execution as clients may see it, and what it cost to those who want to know."""
        payload: dict[str, Any] = {"data": result.data}
        if result.errors:
            payload = {"errors": self.masking.failures(result.errors, asked), **payload}
        if paid is None:
            return Answer(payload)
        if asked.cost:
            payload["extensions"] = paid.extensions
        return Answer(payload, headers=paid.headers)


async def execute(executor: Executor[Any], *, serially: bool | None = None) -> ExecutionResult:
    """Run an operation, or what is selected of one event."""
    result = executor.execute_operation(serially)
    if executor.is_awaitable(result):
        result = await result
    return cast("ExecutionResult", result)


async def open_source(executor: Executor[Any]) -> AsyncIterable[Any] | ExecutionResult:
    """Begin a subscription: its events, or why there are none."""
    source = create_source_event_stream(executor)
    if executor.is_awaitable(source):
        return await cast("Awaitable[AsyncIterable[Any] | ExecutionResult]", source)
    return cast("AsyncIterable[Any] | ExecutionResult", source)
