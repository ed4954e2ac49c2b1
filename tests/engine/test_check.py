"""Each fault that a declaration can have is found before a server starts."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
import strawberry
from sqlalchemy import Integer, func

from engine.declare import (
    SQL,
    Node,
    by_id,
    column,
    computed,
    edge,
    embedded,
    entity,
    finished,
    listed,
    many,
    one,
    one_of,
    one_where,
    own,
    part,
    private,
)
from tests.engine import faulty
from tests.engine.faulty import By, Stay, Tree, Wood, faults, root, tree, unseen, wood

COLUMNS = {
    "may be null, and the field may not": ("int", column("x", Tree.height)),
    "a BIGINT does not fit into Int": ("int", column("x", Tree.rings)),
    "has no form on the wire": ("str", column("x", Tree.bark)),
    "Fewer has no BLUE": ("Fewer", column("x", Tree.colour)),
    "Integer() cannot be shown as Fewer": ("Fewer | None", column("x", Tree.height)),
    "cannot be shown as Int": ("int", column("x", Tree.name)),
    "a time without a zone": ("datetime", column("x", Tree.planted_at)),
    "is a column of another row": ("str", column("x", Wood.name)),
    "a private field must be nullable": ("str", private("x", Tree.name, to=unseen)),
    "a column cannot be shown as TreeType": ("TreeType | None", column("x", Tree.name)),
}


@pytest.mark.parametrize("fault", COLUMNS)
def test_a_column_that_does_not_fit(fault):
    found = faults(tree(faulty=COLUMNS[fault]))
    assert len(found) == 1
    assert found[0].startswith("TreeType.faulty: ")
    assert fault in found[0]


def test_columns_that_fit():
    assert (
        faults(tree(name=("str", column("x")), height=("float | None", column("x")), seen_at=("datetime", column("x"))))
        == []
    )


def test_a_computed_field_of_another_type():
    @computed
    def tall(row, viewer) -> SQL[bool]:
        """Whether it is tall."""
        return func.char_length(row.name, type_=Integer)

    assert faults(tree(faulty=("bool", tall))) == ["TreeType.faulty: Integer() cannot be shown as Boolean"]


def test_a_finished_field_over_another_row():
    @finished(Wood.name)
    def name(value, context) -> str:
        """A name."""
        return str(value)

    (found,) = faults(tree(faulty=("str", name)))
    assert "is a column of another row" in found


EDGES = {
    "WoodType may be hidden": (unseen, "WoodType", one("x", Tree.wood_id)),
    "Tree.wood_id may lead nowhere": (None, "WoodType", one("x", Tree.wood_id)),
    "does not refer to woods": (None, "WoodType | None", one("x", Tree.name)),
    "Wood.name does not refer to trees": (None, "WoodType | None", one("x", Wood.name)),
    "no unique index holds Wood.oldest_id": (None, "WoodType | None", one("x", Wood.oldest_id)),
    "the other row may be missing": (None, "WoodType", one("x", Wood.oldest_id, where=unseen)),
    "column of neither this row nor": (None, "WoodType | None", one("x", Stay.wood_id)),
}


@pytest.mark.parametrize("fault", EDGES)
def test_an_edge_that_leads_astray(fault):
    visible, annotation, marker = EDGES[fault]
    wood(visible)
    assert any(
        one.startswith("TreeType.faulty: ") and fault in one for one in faults(tree(faulty=(annotation, marker)))
    )


def test_edges_that_lead_where_they_say():
    wood(unseen)
    found = faults(
        tree(
            wood=("WoodType | None", one("x", Tree.wood_id)),
            named=("WoodType | None", one("x", Wood.oldest_id, where=unseen)),
        )
    )
    assert found == []


def test_one_of_must_be_nullable_and_over_types_with_ids():
    wood(prefix=None)
    Either = Annotated["TreeType | WoodType", strawberry.union("Either", description="One of them.")]  # noqa: F821, N806
    faulty.Either = Either
    found = faults(tree(faulty=("Either", one_of("x", Tree.name, Wood.oldest_id))))
    assert "TreeType.faulty: Wood.oldest_id is a column of another row" in found
    assert "TreeType.faulty: nothing holds such a key to a row, so the field must be nullable" in found
    assert "TreeType.faulty: WoodType has no ids" in found


LISTS = {
    "no index on trees (wood_id, seen_at, ...)": ("Connection[TreeType]", many("x", Tree.wood_id, order=Tree.seen_at)),
    "may be null, and cursors cannot say": ("Connection[TreeType]", many("x", Tree.wood_id, order=Tree.height)),
    "no cursor can be made of": ("Connection[TreeType]", many("x", Tree.wood_id, order=Tree.bark)),
    "is not a column of its rows": ("Connection[TreeType]", many("x", Tree.wood_id, order=Stay.wood_id)),
    "Tree.name does not refer to woods": ("Connection[TreeType]", many("x", Tree.name, order=Tree.id)),
    "Tree.wood_id is not a column of Stay": (
        "Connection[TreeType]",
        many("x", Tree.wood_id, through=Stay.tree_id, order=Stay.wood_id),
    ),
    "Stay.wood_id does not refer to trees": (
        "Connection[TreeType]",
        many("x", Stay.wood_id, through=Stay.wood_id, order=Stay.wood_id),
    ),
    "order GROWTH: no cursor": (
        "Connection[TreeType]",
        many("x", Tree.wood_id, order={By.NAME: Tree.id, By.GROWTH: func.some_thing(Tree.name)}),
    ),
    "is neither a column nor an expression": ("Connection[TreeType]", many("x", Tree.wood_id, order="name")),
    "its type is not Connection": ("TreeType | None", many("x", Tree.wood_id, order=Tree.id)),
    "no index on trees (wood_id, ...)": ("list[TreeType]", listed("x", Tree.wood_id, order=Tree.seen_at)),
    "cannot order a list": ("list[TreeType]", listed("x", Tree.wood_id, order=Tree.height)),
    "a short list has one order": ("list[TreeType]", listed("x", Tree.wood_id, order={By.NAME: Tree.name})),
}


@pytest.mark.parametrize("fault", LISTS)
def test_a_list_that_would_be_slow_or_wrong(fault):
    wood(faulty=LISTS[fault])
    found = faults(tree(name=("str", column("x")), wood=("WoodType | None", one("x", Tree.wood_id))))
    assert any(one.startswith("WoodType.faulty: ") and fault in one for one in found), found


def test_root_lists_and_their_second_orders_are_checked():
    wood()
    order = {By.NAME: Wood.oldest_id, By.GROWTH: Wood.grown_at}
    found = faults(
        root(
            woods=("Connection[WoodType]", many("x", Wood, order=order)),
            odd=("Connection[WoodType]", many("x", Tree, order=Tree.id)),
        )
    )
    assert "Query.woods: no index on woods (oldest_id, ...)" in found, "a partial index does not serve all rows"
    assert "Query.woods: no index on woods (grown_at, ...)" in found
    assert "Query.odd: Tree is not the row of its type" in found


def test_a_list_over_a_through_row_has_an_index():
    @edge(Tree)
    class StayEdge:
        """A stay."""

        name: str = column("x")

    wood(
        trees=("Connection[TreeType]", many("x", Stay.wood_id, through=Stay.tree_id, order=Stay.tree_id, edge=StayEdge))
    )
    found = faults(tree(name=("str", column("x")), wood=("WoodType | None", one("x", Tree.wood_id))))
    assert found == ["WoodType.trees: StayEdge is over another row than its list"]


def test_root_fields_that_give_one_row():
    wood(prefix=None)

    def called(row, viewer, name: str) -> Any:
        return row.name == name

    found = faults(
        root(
            strict=("WoodType", one_where("x", Wood, where=called)),
            other=("WoodType | None", one_where("x", Tree, where=called)),
            own=("WoodType", own("x")),
            by_id=("WoodType | None", by_id("x")),
        )
    )
    assert found == [
        "Query.strict: there may be no such row, so the field must be nullable",
        "Query.other: WoodType is not over Tree",
        "Query.own: strangers have no row of their own, so the field must be nullable",
        "Query.byId: WoodType has no ids",
    ]


def test_parts_are_bound_whole():
    @part
    class Size:
        """How big."""

        height: int = strawberry.field(description="x")
        width: int = strawberry.field(description="x")

    found = faults(
        tree(
            size=("Size", embedded("x", when=Tree.height, height=Tree.height, depth=Tree.height)),
            tall=("Size | None", embedded("x", height=Tree.height, width=Wood.name)),
        )
    )
    assert "TreeType.size: what is there only under a condition must be nullable" in found
    assert "TreeType.size: Size.width is not bound to anything" in found
    assert "TreeType.size: Size has no field depth" in found
    assert "TreeType.tall.height: Tree.height may be null, and the field may not" in found
    assert "TreeType.tall.width: Wood.name is a column of another row" in found


def test_what_plans_never_ask_about_is_refused():
    class Never(strawberry.BasePermission):
        message = "never"

        def has_permission(self, source: Any, info: Any, **kwargs: Any) -> bool:
            return False

    query = tree(name=("str", column("x")))
    made = query.__strawberry_definition__.fields[0]
    made.permission_classes = [Never]
    assert faults(query) == [
        "Query.tree: permission classes are not asked about declared fields; say it in visible=, where= or to="
    ]


def test_an_ordinary_field_of_a_declared_type_is_refused():
    body = {"shout": strawberry.field(lambda self: "!", description="x"), "__annotations__": {"shout": "str"}}
    entity(Tree, id="tree")(type("TreeType", (Node,), {**body, "__module__": faulty.__name__, "__doc__": "A tree."}))
    (found,) = faults(root(tree=("TreeType | None", by_id("x"))))
    assert found == "TreeType.shout: an ordinary field of a declared type is never asked; make it a finished one"


def test_two_types_with_one_prefix():
    wood(prefix="tree")
    found = faults(tree(wood=("WoodType | None", one("x", Tree.wood_id)), name=("str", column("x"))))
    assert len(found) == 1
    assert "have the same id prefix 'tree'" in found[0]


def test_an_id_needs_a_key_of_one_column():
    @entity(Stay, id="stay")
    class StayType(Node):
        """A stay."""

    assert "StayType: an id needs a primary key of one column" in faults(root(stay=("StayType | None", by_id("x"))))


def test_what_nobody_describes_is_refused_at_once():
    with pytest.raises(TypeError, match="needs a description"):
        tree(name=("str", column("")))
    with pytest.raises(TypeError, match="needs a docstring"):
        part(type("Bare", (), {}))
