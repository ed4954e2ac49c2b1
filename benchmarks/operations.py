"""What is asked: operations of the contract, as every server is sent them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import orjson
from graphql import (
    REMOVE,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    Visitor,
    parse,
    print_ast,
    visit,
)

from benchmarks import data

CONTRACT: Final = Path(__file__).parent.parent / "contract"
FILES: Final = ("fragments.graphql", "accounts.graphql", "broadcasts.graphql")
LEFT_OUT: Final = frozenset({"provider"})
"""Fields of a feature that is not there yet."""


class Spreads(Visitor):
    """Collects the names of the fragments that something uses."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> None:
        self.names.append(node.name.value)


class LeaveOut(Visitor):
    """Removes the fields that are left out."""

    def enter_field(self, node: FieldNode, *_: Any) -> Any:
        return REMOVE if node.name.value in LEFT_OUT else None


def read_document(name: str) -> str:
    """Read one operation and the fragments it uses from the contract."""
    definitions = [node for file in FILES for node in parse((CONTRACT / file).read_text()).definitions]
    fragments = {node.name.value: node for node in definitions if isinstance(node, FragmentDefinitionNode)}
    [operation] = [
        node
        for node in definitions
        if isinstance(node, OperationDefinitionNode) and node.name and node.name.value == name
    ]
    used: dict[str, FragmentDefinitionNode] = {}
    waiting: list[Any] = [operation]
    while waiting:
        spreads = Spreads()
        visit(waiting.pop(), spreads)
        fresh = {spread: fragments[spread] for spread in spreads.names if spread not in used}
        used.update(fresh)
        waiting += fresh.values()
    return print_ast(visit(DocumentNode(definitions=(operation, *used.values())), LeaveOut()))


@dataclass(frozen=True)
class Operation:
    """One operation with its variables.

    Attributes:
        name: Its name in the contract.
        variables: Their values, by name.
    """

    name: str
    variables: dict[str, Any]

    def as_graphql(self, token: str) -> bytes:
        """The request to a GraphQL server, by whom a token names."""
        asked = {"query": read_document(self.name), "operationName": self.name, "variables": self.variables}
        body = orjson.dumps(asked)
        head = (
            *("POST /graphql HTTP/1.1", "Host: bench", f"Authorization: Bearer {token}", "Accept: application/json"),
            *("Content-Type: application/json", f"Content-Length: {len(body)}", "\r\n"),
        )
        return "\r\n".join(head).encode() + body

    def as_address(self, token: str) -> bytes:
        """The request to a server that has one address for each operation."""
        where = f"GET /{self.name}?{urlencode(self.variables)} HTTP/1.1"
        return f"{where}\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n".encode()


OPERATIONS: Final = (
    Operation("LiveRoomsWithChat", {"first": 50, "messages": 10}),
    Operation("LiveBroadcasts", {"first": 50}),
    Operation("UserProfile", {"username": data.username(42)}),
)
