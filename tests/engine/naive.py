"""The same answers, one small question at a time: what the compiled engine is compared with.

It walks a selection with graphql-core's own executor over the schema's text. Each value is asked of the database when
its field is reached, rows are sorted, cut and compared in Python. It reads the declarations, and nothing of what
compiles them. It works for every schema that is made with `engine.declare`.

Beside the answer it says how many statements the engine may need: one for a root with rows, one for each to-many edge
that has parents, one for a root count, one for each reference.
"""

from __future__ import annotations

import asyncio
import inspect
import re
from typing import Any
from uuid import UUID

from graphql import GraphQLEnumType, GraphQLScalarType, build_schema, execute, get_named_type
from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute

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
from tests.engine.naive_lists import Edge, Lists, Page, Thing
from tests.engine.naive_reading import by_key, called, keys_of, listed_conditions, names_of, refers, visibility
from tests.engine.naive_values import converted, dynamic, leaf, possible_types, root_of, type_name_of

BUILT_IN = ("String", "Int", "Float", "Boolean", "ID")


class Naive:
    """A schema, answered naively over one SQLAlchemy connection."""

    def __init__(self, schema, connection) -> None:
        self.compiled = schema._schema
        self.connection = connection
        self.lock = asyncio.Lock()
        self.schema = build_schema(schema.as_str())
        # Answers in parts are the transports' affair; the plain executor takes no schema that offers them.
        self.schema.directives = tuple(one for one in self.schema.directives if one.name not in {"defer", "stream"})
        for name, kind in self.schema.type_map.items():
            original = self.compiled.type_map.get(name)
            if isinstance(kind, GraphQLScalarType) and name not in BUILT_IN:
                kind.coerce_input_value = original.coerce_input_value
                kind.coerce_input_literal = original.coerce_input_literal
                kind.coerce_output_value = kind.serialize = lambda value: value
            if isinstance(kind, GraphQLEnumType) and not name.startswith("__"):  # Those are shared by all schemas.
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


class Walk(Lists):
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
