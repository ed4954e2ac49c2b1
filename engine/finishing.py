"""What only Python can make: finished fields, and the faults that stand for values which could not be made.

A builder cannot await, and cannot know the path of what it makes. Where either is needed it leaves a `Hole` in the
answer; when the answer is whole, `fill` finds the holes and completes them. Answers without holes cost nothing more.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import orjson
from graphql import (
    GRAPHQL_MAX_INT,
    GRAPHQL_MIN_INT,
    GraphQLEnumType,
    GraphQLError,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLString,
    get_named_type,
    is_leaf_type,
    located_error,
)
from graphql.pyutils import Path
from sqlalchemy import JSON, Text, cast
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext as Execution

from engine.arguments import Values
from engine.outgoing import Decode, kind_of
from engine.selection import Picked
from engine.sources import Finished

PLAIN = (str, bool, int)


class Hole:
    """A place in an answer that is yet to be filled, or that cannot be."""

    __slots__ = ("error", "make", "picked")

    def __init__(self, picked: Picked, error: Exception | None = None, make: Callable[[], Any] | None = None) -> None:
        self.picked = picked
        self.error = error
        self.make = make


def missing(picked: Picked) -> Callable[[Any], Hole]:
    """Makes a fault where a value is promised and there is none."""
    message = f"Cannot return null for non-nullable field {picked.parent.name}.{picked.name}."

    def leave(run: Any) -> Hole:
        run.holes += 1
        return Hole(picked, TypeError(message))

    return leave


def allowed(picked: Picked) -> Callable[[Any, Any], Any] | None:
    """Looks at each value of a leaf which the column's type alone does not keep within what the schema allows.

    Returns:
        What gives the value, or a fault in its place; None for leaves that allow everything.
    """
    assert picked.field is not None
    leaf = get_named_type(picked.field.type)
    if isinstance(leaf, GraphQLEnumType):
        names = frozenset(leaf.values)

        def fits(value: Any) -> bool:
            return value in names

    elif leaf is GraphQLInt:

        def fits(value: Any) -> bool:
            return bool(GRAPHQL_MIN_INT <= value <= GRAPHQL_MAX_INT)

    else:
        return None

    def look(run: Any, value: Any) -> Any:
        if value is None or (all(map(fits, value)) if isinstance(value, list) else fits(value)):
            return value
        run.holes += 1
        return Hole(picked, GraphQLError(f"{leaf.name} cannot represent value: {value!r}"))

    return look


def as_python(expression: Any) -> tuple[Any, Decode | None]:
    """A column for a finished field: as the driver gives it, but JSON decoded whatever codec the connection has."""
    if isinstance(kind_of(expression.type), JSON):
        return cast(expression, Text), orjson.loads
    return expression, None


def finisher(picked: Picked, source: Finished, decoders: list[Decode | None]) -> Callable[..., Any]:
    """What a builder calls for a finished field: (run, values of the columns...)."""
    assert picked.field is not None
    leaf = get_named_type(picked.field.type)
    function = with_decoded(source.function, decoders)
    if picked.slot is not None:
        function = with_arguments(function, picked, [parameter.name for parameter in source.parameters()])
    else:
        function = with_context(function)
    if is_leaf_type(leaf) and not inspect.iscoroutinefunction(source.function):
        return finished_at_once(function, picked, leaf)

    def leave(run: Any, *values: Any) -> Hole:
        run.holes += 1
        return Hole(picked, make=lambda: function(run, *values))

    return leave


def bare(picked: Picked, source: Finished, decoders: list[Decode | None]) -> Callable[..., Any] | None:
    """The function itself, where what it gives can go over the wire as it is: text, says its annotation."""
    annotation = source.function.__annotations__.get("return")
    if picked.slot is not None or any(decoders) or inspect.iscoroutinefunction(source.function):
        return None
    is_text = get_named_type(picked.type) in (GraphQLString, GraphQLID)
    return (
        source.function if is_text and annotation in (("str", "str | None") if picked.nullable else ("str",)) else None
    )


def finished_at_once(function: Callable[..., Any], picked: Picked, leaf: Any) -> Callable[..., Any]:
    """Calls a function for its leaf; an error is this field's alone. It runs for every row, so it does little."""
    nullable = picked.nullable

    def finish(run: Any, *values: Any) -> Any:
        try:
            made = function(run, *values)
            if type(made) is str or (made is None and nullable):
                return made
            if made is not None:
                return serialized(leaf, made)
        except Exception as error:  # noqa: BLE001  # Whatever it is, it belongs to this field alone.
            run.holes += 1
            return Hole(picked, error)
        return missing(picked)(run)

    return finish


def with_context(function: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a function the context after the values."""
    return lambda run, *values: function(*values, run.context)


def with_arguments(function: Callable[..., Any], picked: Picked, names: list[str]) -> Callable[..., Any]:
    """Gives a function the context after the values, and what the client gave by name."""

    def call(run: Any, *values: Any) -> Any:
        given: Values = run.arguments[picked.slot]
        return function(*values, run.context, **{name: given[name] for name in names if name in given})

    return call


def with_decoded(function: Callable[..., Any], decoders: list[Decode | None]) -> Callable[..., Any]:
    """Decodes the values that need it before they reach a function."""
    if not any(decoders):
        return function

    def call(*values: Any, **named: Any) -> Any:
        ready = [
            value if decode is None or value is None else decode(value)
            for value, decode in zip(values, decoders, strict=False)  # The context comes after the values.
        ]
        return function(*ready, *values[len(decoders) :], **named)

    return call


def serialized(leaf: Any, value: Any) -> Any:
    """A leaf, or a list of leaves, as it goes over the wire."""
    if value is None or type(value) is str:
        return value
    if isinstance(value, list):
        return [serialized(leaf, item) for item in value]
    kind: GraphQLLeafType = leaf
    return kind.coerce_output_value(value)


def holes_in(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[Hole, tuple[str | int, ...]]]:
    """The holes of an answer with their paths below the root field."""
    if type(value) is Hole:
        yield value, path
    elif type(value) is dict:
        for key, item in value.items():
            yield from holes_in(item, (*path, key))
    elif type(value) is list:
        for index, item in enumerate(value):
            yield from holes_in(item, (*path, index))


async def fill(execution: Execution, answer: Any, root: Path) -> Any:
    """Complete what the builders left open.

    Args:
        execution: The operation under way; it collects the errors.
        answer: The value of the root field.
        root: The root field's path.

    Returns:
        The answer without holes: each is its value, or null at the nearest place that may be null.

    Raises:
        GraphQLError: Null is not allowed anywhere up to the root field.
    """
    holder = {"": answer}
    found = list(holes_in(answer, ()))
    outcomes = await asyncio.gather(*(outcome(execution, hole, root, path) for hole, path in found))
    for (hole, path), result in zip(found, outcomes, strict=True):
        if not isinstance(result, Exception):
            put(holder, path, result)
            continue
        error = located_error(result, [detail.node for detail in hole.picked.details], full_path(root, path).as_list())
        if hole.picked.falls_to < 0:
            raise error
        if put(holder, path[: hole.picked.falls_to], None):
            execution.collected_errors.add(error, full_path(root, path[: hole.picked.falls_to]))
    return holder[""]


async def outcome(execution: Execution, hole: Hole, root: Path, path: tuple[str | int, ...]) -> Any:
    """The value of a hole, or the error that stands in its place."""
    if hole.make is None:
        return hole.error
    picked = hole.picked
    assert picked.field is not None
    place = full_path(root, path)
    nodes = [detail.node for detail in picked.details]
    info = execution.build_resolve_info(picked.field, nodes, picked.parent, place)
    try:
        value = hole.make()
        if inspect.isawaitable(value):
            value = await value
        completed = execution.complete_value(picked.field.type, picked.details, info, place, value, None)
        return await completed if inspect.isawaitable(completed) else completed
    except GraphQLError as error:
        return error
    except Exception as error:  # noqa: BLE001  # As above.
        return error


def put(holder: dict[str, Any], path: tuple[str | int, ...], value: Any) -> bool:
    """Set a value inside an answer; False when something above it is null already."""
    place: Any = holder
    steps: tuple[str | int, ...] = ("", *path)
    for step in steps[:-1]:
        place = place[step]
        if place is None or type(place) is Hole:
            return False
    place[steps[-1]] = value
    return True


def full_path(root: Path, path: tuple[str | int, ...]) -> Path:
    """The path of a place in the whole answer."""
    place = root
    for step in path:
        place = place.add_key(step, None)
    return place
