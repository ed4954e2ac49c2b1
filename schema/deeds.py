"""How a mutation is wired: it runs a deed, and a refusal becomes `userErrors` of its payload."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.types.base import StrawberryOptional
from strawberry.types.field import StrawberryField

from domain.errors import DomainError
from engine.cost_directives import Cost
from schema.context import Info
from schema.refusals import UserError

DEAR: Final = 50
"""What a deed weighs that calls a vendor while its client waits, or decodes pictures."""


@strawberry.type(description="What every deed answers.")
class Payload:
    """The part that all payloads have; a payload's own fields are null when it was refused."""

    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why it was refused; empty when it was done."
    )


class Refusals(FieldExtension):
    """Answers a `DomainError` with the payload's `userErrors`; everything else goes on and is masked."""

    def apply(self, field: StrawberryField) -> None:
        """Describe the one argument that all deeds have; what is in it is described by its type."""
        for argument in field.arguments:
            argument.description = argument.description or "What it is to be done with."

    async def resolve_async(self, next_: Callable[..., Any], source: object, info: Info, **kwargs: Any) -> Any:
        """Run the deed."""
        try:
            return await next_(source, info, **kwargs)
        except DomainError as refusal:
            kind = info.return_type
            payload: Any = kind.of_type if isinstance(kind, StrawberryOptional) else kind
            return payload(user_errors=[UserError.of(refusal)])


def deed(
    description: str, *, name: str | None = None, cost: int | None = None
) -> Callable[[Callable[..., Any]], StrawberryField]:
    """Declare a mutation: about five lines that open a transaction, call the resolver and return ids in a payload.

    Args:
        description: What clients read.
        name: What clients call it, when that is not made of its Python name.
        cost: What it weighs where that is not what deeds weigh: those that call a vendor weigh more.
    """
    made: Callable[[Callable[..., Any]], StrawberryField] = strawberry.mutation(
        name=name,
        description=description,
        extensions=[Refusals()],
        directives=[] if cost is None else [Cost(weight=str(cost))],
    )
    return made
