"""The values of an operation's variables: the library's rules, with a short way for what most of them are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    GRAPHQL_MAX_INT,
    GRAPHQL_MIN_INT,
    GraphQLBoolean,
    GraphQLError,
    GraphQLID,
    GraphQLInputType,
    GraphQLInt,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLString,
    VariableDefinitionNode,
    get_variable_values,
)
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource
from graphql.utilities.coerce_input_value import coerce_default_value

PLAIN: Final[Mapping[GraphQLInputType, type]] = {
    GraphQLString: str,
    GraphQLID: str,
    GraphQLInt: int,
    GraphQLBoolean: bool,
}
"""Scalars whose values are what JSON gives for them."""

MOST_ERRORS: Final = 50
MISSING: Final = object()


@dataclass(frozen=True, slots=True)
class Plain:
    """A variable whose values may be plain.

    Attributes:
        name: Its name.
        signature: The library's word for its type and default.
        kind: What its values are in Python; None where a value needs more than a look, so that only none is plain.
        nullable: Whether it may be null.
        default: Its value where none is given; `MISSING` for none.
    """

    name: str
    signature: GraphQLVariableSignature
    kind: type | None
    nullable: bool
    default: Any


class Variables:
    """The variables that one operation has."""

    def __init__(self, schema: GraphQLSchema, nodes: Sequence[VariableDefinitionNode]) -> None:
        self._schema = schema
        self._nodes = nodes
        found = [plain_variable(schema, node) for node in nodes]
        self._plain = [one for one in found if one is not None]
        self._all_plain = len(self._plain) == len(found)

    def take(self, given: Mapping[str, Any], *, hide_suggestions: bool) -> VariableValues | list[GraphQLError]:
        """Take the values that a client gave.

        Args:
            given: The values by name, as they came.
            hide_suggestions: Whether errors name nothing that was not asked for.

        Returns:
            The values, or what is wrong with them.
        """
        return (self._take_plain(given) if self._all_plain else None) or get_variable_values(
            self._schema, self._nodes, dict(given), max_errors=MOST_ERRORS, hide_suggestions=hide_suggestions
        )

    def _take_plain(self, given: Mapping[str, Any]) -> VariableValues | None:
        """Take values that need nothing done to them; None when there is one that does, or that is wrong."""
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        for variable in self._plain:
            name = variable.name
            value = given.get(name, MISSING)
            kind = type(value)
            if value is MISSING:
                if variable.default is not MISSING:
                    coerced[name] = variable.default
                elif not variable.nullable:
                    return None
                sources[name] = VariableValueSource(variable.signature)
                continue
            if kind is not variable.kind:
                if value is not None or not variable.nullable:
                    return None
            elif kind is int and not GRAPHQL_MIN_INT <= value <= GRAPHQL_MAX_INT:
                return None
            coerced[name] = value
            sources[name] = VariableValueSource(variable.signature, value)
        return VariableValues(sources, coerced)


def plain_variable(schema: GraphQLSchema, node: VariableDefinitionNode) -> Plain | None:
    """What there is to know of a variable; None where each value is for the library to judge."""
    signature = get_variable_signature(schema, node)
    if isinstance(signature, GraphQLError):
        return None
    type_ = signature.type
    nullable = not isinstance(type_, GraphQLNonNull)
    kind = PLAIN.get(type_.of_type if isinstance(type_, GraphQLNonNull) else type_)
    if signature.default is not None and kind is None:
        return None
    default = coerce_default_value(signature) if signature.default is not None else MISSING
    return Plain(signature.name, signature, kind, nullable, default)
