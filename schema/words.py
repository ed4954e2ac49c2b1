"""Enums of the domain, in words for clients: one sentence for the enum and one for each of its values."""

from __future__ import annotations

from enum import Enum

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition


def describe(kind: type[Enum], description: str, *, name: str | None = None, **values: str) -> None:
    """Make an enum part of the schema.

    Args:
        kind: The enum; it is stored and sent under the names of its members.
        description: What it says.
        name: What clients call it, when that is not its name here.
        **values: What each member means, by its name.

    Raises:
        TypeError: A member has no description, or there is no such member.
    """
    if set(values) != set(kind.__members__):
        missing = set(kind.__members__) ^ set(values)
        raise TypeError(f"{kind.__name__}: describe {', '.join(sorted(missing))}")
    strawberry.enum(kind, name=name, description=description)
    definition: StrawberryEnumDefinition = kind.__strawberry_definition__  # type: ignore[attr-defined]  # The line above.
    for value in definition.values:
        value.description = values[value.name]
