"""The directives of IBM's specification of costs, as declarations carry them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import strawberry
from strawberry.schema_directive import Location

C = TypeVar("C", bound=type)


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION, Location.OBJECT],
    name="cost",
    description="What one value of the field, or of a field of the type, adds to the cost of an operation.",
)
class Cost:
    """What one value weighs."""

    weight: str = strawberry.directive_field(name="weight")


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="listSize",
    description="How many items a list is counted with: what the longest of the slicing arguments says, else the assumed size.",
)
class ListSize:
    """How long a list is; with `sized_fields`, how long these fields of the object are."""

    assumed_size: int | None = strawberry.directive_field(name="assumedSize", default=strawberry.UNSET)
    slicing_arguments: list[str] | None = strawberry.directive_field(name="slicingArguments", default=strawberry.UNSET)
    sized_fields: list[str] | None = strawberry.directive_field(name="sizedFields", default=strawberry.UNSET)
    require_one_slicing_argument: bool | None = strawberry.directive_field(
        name="requireOneSlicingArgument", default=strawberry.UNSET
    )


def weighs(weight: int) -> Callable[[C], C]:
    """Declare what one value of a type weighs, above what makes it a type."""

    def declare(cls: C) -> C:
        definition = cls.__strawberry_definition__  # type: ignore[attr-defined]  # Strawberry's own mark.
        definition.directives = [*(definition.directives or ()), Cost(weight=str(weight))]
        return cls

    return declare
