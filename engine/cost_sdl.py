"""What fields cost, said in the schema: the directives of IBM's specification of costs, declared or found out.

A field that gives an object weighs 1 and a leaf 0, unless a `Cost` on the field, or on the type that it gives, says
otherwise; a deed weighs 10. How long a list is comes from its declaration: a page has as many items as its arguments say, a
short list as many as its limit. All of it is printed, so that clients can compute what we compute.
"""

from __future__ import annotations

from typing import Any, Final

import strawberry
from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema, get_named_type, is_leaf_type
from graphql.type import GraphQLNonNull, is_list_type

from engine.cost_directives import Cost, ListSize
from engine.sources import Declared, Listed

DEFINITION: Final = "strawberry-definition"
PAGE_SIZE: Final = 20
"""How many items a page has unless its arguments say so."""
LIST_SIZE: Final = 10
"""How many items a list has of which nothing is known."""
DEED: Final = 10
"""A deed locks rows, writes them and tells others."""


def weight_of(schema: GraphQLSchema, parent: Any, field: GraphQLField) -> int:
    """What one value of a field weighs."""
    declared = _directive(field, Cost) or _directive(get_named_type(field.type), Cost)
    if declared is not None:
        return int(declared.weight)
    if is_leaf_type(get_named_type(field.type)):
        return 0
    return DEED if parent is schema.mutation_type else 1


def size_of(field: GraphQLField) -> ListSize | None:
    """How long the list of a field is; None for what is no list."""
    declared = _directive(field, ListSize)
    if declared is not None:
        return declared  # type: ignore[no-any-return]
    type_: Any = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
    if is_list_type(type_) and not _is_free(get_named_type(type_)):
        definition = (field.extensions or {}).get(DEFINITION)
        source = definition.source if isinstance(definition, Declared) else None
        return ListSize(assumed_size=source.limit if isinstance(source, Listed) else LIST_SIZE)
    if isinstance(type_, GraphQLObjectType) and type_.name.endswith("Connection") and "first" in field.args:
        return ListSize(
            assumed_size=PAGE_SIZE,
            slicing_arguments=[name for name in ("first", "last") if name in field.args],
            sized_fields=[name for name in ("nodes", "edges") if name in type_.fields],
            require_one_slicing_argument=False,
        )
    return None


def declare_costs(schema: strawberry.Schema) -> None:
    """Write what was found out into the schema, where it is not declared, for `schema.as_str()` to print."""
    core: GraphQLSchema = schema._schema  # noqa: SLF001 -- Strawberry has no public name for it
    for type_ in core.type_map.values():
        if not isinstance(type_, GraphQLObjectType) or type_.name.startswith("__"):
            continue
        for name, field in type_.fields.items():
            definition = (field.extensions or {}).get(DEFINITION)
            if definition is None or (type_.name.endswith("Connection") and name in {"nodes", "edges"}):
                continue
            found: list[object] = []
            if type_ is core.mutation_type and _directive(field, Cost) is None:
                found.append(Cost(weight=str(weight_of(core, type_, field))))
            size = size_of(field)
            if size is not None and _directive(field, ListSize) is None:
                found.append(size)
            if found:
                definition.directives = [*definition.directives, *found]


def _is_free(type_: Any) -> bool:
    """Whether values of a type cost nothing, whatever is selected of them: then it does not matter how many there are."""
    if is_leaf_type(type_):
        return True
    declared = _directive(type_, Cost)
    leaves = all(is_leaf_type(get_named_type(field.type)) for field in getattr(type_, "fields", {}).values())
    return declared is not None and int(declared.weight) == 0 and isinstance(type_, GraphQLObjectType) and leaves


def _directive(thing: Any, kind: type) -> Any:
    definition = (thing.extensions or {}).get(DEFINITION)
    return next((one for one in getattr(definition, "directives", None) or () if isinstance(one, kind)), None)
