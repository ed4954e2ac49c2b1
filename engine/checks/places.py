"""Where a fault lies, and what the schema says there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
)

from engine.keys import row_of
from engine.selection import DEFINITION, entity_of
from engine.sources import Attribute, Embedded, Entity, Listed, Source, type_of_row


@dataclass(frozen=True)
class Place:
    """A field of a type in a schema.

    Attributes:
        schema: The schema.
        parent: The type.
        name: The field's GraphQL name; inside parts, the path to it.
        field: The field.
        entity: What its type is declared as; None for root fields.
        row: The row that a part is bound to, where that is not the entity's.
        conditional: Whether it lies in a part that is null under a condition.
    """

    schema: GraphQLSchema
    parent: GraphQLObjectType
    name: str
    field: GraphQLField
    entity: Entity | None
    row: type_of_row | None = None
    conditional: bool = False

    def fault(self, message: str) -> str:
        """A fault here."""
        return f"{self.parent.name}.{self.name}: {message}"

    @property
    def nullable(self) -> bool:
        """Whether the field may be null."""
        return not isinstance(self.field.type, GraphQLNonNull)

    @property
    def type(self) -> GraphQLNamedType:
        """Its type without lists and nullability."""
        return get_named_type(self.field.type)

    @property
    def target(self) -> Entity | None:
        """The entity that it leads to."""
        return entity_of(self.type)

    @property
    def python_name(self) -> str:
        """What Python calls it."""
        return str(self.field.extensions[DEFINITION].python_name)

    def possible(self) -> list[GraphQLObjectType]:
        """The object types that its value may have."""
        named: Any = self.type
        return list(self.schema.get_possible_types(named)) if is_abstract_type(named) else [named]

    def here(self) -> type_of_row | None:
        """The row whose columns the field may show."""
        return self.row or (self.entity.row if self.entity is not None else None)

    def is_foreign(self, attribute: Attribute) -> bool:
        """Whether a column belongs to another row."""
        return row_of(attribute) is not self.here()

    def parts(self, source: Source) -> Iterator[Place]:
        """The places of the fields of the part that is shown here."""
        row = self.here()
        if isinstance(source, Listed):
            row = source.of if isinstance(source.of, type) else row_of(source.of)
        conditional = self.conditional or (isinstance(source, Embedded) and source.when is not None)
        part: Any = self.type
        for name, field in part.fields.items():
            if field.extensions[DEFINITION].python_name in source.bound():
                yield replace(self, name=f"{self.name}.{name}", field=field, row=row, conditional=conditional)
