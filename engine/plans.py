"""Plans, kept for as long as their document is used."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

from graphql import OperationDefinitionNode
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext as Execution

from engine.arguments import Values, coerce_all, shape
from engine.explain import explain
from engine.planning import Plan, Start, make
from engine.selection import Selection, Spot, flag_names
from engine.sight import RECORD

__all__ = ["Plans", "explain"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

MOST_DOCUMENTS = 1000
MOST_SELECTIONS = 64
MOST_PLANS = 128


class Recent(Generic[K, V]):
    """What was used last, up to so many."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.kept: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        """What is kept under a key; it counts as used."""
        value = self.kept.get(key)
        if value is not None:
            self.kept.move_to_end(key)
        return value

    def put(self, key: K, value: V) -> V:
        """Keep something; what was not used for longest goes."""
        self.kept[key] = value
        if len(self.kept) > self.most:
            self.kept.popitem(last=False)
        return value


class Document:
    """What is kept for one operation: its selections and plans. It holds the operation, so that its id stays its own."""

    def __init__(self, execution: Execution) -> None:
        self.operation: OperationDefinitionNode = execution.operation
        self.fragments = execution.fragments
        self.flags = flag_names(execution)
        self.selections: Recent[Hashable, Selection] = Recent(MOST_SELECTIONS)
        self.plans: Recent[Hashable, Plan] = Recent(MOST_PLANS)


class Plans:
    """All plans of a process."""

    def __init__(self, most: int = MOST_DOCUMENTS) -> None:
        self.documents: Recent[int, Document] = Recent(most)
        self.made = 0

    def document(self, execution: Execution) -> Document:
        """What is kept for the operation under way."""
        key = id(execution.operation)
        known = self.documents.get(key)
        if known is None or known.operation is not execution.operation:
            known = self.documents.put(key, Document(execution))
        return known

    def find(self, execution: Execution, spot: Spot, start: Start) -> tuple[Plan, list[Values]]:
        """The plan of a field or reference, made if need be, and the arguments of this request.

        Args:
            execution: The operation under way.
            spot: The field or reference.
            start: What the plan starts from.
        """
        document = self.document(execution)
        flags = tuple([execution.variable_values.coerced.get(name) for name in document.flags])
        # The nodes live as long as the operation and its fragments, which the document holds: ids are safe as keys.
        concrete = spot.concrete.name if spot.concrete is not None else None
        key = (id(spot.details[0].node), spot.parent.name, str(spot.type), concrete, start, flags)
        selection = document.selections.get(key)
        if selection is None:
            selection = document.selections.put(key, Selection(execution, spot))
        arguments = coerce_all(execution, selection)
        plan_key = (key, tuple([shape(values) for values in arguments]))
        plan = document.plans.get(plan_key)
        record = RECORD.get()
        if plan is None:
            plan = document.plans.put(plan_key, make(selection, start, arguments))
            self.made += 1
            if record is not None:
                record.plans_made += 1
        elif record is not None:
            record.plans_found += 1
        return plan, arguments
