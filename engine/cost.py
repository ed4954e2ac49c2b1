"""What an operation costs, known from its text and its list sizes before anything runs.

A document is walked once: what cannot change becomes a number, what hangs on variables a small function of them. Where a
field may give several types the dearest of them counts, so the cost is never below what a client could be given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    Node,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_abstract_type,
)

from engine.cost_directives import ListSize
from engine.cost_sdl import size_of, weight_of
from engine.limits import refusal

Values: TypeAlias = Mapping[str, Any]
Term: TypeAlias = int | Callable[[Values], int]
Conditions: TypeAlias = tuple[tuple[str, bool], ...]
Scope: TypeAlias = tuple[SelectionSetNode, Any, Conditions]

INTROSPECTION: Final = 100
"""What a question about the schema itself weighs, whatever it selects."""
LONGEST_PAGE: Final = 100
"""Longer pages are refused, so they cannot cost more."""
NEVER: Final = ("", False)


@dataclass(frozen=True, slots=True)
class Price:
    """What one field weighs, and how long its list is."""

    weight: int
    size: ListSize | None


class Prices:
    """The prices of one schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self._known: dict[tuple[str, str], Price] = {}
        self._members: dict[str, frozenset[str]] = {}

    def of(self, parent: Any, name: str) -> Price:
        """The price of a field."""
        key = (parent.name, name)
        price = self._known.get(key)
        if price is None:
            field = parent.fields[name]
            price = self._known[key] = Price(weight_of(self.schema, parent, field), size_of(field))
        return price

    def members(self, type_: Any) -> frozenset[str]:
        """The names of the object types that a type stands for."""
        known = self._members.get(type_.name)
        if known is None:
            types = self.schema.get_possible_types(type_) if is_abstract_type(type_) else [type_]
            known = self._members[type_.name] = frozenset(one.name for one in types)
        return known


class Costs:
    """What the operations of one document cost."""

    def __init__(self, document: DocumentNode, prices: Prices, most_selections: int) -> None:
        """Read a valid document.

        Args:
            document: The document.
            prices: Of its schema.
            most_selections: How many selections it may have, fragments unfolded for each type; it bounds the work.

        Raises:
            GraphQLError: It has more.
        """
        walk = _Walk(document, prices, most_selections)
        self._terms: dict[int, Term] = {
            id(node): walk.operation(node) for node in document.definitions if isinstance(node, OperationDefinitionNode)
        }
        self.selected = walk.seen  # By all operations, fragments unfolded for each type.
        self._document = document

    def of(self, operation: OperationDefinitionNode, variables: Values) -> int:
        """What an operation of this document costs.

        Args:
            operation: The very node.
            variables: As coerced.

        Returns:
            Points, at least 1.
        """
        term = self._terms[id(operation)]
        return max(1, term if isinstance(term, int) else term(variables))


class _Walk:
    """Turns selections into terms."""

    def __init__(self, document: DocumentNode, prices: Prices, most: int) -> None:
        self.prices = prices
        self.most = most
        self.seen = 0
        self.fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }

    def operation(self, node: OperationDefinitionNode) -> Term:
        root = self.prices.schema.get_root_type(node.operation)
        return self.scope([(node.selection_set, root, ())], root, {})

    def scope(self, scopes: Sequence[Scope], type_: Any, sizes: Mapping[str, Term]) -> Term:
        """What is selected of one value of a type; `sizes` has the lengths of lists that its parent says."""
        groups: dict[tuple[str, str], list[tuple[FieldNode, Conditions]]] = {}
        types: dict[str, Any] = {}
        self.collect(scopes, groups, types)
        terms = {key: self.field(types[key[0]], nodes, sizes) for key, nodes in groups.items()}
        if len(types) < 2 or not is_abstract_type(type_):
            return _sum(list(terms.values()))
        members = self.prices.members
        alternatives: dict[frozenset[str], Term] = {}
        for name in members(type_):
            within = frozenset(over for over in types if name in members(types[over]))
            if within not in alternatives:
                alternatives[within] = _sum([term for (over, _), term in terms.items() if over in within])
        return _greatest(list(alternatives.values()))

    def collect(
        self,
        scopes: Sequence[Scope],
        groups: dict[tuple[str, str], list[tuple[FieldNode, Conditions]]],
        types: dict[str, Any],
    ) -> None:
        """Gather fields by the type they are asked of and the name they answer under."""
        spread: set[tuple[str, str, Conditions]] = set()
        stack = [(node, type_, when) for selections, type_, when in scopes for node in selections.selections]
        while stack:
            node, type_, outer = stack.pop()
            self.count(node)
            when = _conditions(node, outer)
            if NEVER in when:
                continue
            if isinstance(node, FieldNode):
                types[type_.name] = type_
                groups.setdefault((type_.name, (node.alias or node.name).value), []).append((node, when))
                continue
            found: Any = node
            if isinstance(node, FragmentSpreadNode):
                name = node.name.value
                if (name, type_.name, ()) in spread:
                    continue
                # Spread under one condition and then under another: taken for unconditional, which it may become.
                again = any(seen[:2] == (name, type_.name) for seen in spread) if when else False
                when = () if again else when
                spread.add((name, type_.name, when))
                found = self.fragments[name]
            assert isinstance(found, InlineFragmentNode | FragmentDefinitionNode)
            inner = self.narrowed(type_, found)
            if inner is not None:
                stack.extend((below, inner, when) for below in found.selection_set.selections)

    def narrowed(self, type_: Any, fragment: InlineFragmentNode | FragmentDefinitionNode) -> Any:
        """The type that fields of a fragment are asked of; an object stays what it is, None where it is never that."""
        condition = fragment.type_condition
        if condition is None:
            return type_
        wanted = self.prices.schema.type_map[condition.name.value]
        if not isinstance(type_, GraphQLObjectType):
            return wanted
        return type_ if type_.name in self.prices.members(wanted) else None

    def field(self, parent: Any, nodes: list[tuple[FieldNode, Conditions]], sizes: Mapping[str, Term]) -> Term:
        """What a field costs, with all that is selected under its name."""
        first = nodes[0][0]
        name = first.name.value
        if name.startswith("__"):
            return 0 if name == "__typename" else _when(nodes, INTROSPECTION)
        definition = parent.fields[name]
        price = self.prices.of(parent, name)
        below: Term = 0
        length = _length(first, definition, price.size) if price.size else 1
        sized = price.size.sized_fields if price.size else None
        if first.selection_set is not None:
            alone = len(nodes) == 1
            scopes: list[Scope] = []
            type_ = get_named_type(definition.type)
            for node, when in nodes:
                assert node.selection_set is not None
                scopes.append((node.selection_set, type_, () if alone else when))
            below = self.scope(scopes, type_, dict.fromkeys(sized, length) if sized else {})
        times = sizes.get(name, 1 if sized else length)
        return _when(nodes, _product(times, _sum([price.weight, below])))

    def count(self, node: Node) -> None:
        self.seen += 1
        if self.seen > self.most:
            raise refusal(
                "TOO_MANY_FIELDS", f"A document may select {self.most} fields, with its fragments unfolded.", node
            )


def _length(node: FieldNode, definition: Any, size: ListSize) -> Term:
    """How long a list is: the longest that a slicing argument says, else what is assumed."""
    assumed = size.assumed_size if isinstance(size.assumed_size, int) else 1
    written = {argument.name.value: argument.value for argument in node.arguments or ()}
    numbers: list[int] = []
    names: list[tuple[str, int | None]] = []
    for name in size.slicing_arguments or ():
        value = written.get(name)
        default = definition.args[name].default_value
        default = default if isinstance(default, int) else None
        if isinstance(value, VariableNode):
            names.append((value.name.value, default))
        elif isinstance(value, IntValueNode):
            numbers.append(_bounded(int(value.value)))
        elif value is None and default is not None:
            numbers.append(_bounded(default))
    if not names:
        return max(numbers, default=assumed)

    def length(values: Values) -> int:
        given = [values.get(name, default) for name, default in names]
        return max([*numbers, *[_bounded(one) for one in given if isinstance(one, int)]], default=assumed)

    return length


def _bounded(number: int) -> int:
    return min(max(number, 0), LONGEST_PAGE)


def _conditions(node: Any, outer: Conditions) -> Conditions:
    """What must hold for a selection to be there; `NEVER` among it when it cannot be."""
    when = outer
    for directive in node.directives or ():
        if directive.name.value not in {"skip", "include"}:
            continue
        wanted = directive.name.value == "include"
        value = directive.arguments[0].value
        if isinstance(value, VariableNode):
            if (value.name.value, wanted) not in when:
                when = (*when, (value.name.value, wanted))
        elif value.value != wanted:
            when = (*when, NEVER)
    return when


def _when(nodes: list[tuple[FieldNode, Conditions]], term: Term) -> Term:
    if any(not when for _, when in nodes):
        return term
    alternatives = [when for _, when in nodes]

    def chosen(values: Values) -> int:
        if not any(all(values.get(name) is wanted for name, wanted in when) for when in alternatives):
            return 0
        return term if isinstance(term, int) else term(values)

    return chosen


def _sum(terms: list[Term]) -> Term:
    fixed = sum(term for term in terms if isinstance(term, int))
    rest = [term for term in terms if not isinstance(term, int)]
    return (lambda values: fixed + sum([term(values) for term in rest])) if rest else fixed


def _greatest(terms: list[Term]) -> Term:
    fixed = max((term for term in terms if isinstance(term, int)), default=0)
    rest = [term for term in terms if not isinstance(term, int)]
    return (lambda values: max(fixed, *[term(values) for term in rest])) if rest else fixed


def _product(times: Term, term: Term) -> Term:
    if isinstance(times, int):
        if isinstance(term, int):
            return times * term
        return (lambda values: times * term(values)) if times else 0
    if isinstance(term, int):
        return (lambda values: times(values) * term) if term else 0
    return lambda values: times(values) * term(values)
