"""The same answers, one small question at a time: what the compiled engine is compared with.

It walks a selection with graphql-core's own executor over the schema's text. Each value is asked of the database when
its field is reached, rows are sorted, cut and compared in Python. It reads the declarations, and nothing of what
compiles them. It works for every schema that is made with `engine.declare`.

Beside the answer it says how many statements the engine may need: one for a root with rows, one for each to-many edge
that has parents, one for a root count, one for each reference.
"""

from __future__ import annotations

import asyncio
import base64
import enum
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from graphql import GraphQLEnumType, GraphQLScalarType, build_schema, execute, get_named_type, is_abstract_type
from sqlalchemy import ColumnElement, UnaryExpression, false, func, select
from sqlalchemy import inspect as inspect_row
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql import operators
from strawberry.types.base import StrawberryList, StrawberryOptional, has_object_definition
from strawberry.types.enum import StrawberryEnumDefinition, has_enum_definition
from strawberry.types.unset import UNSET

from engine import cursors
from engine.errors import BadInput
from engine.references import EdgeRef, Ref, Refs
from engine.sources import (
    ENTITIES,
    ById,
    Column,
    Computed,
    Declared,
    Embedded,
    Entity,
    Finished,
    Listed,
    Many,
    One,
    OneOf,
    OneWhere,
    Own,
)

BUILT_IN = ("String", "Int", "Float", "Boolean", "ID")
WIRE_ID = re.compile(r"[a-z_]+_([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})")


@dataclass
class Thing:
    """A row, or a part of one; `plan` is where the statement that reads it starts."""

    type_name: str
    row: type
    key: tuple[Any, ...]
    plan: tuple[Any, ...]
    entity: Entity | None = None
    bound: Any = None


@dataclass
class Page:
    """A list and where a page lies in it."""

    mark: tuple[Any, ...]
    items: list[Thing]
    edges: list[Edge]
    window: range
    total: int
    outside: tuple[bool, bool]
    at_root: bool


@dataclass
class Edge:
    cursor: str
    node: Thing
    own: Thing | None
    arguments: dict[str, Any] = field(default_factory=dict)


class Naive:
    """A schema, answered naively over one SQLAlchemy connection."""

    def __init__(self, schema, connection) -> None:
        self.compiled = schema._schema
        self.connection = connection
        self.lock = asyncio.Lock()
        self.schema = build_schema(schema.as_str())
        for name, kind in self.schema.type_map.items():
            original = self.compiled.type_map.get(name)
            if isinstance(kind, GraphQLScalarType) and name not in BUILT_IN:
                kind.coerce_input_value = original.coerce_input_value
                kind.coerce_input_literal = original.coerce_input_literal
                kind.coerce_output_value = kind.serialize = lambda value: value
            if isinstance(kind, GraphQLEnumType):
                for value_name, value in kind.values.items():
                    value.value = value_name

    async def ask(self, query, parameters) -> list[Any]:
        async with self.lock:
            return list(await self.connection.execute(query, parameters))

    async def run(self, document, variables, context, operation_name=None):
        """Give the result, and the number of statements that the engine may need for it."""
        walk = Walk(self, context)
        result = execute(
            self.schema,
            document,
            context_value=context,
            variable_values=variables,
            operation_name=operation_name,
            field_resolver=walk.resolve,
            type_resolver=lambda thing, info, _: info.schema.type_map[thing.type_name].name,
        )
        if inspect.isawaitable(result):
            result = await result
        await asyncio.gather(*walk.tasks, return_exceptions=True)
        return result, len(walk.statements)


class Walk:
    """One operation on its way."""

    def __init__(self, naive, context) -> None:
        self.naive = naive
        self.context = context
        self.statements: set[Any] = set()
        self.rows: dict[Any, Any] = {}
        self.tasks: list[asyncio.Task[Any]] = []

    # -- the database, one question at a time

    async def ask(self, query) -> list[Any]:
        # The executor cancels the siblings of a field that failed; a connection would not survive that.
        return await asyncio.shield(self.naive.ask(query, dict(self.context.parameters)))

    async def whole(self, thing: Thing) -> Any:
        key = (thing.row, thing.key)
        if key not in self.rows:
            columns = [getattr(thing.row, name) for name in names_of(thing.row)]
            found = await self.ask(select(*columns).where(*by_key(thing.row, thing.key)))
            self.rows[key] = dict(zip(names_of(thing.row), found[0], strict=True))
        return self.rows[key]

    async def expression(self, thing: Thing, expression) -> Any:
        return (await self.ask(select(expression).select_from(thing.row).where(*by_key(thing.row, thing.key))))[0][0]

    async def seen(self, entity: Entity, key: tuple[Any, ...]) -> bool:
        conditions = [*by_key(entity.row, key), *visibility(entity)]
        return bool((await self.ask(select(func.count()).select_from(entity.row).where(*conditions)))[0][0])

    async def reach(self, type_name: str, key: Any, plan: tuple[Any, ...]) -> Thing | None:
        entity = self.entity(type_name)
        key = key if isinstance(key, tuple) else (key,)
        if key[0] is None or not await self.seen(entity, key):
            return None
        return Thing(type_name, entity.row, key, plan, entity)

    def entity(self, type_name: str) -> Entity:
        return ENTITIES[self.naive.compiled.type_map[type_name].extensions["strawberry-definition"].origin]

    # -- fields

    def resolve(self, thing, info, **raw) -> asyncio.Task[Any]:
        """A task, since the executor forgets what it waited for when a sibling fails."""
        self.tasks.append(asyncio.ensure_future(self.answer(thing, info, **raw)))
        return self.tasks[-1]

    async def answer(self, thing, info, **raw) -> Any:
        name = info.field_name
        if isinstance(thing, dict):
            return thing[name]
        if isinstance(thing, Page):
            return self.of_page(thing, name)
        compiled = self.naive.compiled.type_map[info.parent_type.name].fields[name]
        definition = compiled.extensions["strawberry-definition"]
        arguments = converted(raw, definition.arguments)
        if isinstance(thing, Edge):
            return await self.of_edge(thing, definition, info)
        if isinstance(thing, Thing):
            source = thing.bound[definition.python_name] if thing.bound else getattr(definition, "source", None)
            if source is None:
                return f"{thing.entity.prefix}_{thing.key[0]}"
            return await self.value(thing, source, definition, info, arguments)
        if isinstance(definition, Declared):
            return await self.at_root(
                definition.source, info, raw if isinstance(definition.source, ById) else arguments
            )
        value = (
            compiled.resolve(thing, info, **raw) if definition.base_resolver else getattr(thing, definition.python_name)
        )
        return await self.handed_over(await value if inspect.isawaitable(value) else value, info)

    async def value(self, thing: Thing, source, definition, info, arguments) -> Any:
        answer = ANSWERS[type(source)]
        if inspect.iscoroutinefunction(answer):
            return await answer(self, thing, source, definition, info, arguments)
        return answer(self, thing, source, definition, info, arguments)

    async def column(self, thing, source, definition, info, arguments):
        row = await self.whole(thing)
        if source.only is not None and not await self.expression(thing, source.only(thing.row, source.viewer)):
            return None
        return leaf(row[source.column.key], info)

    async def computed(self, thing, source, definition, info, arguments):
        found = await self.expression(thing, called(source.function, thing.row, source.viewer, arguments))
        if found is None and str(info.return_type) == "Boolean!":
            return False
        return leaf(found, info)

    async def finished(self, thing, source, definition, info, arguments):
        row = await self.whole(thing)
        values = [
            row[column.key]
            if isinstance(column, InstrumentedAttribute)
            else await self.expression(thing, column(thing.row, source.viewer))
            for column in source.columns
        ]
        value = source.function(*values, self.context, **arguments)
        return leaf(await self.handed_over(await value if inspect.isawaitable(value) else value, info), info)

    async def one(self, thing, source, definition, info, arguments):
        type_name = get_named_type(info.return_type).name
        entity = self.entity(type_name)
        key = source.key
        if key.class_ is not thing.row or (source.where is not None and entity.row is thing.row):
            own = (await self.whole(thing))[refers(key, thing.row)]
            link = key == own
        else:
            link = getattr(entity.row, refers(key, entity.row)) == (await self.whole(thing))[key.key]
        where = listed_conditions(source.where, entity.row, source.viewer, arguments, None)
        found = await self.ask(select(*keys_of(entity.row)).where(link, *where, *visibility(entity)))
        return Thing(type_name, entity.row, tuple(found[0]), thing.plan, entity) if found else None

    async def one_of(self, thing, source, definition, info, arguments):
        row = await self.whole(thing)
        stored = row[source.type.key]
        for possible in possible_types(info):
            if stored in (possible, self.entity(possible).prefix):
                return await self.reach(possible, row[source.key.key], thing.plan)
        return None

    async def embedded(self, thing, source, definition, info, arguments):
        if isinstance(source.when, InstrumentedAttribute):
            if (await self.whole(thing))[source.when.key] is None:
                return None
        elif source.when is not None and not await self.expression(thing, source.when(thing.row, source.viewer)):
            return None
        type_name = get_named_type(info.return_type).name
        return Thing(type_name, thing.row, thing.key, thing.plan, thing.entity, source.fields)

    async def listed(self, thing, source, definition, info, arguments):
        self.statements.add(mark_of(info, thing.plan if thing is not None else None))
        type_name = get_named_type(info.return_type).name
        is_entity = self.naive.compiled.type_map[type_name].extensions["strawberry-definition"].origin in ENTITIES
        entity = self.entity(type_name) if is_entity else None
        row = entity.row if entity else source.of.class_
        rows = await self.rows_in_order(source, row, entity, thing, source.order, arguments)
        plan = thing.plan if thing is not None else root_of(info)
        return [Thing(type_name, row, item.key, plan, entity, source.fields or None) for item in rows[: source.limit]]

    async def many(self, thing, source, definition, info, arguments):
        mark = mark_of(info, thing.plan if thing is not None else None)
        connection = get_named_type(info.return_type)
        type_name = get_named_type(connection.fields["nodes"].type).name
        entity = self.entity(type_name)
        order, name = source.order, ""
        if isinstance(order, dict):
            name = arguments["order_by"].name
            order = order[arguments["order_by"]]
        own = {one.name: arguments.get(one.name, one.default) for one in source.parameters()}
        tag = cursors.tag_of(f"{info.parent_type.name}.{info.field_name} {name}")
        rows = await self.rows_in_order(source, entity.row, entity, thing, order, own)
        window, outside = window_of(rows, tag, order, arguments)
        plan = thing.plan if thing is not None else root_of(info)
        edges = [
            Edge(
                cursors.encode(tag, *item.place),
                Thing(type_name, entity.row, item.key, plan, entity),
                self.edge_row(source, item, plan),
                own,
            )
            for item in (rows[index] for index in window)
        ]
        return Page(mark, [edge.node for edge in edges], edges, window, len(rows), outside, thing is None)

    def edge_row(self, source, item, plan) -> Thing | None:
        if source.edge is None:
            return None
        entity = ENTITIES[source.edge]
        return Thing(
            entity.type.__name__, entity.row, item.between if source.through is not None else item.key, plan, entity
        )

    async def rows_in_order(self, source, row, entity, thing, order, arguments) -> list[Item]:
        through = getattr(source, "through", None)
        between = through.class_ if through is not None else None
        expression, down = direction(order)
        if not isinstance(expression, ColumnElement | InstrumentedAttribute):
            expression = called(expression, row, source.viewer, arguments, between)
        conditions = listed_conditions(source.where, row, source.viewer, arguments, between)
        keys, between_keys = keys_of(row), keys_of(between) if between is not None else []
        query = select(expression, *keys, *between_keys).select_from(row)
        if between is not None:
            query = query.join(between, getattr(row, refers(through, row)) == through)
        if isinstance(source.of, InstrumentedAttribute):
            query = query.where(source.of == (await self.whole(thing))[refers(source.of, thing.row)])
        found = await self.ask(query.where(*conditions, *(visibility(entity) if entity else [])))
        items = [Item(line[0], tuple(line[1 : 1 + len(keys)]), tuple(line[1 + len(keys) :])) for line in found]
        unique = not between_keys and is_key(expression, row, source)
        for item in items:
            item.tie(unique, through, source, between)
        return sorted(items, key=lambda item: item.rank, reverse=down)

    # -- pages

    def of_page(self, page: Page, name: str) -> Any:
        if name == "totalCount":
            if page.at_root:
                self.statements.add((*page.mark, "count"))
            return page.total
        self.statements.add(page.mark)
        before, after = page.outside
        ends = [page.edges[0].cursor, page.edges[-1].cursor] if page.edges else [None, None]
        return {
            "nodes": page.items,
            "edges": page.edges,
            "pageInfo": {
                "hasPreviousPage": before,
                "hasNextPage": after,
                "startCursor": ends[0],
                "endCursor": ends[1],
            },
        }[name]

    async def of_edge(self, edge: Edge, definition, info) -> Any:
        if definition.python_name in ("cursor", "node"):
            return getattr(edge, definition.python_name)
        return await self.value(edge.own, definition.source, definition, info, edge.arguments)

    # -- roots and references

    async def at_root(self, source, info, arguments) -> Any:
        plan = root_of(info)
        if isinstance(source, Many):
            return await self.many(None, source, None, info, arguments)
        if isinstance(source, Listed):
            return await self.listed(None, source, None, info, arguments)
        if isinstance(source, Own):
            key = self.context.parameters["viewer"]
            if key is None:
                return None
            self.statements.add(plan)
            return await self.reach(get_named_type(info.return_type).name, key, plan)
        if isinstance(source, OneWhere):
            self.statements.add(plan)
            type_name = get_named_type(info.return_type).name
            entity = self.entity(type_name)
            where = listed_conditions(source.where, entity.row, source.viewer, arguments, None)
            found = await self.ask(select(*keys_of(entity.row)).where(*where, *visibility(entity)))
            return Thing(type_name, entity.row, tuple(found[0]), plan, entity) if found else None
        assert isinstance(source, ById)
        given = str(arguments["id"])
        prefix, _, text = given.rpartition("_")
        for possible in possible_types(info):
            if self.entity(possible).prefix == prefix and re.fullmatch(
                r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text
            ):
                self.statements.add(plan)
                return await self.reach(possible, UUID(text), plan)
        return None

    async def handed_over(self, value, info) -> Any:
        plan = dynamic(info.path)
        if isinstance(value, Ref):
            self.statements.add(plan)
            return await self.reach(type_name_of(value.of), value.key, plan)
        if isinstance(value, Refs):
            self.statements.add(plan)
            found = [await self.reach(type_name_of(value.of), key, plan) for key in value.keys]
            return [thing for thing in found if thing is not None]
        if isinstance(value, EdgeRef):
            raise NotImplementedError("edges of references are tried by hand")
        return value


@dataclass
class Item:
    """A row of a list: what it is ordered by, its key, and that of the row in between."""

    order: Any
    key: tuple[Any, ...]
    between: tuple[Any, ...]
    place: tuple[Any, ...] = ()

    @property
    def rank(self) -> tuple[Any, ...]:
        return ranked(self.place)

    def tie(self, unique, through, source, between) -> None:
        if unique:
            self.place = (self.order,)
        elif between is None:
            self.place = (self.order, *self.key)
        else:
            names = key_names(between)
            only = [names.index(through.key)] if {source.of.key, through.key} == set(names) else range(len(names))
            self.place = (self.order, *(self.between[index] for index in only))


ANSWERS = {
    Column: Walk.column,
    Computed: Walk.computed,
    Finished: Walk.finished,
    One: Walk.one,
    OneOf: Walk.one_of,
    Embedded: Walk.embedded,
    Listed: Walk.listed,
    Many: Walk.many,
}


def window_of(rows: list[Item], tag: str, order, arguments) -> tuple[range, tuple[bool, bool]]:
    first, last = given(arguments, "first"), given(arguments, "last")
    if (first is not None and last is not None) or not 0 <= (first if first is not None else last or 0) <= 100:
        raise BadInput("no such page", "first")
    down = direction(order)[1]
    low, high = 0, len(rows)
    after, before = (read_cursor(given(arguments, name), tag, rows) for name in ("after", "before"))
    if after is not None:
        low = sum((item.rank >= after if down else item.rank <= after) for item in rows)
    if before is not None:
        high = sum((item.rank > before if down else item.rank < before) for item in rows)
    high = max(low, high) if before is not None and after is not None else high
    start, stop = low, high
    if last is not None:
        start = max(start, stop - last)
    else:
        stop = min(stop, start + (20 if first is None else first))
    if start >= stop:
        window = range(0)
        previous = (last is not None and high > low) or (after is not None and low > 0)
        following = (last is None and high > low) or (before is not None and high_of(rows, before, down) < len(rows))
        return window, (previous, following)
    previous = (last is not None and start > low) or (after is not None and low > 0)
    following = (last is None and stop < high) or (before is not None and high_of(rows, before, down) < len(rows))
    return range(start, stop), (previous, following)


def high_of(rows, before, down) -> int:
    return sum((item.rank > before if down else item.rank < before) for item in rows)


def read_cursor(text, tag, rows) -> tuple[Any, ...] | None:
    if text is None:
        return None
    try:
        mark, *values = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError as error:
        raise BadInput("no cursor") from error
    if mark != tag:
        raise BadInput("not of this list")
    if not rows:
        return ()
    return ranked(tuple(read(value, sample) for value, sample in zip(values, rows[0].place, strict=True)))


def ranked(place: tuple[Any, ...]) -> tuple[Any, ...]:
    """A place as it is compared: the driver gives infinite times without a zone."""
    return tuple(
        value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value for value in place
    )


def read(value, sample) -> Any:
    if isinstance(sample, datetime):
        return datetime.fromisoformat(value)
    if isinstance(sample, date):
        return date.fromisoformat(value)
    return type(sample)(value) if isinstance(sample, UUID | Decimal) else value


def given(arguments, name) -> Any:
    value = arguments.get(name)
    return None if value is UNSET else value


def converted(raw, definitions) -> dict[str, Any]:
    found = {}
    for argument in definitions:
        name = argument.graphql_name or camel(argument.python_name)
        if name in raw:
            found[argument.python_name] = python_value(raw[name], argument.type)
    return found


def python_value(value, kind) -> Any:
    while isinstance(kind, StrawberryOptional):
        kind = kind.of_type
    if value is None:
        return None
    if isinstance(kind, StrawberryList):
        return [python_value(item, kind.of_type) for item in value]
    if isinstance(kind, StrawberryEnumDefinition) or has_enum_definition(kind):
        definition = kind if isinstance(kind, StrawberryEnumDefinition) else kind.__strawberry_definition__
        return value if isinstance(value, enum.Enum) else definition.wrapped_cls[value]
    if has_object_definition(kind):
        fields = {camel(field.python_name): field for field in kind.__strawberry_definition__.fields}
        return kind(**{fields[key].python_name: python_value(item, fields[key].type) for key, item in value.items()})
    if isinstance(value, str) and (match := WIRE_ID.fullmatch(value)):
        return UUID(match[1])
    return value


def camel(name: str) -> str:
    head, *rest = name.rstrip("_").split("_")
    return head + "".join(part.capitalize() for part in rest)


def leaf(value, info) -> Any:
    if isinstance(value, list):
        return [leaf(item, info) for item in value]
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, Decimal | UUID) and get_named_type(info.return_type).name != "Float":
        return str(value)
    return value


def called(function, row, viewer, arguments, between=None) -> Any:
    names = list(inspect.signature(function).parameters)
    given_by_name = {**arguments, "through": between}
    positional = (row, viewer)[: len(names)]
    return function(*positional, **{name: given_by_name[name] for name in names[2:] if name in given_by_name})


def listed_conditions(function, row, viewer, arguments, between) -> list[Any]:
    if function is None:
        return []
    found = called(function, row, viewer, arguments, between)
    return list(found) if isinstance(found, Iterator) else [found]


def visibility(entity: Entity) -> list[Any]:
    return [func.coalesce(entity.visible(entity.row, entity.viewer), false())] if entity.visible else []


def direction(order) -> tuple[Any, bool]:
    if isinstance(order, UnaryExpression) and order.modifier is operators.desc_op:
        return order.element, True
    return order, False


def names_of(row) -> list[str]:
    return list(inspect_row(row).columns.keys())


def key_names(row) -> list[str]:
    mapper = inspect_row(row)
    return [mapper.get_property_by_column(column).key for column in mapper.primary_key]


def keys_of(row) -> list[Any]:
    return [getattr(row, name) for name in key_names(row)]


def by_key(row, key) -> list[Any]:
    return [column == value for column, value in zip(keys_of(row), key, strict=True)]


def refers(attribute, row) -> str:
    for column in attribute.property.columns:
        for foreign in column.foreign_keys:
            if foreign.column.table is inspect_row(row).local_table:
                return inspect_row(row).get_property_by_column(foreign.column).key
    return key_names(row)[0]


def is_key(expression, row, source) -> bool:
    names = key_names(row)
    name = getattr(expression, "key", None)
    of = source.of.key if isinstance(source.of, InstrumentedAttribute) else None
    return name in names and set(names) <= {name, of}


def possible_types(info) -> list[str]:
    kind = get_named_type(info.return_type)
    return [one.name for one in info.schema.get_possible_types(kind)] if is_abstract_type(kind) else [kind.name]


def type_name_of(cls) -> str:
    return cls.__strawberry_definition__.name


def dynamic(path) -> tuple[Any, ...]:
    return tuple(path.as_list())


def root_of(info) -> tuple[Any, ...]:
    return (info.path.as_list()[0],)


def mark_of(info, plan) -> tuple[Any, ...]:
    """Where a list is in its plan: the same for all parents of one type under one chain of response keys."""
    steps, place = [], info.path
    while place is not None:
        if isinstance(place.key, str):
            steps.append((place.typename, place.key))
        place = place.prev
    return (plan or root_of(info), tuple(reversed(steps)), "list")
