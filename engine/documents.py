"""Documents, parsed, measured and validated once and then remembered."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
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
    parse,
    specified_rules,
    validate,
    visit,
)
from graphql.validation.rules import overlapping_fields_can_be_merged
from graphql.validation.validate import ValidationAbortedError
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from engine.cost import Costs, Prices
from engine.limits import Limits, measure, refusal
from engine.whole import Whole, operations_of, wholes_of

RULES = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)
ERRORS_SHOWN = 5
"""Validation stops there: to look for more is work for a document that is refused anyway."""

UNFOLDED = 2
"""Where one name means fields of several types, each counts: so much more may be selected when it is priced."""

# Comparing fields of one response name is quadratic. The library's own budget of 500,000 is half a second of work or more;
# the largest operation of the contract needs less than 300.
overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = 3_000


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
    """

    ast: DocumentNode
    introspects: bool
    tokens: int
    costs: Costs
    operations: Mapping[str | None, OperationDefinitionNode]
    wholes: Mapping[str | None, Whole]
    parts: Document | None = None


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
        self._known: OrderedDict[str, Document] = OrderedDict()
        self._tokens = 0
        self._refused: tuple[tuple[str, bool, bool], Refused] | None = None

    def knows(self, text: str) -> bool:
        """Whether a text was read before and is remembered."""
        return text in self._known

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
        ast = self._parse(text, self._limits.trusted_bytes if trusted else self._limits.document_bytes)
        try:
            introspects = measure(ast, self._limits)
        except GraphQLError as error:
            raise Refused([error]) from None
        errors = validate(self._schema, ast, RULES, max_errors=ERRORS_SHOWN, hide_suggestions=not suggest)
        if errors:
            raise Refused([_named(error) for error in errors])
        found = self._priced(ast, introspects=introspects)
        undivided = visit(ast, _Undivided()) if "@" in text else ast
        return found if undivided is ast else replace(self._priced(undivided, introspects=introspects), parts=found)

    def _priced(self, ast: DocumentNode, *, introspects: bool) -> Document:
        try:
            costs = Costs(ast, self._prices, UNFOLDED * self._limits.selections)
        except GraphQLError as error:
            raise Refused([error]) from None
        wholes = wholes_of(self._schema, self._executor, ast)
        return Document(ast, introspects, _count_tokens(ast), costs, operations_of(ast), wholes)

    def _parse(self, text: str, most: int) -> DocumentNode:
        limits = self._limits
        if len(text) > most or len(text.encode()) > most:
            raise Refused([refusal("DOCUMENT_TOO_LARGE", f"A document may have {most} bytes.")])
        try:
            return parse(text, max_lexical_tokens=limits.tokens, max_comments=limits.tokens)
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
