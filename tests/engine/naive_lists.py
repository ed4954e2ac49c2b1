"""Lists of the naive engine: all rows are fetched, then sorted and cut."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from graphql import get_named_type
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute

from engine import cursors
from engine.sources import ENTITIES, Entity
from tests.engine.naive_reading import called, direction, is_key, keys_of, listed_conditions, refers, visibility
from tests.engine.naive_values import mark_of, root_of
from tests.engine.naive_windows import Item, window_of


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


class Lists:
    """What a walk does with lists."""

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
