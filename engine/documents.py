"""Documents, parsed, measured and validated once and then remembered."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import strawberry
from graphql import (
    REMOVE,
    DirectiveNode,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    Visitor,
    validate,
    visit,
)
from graphql.validation.validate import ValidationAbortedError

from engine.breath import BreathingParser, Queue, breathe, in_turns
from engine.cost import Costs, Prices
from engine.limits import Limits, measure, refusal
from engine.rules import rules_for
from engine.scan import scan
from engine.whole import Whole, operations_of, wholes_of

ERRORS_SHOWN = 5
"""Validation stops there: to look for more is work for a document that is refused anyway."""

UNFOLDED = 2
"""Where one name means fields of several types, each counts: so much more may be selected when it is priced."""


def graphql_schema(schema: strawberry.Schema) -> GraphQLSchema:
    """The schema as graphql-core knows it; Strawberry has no public name for it."""
    return schema._schema  # noqa: SLF001


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A document that may be run.

    Attributes:
        ast: Its tree; the same object each time, so that plans can be kept on its nodes.
        introspects: Whether it asks about the schema itself.
        tokens: How many tokens it has.
        costs: What its operations cost.
        operations: Its operations by name; without a name the only one.
        wholes: Those that may be read without an executor.
        parts: The same with `@defer` and `@stream`, for clients that take answers in parts; None when it has neither.
        planned: What it was planned for: operations, each with what of its variables decides about plans.
    """

    ast: DocumentNode
    introspects: bool
    tokens: int
    costs: Costs
    operations: Mapping[str | None, OperationDefinitionNode]
    wholes: Mapping[str | None, Whole]
    parts: Document | None = None
    planned: set[Hashable] = field(default_factory=set)


class Refused(Exception):
    """A document that is not run.

    Attributes:
        errors: Why.
    """

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__(*(error.message for error in errors))
        self.errors = errors


class Documents:
    """The documents of one schema.

    Only good ones are remembered, the least recently used forgotten first: a refused one costs its bounded work again, but
    cannot push out what others use.
    """

    def __init__(self, schema: strawberry.Schema, limits: Limits) -> None:
        self._schema = graphql_schema(schema)
        self._executor: Any = schema.execution_context_class
        self._prices = Prices(self._schema)
        self._limits = limits
        self._queue = Queue()
        self._known: OrderedDict[str, Document] = OrderedDict()
        self._tokens = 0
        self._refused: tuple[tuple[str, bool, bool], Refused] | None = None

    def knows(self, text: str) -> bool:
        """Whether a text was read before and is remembered."""
        return text in self._known

    async def read(self, text: str, who: Hashable, *, suggest: bool = False) -> None:
        """Read what somebody sent, so that `find` has it at hand: when it is their turn, and with pauses for everybody else.

        Args:
            text: As they sent it. A refusal is left for `find` to raise, which must follow without any waiting in between.
            who: Those who take turns as one.
            suggest: As for `find`.
        """
        if self.settled(text, suggest=suggest):
            return
        async with self._queue.turn(who):
            if not self.settled(text, suggest=suggest):
                with suppress(Refused):
                    await in_turns(lambda: self.find(text, suggest=suggest))

    def settled(self, text: str, *, suggest: bool = False) -> bool:
        """Whether `find` answers at once: the text is remembered, was refused a moment ago, or is too long anyway."""
        known = text in self._known or len(text) > self._limits.document_bytes
        return known or (self._refused is not None and self._refused[0] == (text, suggest, False))

    def find(self, text: str, *, suggest: bool = False, trusted: bool = False, parts: bool = False) -> Document:
        """Give the document of a text.

        Args:
            text: As the client sent it.
            suggest: Whether a refusal may name fields that the client could have meant.
            trusted: Whether it is known beforehand, and may be longer.
            parts: Whether its answer may come in parts; otherwise `@defer` and `@stream` are as if they were not there.

        Returns:
            The document, valid and within the limits.

        Raises:
            Refused: It is neither.
        """
        document = self._known.get(text)
        if document is not None:
            self._known.move_to_end(text)
            return (parts and document.parts) or document
        document = self._judge(text, suggest=suggest, trusted=trusted)
        self._known[text] = document
        self._tokens += document.tokens
        while self._tokens > self._limits.remembered_tokens and len(self._known) > 1:
            self._tokens -= self._known.popitem(last=False)[1].tokens
        return (parts and document.parts) or document

    def _judge(self, text: str, *, suggest: bool, trusted: bool) -> Document:
        """Read a text; one that was refused a moment ago, on the same way through the door, is not read again."""
        key = (text, suggest, trusted)
        if self._refused is not None and self._refused[0] == key:
            raise Refused(self._refused[1].errors)
        try:
            return self._read(text, suggest=suggest, trusted=trusted)
        except Refused as refused:
            self._refused = (key, refused)
            raise

    def _read(self, text: str, *, suggest: bool, trusted: bool) -> Document:
        self._glance(text, trusted=trusted)
        ast = self._parse(text, self._limits.trusted_tokens if trusted else self._limits.tokens)
        try:
            introspects = measure(ast, self._limits)
        except GraphQLError as error:
            raise Refused([error]) from None
        breathe()
        errors = validate(self._schema, ast, rules_for(text), max_errors=ERRORS_SHOWN, hide_suggestions=not suggest)
        if errors:
            raise Refused([_named(error) for error in errors])
        breathe()
        found = self._priced(ast, introspects=introspects)
        undivided = visit(ast, _Undivided()) if "@" in text else ast
        if undivided is ast:
            return found
        # What comes in parts needs an executor: whoever reads queries whole has one answer.
        return replace(self._priced(undivided, introspects=introspects), parts=replace(found, wholes={}))

    def _priced(self, ast: DocumentNode, *, introspects: bool) -> Document:
        try:
            costs = Costs(ast, self._prices, UNFOLDED * self._limits.selections)
        except GraphQLError as error:
            raise Refused([error]) from None
        wholes = wholes_of(self._schema, self._executor, ast)
        return Document(ast, introspects, _count_tokens(ast), costs, operations_of(ast), wholes)

    def _glance(self, text: str, *, trusted: bool) -> None:
        """Refuse what can be seen without parsing."""
        limits = self._limits
        most = limits.trusted_bytes if trusted else limits.document_bytes
        if len(text) > most or len(text.encode()) > most:
            raise Refused([refusal("DOCUMENT_TOO_LARGE", f"A document may have {most} bytes.")])
        try:
            scan(text, limits, limits.trusted_tokens if trusted else limits.tokens)
        except GraphQLError as error:
            raise Refused([error]) from None

    def _parse(self, text: str, most: int) -> DocumentNode:
        try:
            return BreathingParser(text, max_lexical_tokens=most, max_comments=most).parse_document()
        except GraphQLSyntaxError as error:
            raise Refused([_named(error)]) from None


class _Undivided(Visitor):
    """Takes out what cuts an answer into parts."""

    def enter_directive(self, node: DirectiveNode, *_rest: Any) -> Any:
        return REMOVE if node.name.value in {"defer", "stream"} else None


def _named(error: GraphQLError) -> GraphQLError:
    """Give the library's own limits a code, which it does not."""
    if isinstance(error, ValidationAbortedError):
        return refusal("TOO_COMPLEX", error.message)
    if isinstance(error, GraphQLSyntaxError) and "Document contains more than" in error.message:
        return refusal("DOCUMENT_TOO_LARGE", error.message)
    if isinstance(error, GraphQLSyntaxError) and "nested too deeply" in error.message:
        return refusal("TOO_DEEP", error.message)
    return error


def _count_tokens(ast: DocumentNode) -> int:
    count = 0
    token = ast.loc.start_token if ast.loc else None
    while token is not None:
        count += 1
        token = token.next
    return count
