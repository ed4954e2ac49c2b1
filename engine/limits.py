"""How much one operation may ask for, judged from its text alone, before anything runs.

Fragments are followed where they are spread, so that a short document cannot unfold into a long one. Nothing here
recurses, and the work is bounded by the limits themselves: a bomb is refused in the time that it takes to reach the limit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    ListValueNode,
    Node,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    StringValueNode,
    ValueNode,
)

from engine.errors import BadInput

NUL: Final = "\0"


@dataclass(frozen=True)
class Limits:
    """What one client may ask for at a time.

    Attributes:
        document_bytes: Length of a document in UTF-8 that somebody sends.
        trusted_bytes: Length of a document that is known beforehand.
        body_bytes: Length of the body of an HTTP request.
        frame_bytes: Length of one message on a socket.
        tokens: Names, punctuators and values in a document that somebody sends; a full introspection query has 165.
        trusted_tokens: The same of a document that is known beforehand.
        definitions: Operations and fragments in a document; to compare fragments with each other is quadratic.
        variables: Variables of one operation.
        depth: Fields within fields; a full introspection query is 15 deep.
        selections: Fields and spreads, with each fragment counted wherever it is spread.
        aliases: Renamed fields in one operation, counted the same way.
        root_fields: Fields of the query, mutation or subscription itself.
        directives: Directives as written.
        list_items: Items of one list in an argument or a variable; fields of one object written in an argument.
        input_depth: Lists and objects within each other in a variable.
        input_values: Values in all variables together.
        cost: Points that one operation may cost: about as many objects as it may give.
        subscriptions: Operations under way on one socket.
        deadline_seconds: How long a query, a mutation or one event of a subscription may take.
        init_seconds: How long a socket may stay silent before it says who it is, and a body may take to arrive.
        send_seconds: How long a reader may refuse to take what is sent.
        waiting_bytes: What may wait for one reader; who is further behind is let go.
        files: Files that one request may bring.
        file_bytes: Length of each.
        upload_bytes: Length of the body of a request that brings files.
        upload_seconds: How long such a body may take to arrive.
        upload_pace: Bytes of it that must arrive each second, after the time in which a socket must say who it is.
        uploads_at_once: Such bodies of one payer under way in this process.
        sockets_per_user: Open sockets and streams of one person in this process.
        sockets_per_address: Open sockets and streams from one address in this process.
        heartbeat_seconds: How long a stream over HTTP stays silent before it shows that it lives.
        remembered_tokens: Tokens of all documents kept parsed and validated, about 550 bytes each.
    """

    document_bytes: int = 16_384
    trusted_bytes: int = 65_536
    body_bytes: int = 1_048_576
    frame_bytes: int = 65_536
    tokens: int = 2_000
    trusted_tokens: int = 4_000
    definitions: int = 100
    variables: int = 100
    depth: int = 15
    selections: int = 2_000
    aliases: int = 30
    root_fields: int = 20
    directives: int = 50
    list_items: int = 100
    input_depth: int = 10
    input_values: int = 5_000
    cost: int = 5_000
    subscriptions: int = 50
    deadline_seconds: float = 5.0
    init_seconds: float = 10.0
    send_seconds: float = 10.0
    waiting_bytes: int = 1_048_576
    files: int = 10
    file_bytes: int = 33_554_432
    upload_bytes: int = 67_108_864
    upload_seconds: float = 120.0
    upload_pace: int = 16_384
    uploads_at_once: int = 4
    sockets_per_user: int = 50
    sockets_per_address: int = 1_000
    heartbeat_seconds: float = 12.0
    remembered_tokens: int = 100_000


def refusal(code: str, message: str, *nodes: Node) -> GraphQLError:
    """Say that a document asks for too much.

    Args:
        code: The word that clients switch on.
        message: One sentence for people, with the limit.
        nodes: Where in the document.

    Returns:
        The error, to be raised.
    """
    return GraphQLError(message, list(nodes) or None, extensions={"code": code})


def measure(document: DocumentNode, limits: Limits) -> bool:
    """Check a parsed document against the limits.

    Args:
        document: As parsed, not yet validated.
        limits: What is allowed.

    Returns:
        Whether the document asks about the schema itself.

    Raises:
        GraphQLError: It asks for too much; ``extensions.code`` says of what.
    """
    _check_definitions(document, limits)
    _check_written(document, limits)
    return _Unfolding(document, limits).measure()


def check_variables(variables: Mapping[str, Any], limits: Limits) -> None:
    """Check the values that came with a document.

    Args:
        variables: As decoded from JSON.
        limits: What is allowed.

    Raises:
        BadInput: A list is too long, values are too many or too deep, or a text holds U+0000, which no column stores.
    """
    seen = -1
    stack: list[tuple[Any, tuple[str, ...]]] = [(variables, ())]
    while stack:
        value, path = stack.pop()
        seen += 1
        waiting = len(value) if isinstance(value, (list, dict)) else 0
        if seen + len(stack) + waiting > limits.input_values:
            raise BadInput(f"All variables together may hold {limits.input_values} values.", *path[:1])
        if isinstance(value, str):
            if NUL in value:
                raise BadInput("Text cannot contain the character U+0000.", *path)
        elif isinstance(value, (list, dict)):
            if len(path) > limits.input_depth:
                raise BadInput(f"Values may lie {limits.input_depth} deep within each other.", *path)
            if isinstance(value, dict):
                stack.extend((item, (*path, name)) for name, item in value.items())
            elif len(value) > limits.list_items:
                raise BadInput(f"A list may have {limits.list_items} items, this one has {len(value)}.", *path)
            else:
                stack.extend((item, (*path, str(index))) for index, item in enumerate(value))


def _check_definitions(document: DocumentNode, limits: Limits) -> None:
    """How many operations and fragments there are, and how many variables each has."""
    if len(document.definitions) > limits.definitions:
        message = f"A document may have {limits.definitions} operations and fragments."
        raise refusal("TOO_MANY_DEFINITIONS", message)
    for definition in document.definitions:
        if len(getattr(definition, "variable_definitions", None) or ()) > limits.variables:
            raise refusal("TOO_MANY_VARIABLES", f"An operation may have {limits.variables} variables.", definition)


def _check_written(document: DocumentNode, limits: Limits) -> None:
    """What counts as written, wherever it stands: directives, list literals, texts."""
    directives = 0
    for owner in _owners(document):
        found: Iterable[DirectiveNode] = getattr(owner, "directives", None) or ()
        for directive in found:
            directives += 1
            if directives > limits.directives:
                message = f"A document may have {limits.directives} directives."
                raise refusal("TOO_MANY_DIRECTIVES", message, directive)
        for value in _values(owner, found):
            if isinstance(value, ListValueNode) and len(value.values) > limits.list_items:
                message = f"A list may have {limits.list_items} items, this one has {len(value.values)}."
                raise refusal("LIST_TOO_LONG", message, value)
            if isinstance(value, ObjectValueNode) and len(value.fields) > limits.list_items:
                raise refusal("LIST_TOO_LONG", f"An object may have {limits.list_items} fields.", value)
            if isinstance(value, StringValueNode) and NUL in value.value:
                raise refusal("INVALID_INPUT", "Text cannot contain the character U+0000.", value)


def _owners(document: DocumentNode) -> Iterator[Node]:
    """Each node that can carry arguments, directives or a default value."""
    for definition in document.definitions:
        yield definition
        yield from getattr(definition, "variable_definitions", None) or ()
        stack = [getattr(definition, "selection_set", None)]
        while stack:
            selection_set = stack.pop()
            if selection_set is not None:
                yield from selection_set.selections
                stack.extend(getattr(selection, "selection_set", None) for selection in selection_set.selections)


def _values(owner: Node, directives: Iterable[DirectiveNode]) -> Iterator[ValueNode]:
    stack: list[Any] = [getattr(owner, "default_value", None)]
    for arguments in (getattr(owner, "arguments", None), *(directive.arguments for directive in directives)):
        stack.extend(argument.value for argument in arguments or ())
    while stack:
        value = stack.pop()
        if value is not None:
            yield value
        if isinstance(value, ListValueNode):
            stack.extend(value.values)
        elif isinstance(value, ObjectValueNode):
            stack.extend(field.value for field in value.fields)


class _Unfolding:
    """Walks the operations of a document the way execution would: level by level, equal response names as one."""

    def __init__(self, document: DocumentNode, limits: Limits) -> None:
        self.limits = limits
        self.selections = 0
        self.introspects = False
        self.operations = [found for found in document.definitions if isinstance(found, OperationDefinitionNode)]
        self.fragments = {
            found.name.value: found.selection_set
            for found in document.definitions
            if isinstance(found, FragmentDefinitionNode)
        }

    def measure(self) -> bool:
        for operation in self.operations:
            self._walk(operation)
        return self.introspects

    def _walk(self, operation: OperationDefinitionNode) -> None:
        depth = aliases = 0
        level = [[operation.selection_set]]
        while level:
            depth += 1
            deeper: list[list[SelectionSetNode]] = []
            for scope in level:
                fields = self._collect(scope)
                aliases += sum(node.alias is not None for nodes in fields.values() for node in nodes)
                if aliases > self.limits.aliases:
                    message = f"An operation may rename {self.limits.aliases} fields."
                    raise refusal("TOO_MANY_ALIASES", message, operation)
                if depth == 1 and len(fields) > self.limits.root_fields:
                    message = f"An operation may have {self.limits.root_fields} fields at its root."
                    raise refusal("TOO_MANY_ROOT_FIELDS", message, operation)
                deeper.extend(below for nodes in fields.values() if (below := _below(nodes)))
            if deeper and depth >= self.limits.depth:
                message = f"Fields may lie {self.limits.depth} deep within each other."
                raise refusal("TOO_DEEP", message, operation)
            level = deeper

    def _collect(self, scope: list[SelectionSetNode]) -> dict[str, list[FieldNode]]:
        fields: dict[str, list[FieldNode]] = {}
        spread: set[str] = set()
        stack: list[SelectionNode] = [selection for found in scope for selection in found.selections]
        while stack:
            selection = stack.pop()
            self._count(selection)
            if isinstance(selection, FieldNode):
                name = selection.name.value
                self.introspects = self.introspects or name in {"__schema", "__type"}
                fields.setdefault((selection.alias or selection.name).value, []).append(selection)
            elif isinstance(selection, InlineFragmentNode):
                stack.extend(selection.selection_set.selections)
            elif isinstance(selection, FragmentSpreadNode) and (name := selection.name.value) not in spread:
                spread.add(name)
                if name in self.fragments:
                    stack.extend(self.fragments[name].selections)
        return fields

    def _count(self, selection: SelectionNode) -> None:
        self.selections += 1
        if self.selections > self.limits.selections:
            message = f"A document may select {self.limits.selections} fields, with its fragments unfolded."
            raise refusal("TOO_MANY_FIELDS", message, selection)


def _below(nodes: list[FieldNode]) -> list[SelectionSetNode]:
    return [node.selection_set for node in nodes if node.selection_set is not None]
