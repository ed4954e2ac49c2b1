"""Where operations are paid for: a document that must be read first, what an operation costs, and what was for nothing."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any, Final

from graphql import Executor, FieldNode, OperationDefinitionNode

from engine.arguments import shape
from engine.breath import Pace
from engine.budget import BYTES_PER_POINT, Budget, Charge, OverBudget, Spent, told
from engine.context import payer_of
from engine.documents import Document, Documents, Refused
from engine.limits import Limits, refusal
from engine.plans import MOST_SELECTIONS
from engine.requests import Asked
from engine.sight import note_cost

PLANNING: Final = 2
"""What it costs for each field and spread that an operation has to be planned: a millisecond, at most."""
REFUSED: Final = 1
"""What it costs to be refused for something else than the text."""


@dataclass(frozen=True, slots=True)
class Paid:
    """What an operation cost, for whoever asked.

    Attributes:
        requested: Its cost.
        limit: What one operation may cost.
        spent: What is left; None where nothing is counted.
    """

    requested: int
    limit: int
    spent: Spent | None

    @property
    def extensions(self) -> dict[str, Any]:
        """What goes into the `extensions` of the answer."""
        return told(self.requested, self.limit, self.spent)

    @property
    def headers(self) -> dict[str, str]:
        """What goes into the headers of the answer."""
        return self.spent.headers() if self.spent else {}


class Toll:
    """Takes what operations cost from those who ask, before anything runs."""

    def __init__(self, documents: Documents, limits: Limits, budget: Budget | None) -> None:
        self._documents = documents
        self._limits = limits
        self._budget = budget
        self._pace = Pace()

    async def admit(self, asked: Asked, context: Any) -> Asked:
        """Let somebody pay for a text that must be read first; a remembered or trusted one costs nothing by itself.

        Args:
            asked: With its text.
            context: Who asks.

        Returns:
            The same; counted, if it was paid for.

        Raises:
            OverBudget: They have not enough left, and nothing was read.
        """
        if self._budget is None or asked.counted or asked.trusted or self._documents.knows(asked.query):
            return asked
        await self._take(context, Charge(1 + len(asked.query) // BYTES_PER_POINT))
        return replace(asked, counted=True)

    async def turn_away(self, asked: Asked, context: Any) -> None:
        """Count a request that came to nothing; who sends many of them is answered slowly.

        Raises:
            OverBudget: Even that is too much just now.
        """
        await self._pace.keep(payer_of(context))
        if not asked.counted:
            await self._take(context, Charge(REFUSED))

    async def pay(self, asked: Asked, context: Any, executor: Executor[Any]) -> Paid:
        """Take what an operation costs.

        Raises:
            Refused: It costs more than any operation may.
            OverBudget: There is not enough left.
        """
        operation = executor.operation
        document = self._documents.find(asked.query, parts=asked.parts)
        cost = document.costs.of(operation, executor.variable_values.coerced)
        note_cost(cost)
        limit = self._limits.cost
        if cost > limit:
            await self.turn_away(asked, context)
            error = refusal("COST_TOO_HIGH", f"An operation may cost {limit} points, this one costs {cost}.", operation)
            error.extensions = {"code": "COST_TOO_HIGH", "requested": cost, "limit": limit}
            raise Refused([error])
        key = (id(operation), shape(executor.variable_values.coerced))
        planning = 0
        if self._budget is not None and not asked.trusted and key not in document.planned:
            planning = PLANNING * document.costs.selected
        spent = await self._take(context, Charge(cost + planning, asks=not asked.counted, fields=_fields(operation)))
        if planning:
            _remember(document, key)
        return Paid(cost, limit, spent)

    async def _take(self, context: Any, charge: Charge) -> Spent | None:
        if self._budget is None:
            return None
        spent = await self._budget(context, charge)
        if spent is not None and spent.wait_seconds > 0:
            await self._pace.keep(payer_of(context))
            raise OverBudget(spent)
        return spent


def _remember(document: Document, key: Hashable) -> None:
    """Note that somebody has paid for the planning of an operation with such variables."""
    if len(document.planned) >= MOST_SELECTIONS:
        document.planned.clear()
    document.planned.add(key)


def _fields(operation: OperationDefinitionNode) -> frozenset[str]:
    """The root fields of an operation; none where fragments hide some of them."""
    selections = operation.selection_set.selections
    if not all(isinstance(selection, FieldNode) for selection in selections):
        return frozenset()
    return frozenset(selection.name.value for selection in selections if isinstance(selection, FieldNode))
