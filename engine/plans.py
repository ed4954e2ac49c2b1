"""Plans, kept for as long as their document is used."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any, Final, Generic, TypeVar
from weakref import WeakKeyDictionary

from graphql import OperationDefinitionNode

from engine.arguments import Values, coerce_all, shape
from engine.breath import Queue, in_turns
from engine.context import payer_of
from engine.explain import explain
from engine.planning import Plan, Start, make
from engine.selection import Operation, Selection, Spot, flag_names
from engine.sight import RECORD

__all__ = ["PLANS", "Plans", "explain"]

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


class Planned:
    """One selection with its plans: one for each shape of its arguments."""

    def __init__(self, document: Document, selection: Selection, start: Start) -> None:
        self._document = document
        self._selection = selection
        self._start = start

    async def find(self, operation: Operation) -> tuple[Plan, list[Values]]:
        """The plan, made if need be, and the arguments of this request.

        Args:
            operation: The operation under way.

        Raises:
            GraphQLError: An argument does not fit its type.
        """
        arguments = coerce_all(operation, self._selection)
        key = (self, *[shape(values) for values in arguments])
        plan = self._document.plans.get(key)
        record = RECORD.get()
        if plan is None:
            plan = await self._make(key, arguments, payer_of(operation.context_value))
            if record is not None:
                record.plans_made += 1
        elif record is not None:
            record.plans_found += 1
        return plan, arguments

    async def _make(self, key: Hashable, arguments: list[Values], who: Hashable) -> Plan:
        """Make a plan when it is its turn, and with pauses: it is tens of milliseconds of work without any waiting in it."""
        owner, plans = self._document.owner, self._document.plans
        async with owner.queue().turn(who):
            plan = plans.get(key)
            if plan is None:
                plan = await in_turns(lambda: make(self._selection, self._start, arguments))
                plans.put(key, plan)
                owner.made += 1
        return plan


class Document:
    """What is kept for one operation: its selections and plans. It holds the operation, so that its id stays its own."""

    def __init__(self, owner: Plans, operation: Operation) -> None:
        self.owner = owner
        self.operation: OperationDefinitionNode = operation.operation
        self.fragments = operation.fragments
        self.flags = flag_names(operation)
        self.selections: Recent[Hashable, Planned] = Recent(MOST_SELECTIONS)
        self.plans: Recent[Hashable, Plan] = Recent(MOST_PLANS)

    def flags_of(self, operation: Operation) -> tuple[Any, ...]:
        """The values that decide what is selected."""
        coerced = operation.variable_values.coerced
        return tuple([coerced.get(name) for name in self.flags])

    def planned(self, operation: Operation, spot: Spot, start: Start) -> Planned:
        """What is kept for a field or reference under the values of this request.

        Args:
            operation: The operation under way.
            spot: The field or reference.
            start: What the plan starts from.
        """
        # The nodes live as long as the operation and its fragments, which are held here: ids are safe as keys.
        concrete = spot.concrete.name if spot.concrete is not None else None
        key = (id(spot.details[0].node), spot.parent.name, str(spot.type), concrete, start, self.flags_of(operation))
        known = self.selections.get(key)
        if known is None:
            known = self.selections.put(key, Planned(self, Selection(operation, spot), start))
        return known


class Plans:
    """All plans of a process."""

    def __init__(self, most: int = MOST_DOCUMENTS) -> None:
        self.documents: Recent[int, Document] = Recent(most)
        self.made = 0
        self._queues: WeakKeyDictionary[asyncio.AbstractEventLoop, Queue] = WeakKeyDictionary()

    def queue(self) -> Queue:
        """Where plans wait to be made: one at a time, whoever asks for how many."""
        return self._queues.setdefault(asyncio.get_running_loop(), Queue())

    def document(self, operation: Operation) -> Document:
        """What is kept for the operation under way."""
        key = id(operation.operation)
        known = self.documents.get(key)
        if known is None or known.operation is not operation.operation:
            known = self.documents.put(key, Document(self, operation))
        return known

    async def find(self, operation: Operation, spot: Spot, start: Start) -> tuple[Plan, list[Values]]:
        """The plan of a field or reference, made if need be, and the arguments of this request.

        Args:
            operation: The operation under way.
            spot: The field or reference.
            start: What the plan starts from.
        """
        return await self.document(operation).planned(operation, spot, start).find(operation)


PLANS: Final = Plans()
"""The plans of this process."""
