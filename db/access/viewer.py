"""Who looks, inside SQL."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ARRAY, BindParameter, ColumnElement, Text, Uuid, bindparam, func, literal

from domain.accounts import Role


class Viewer:
    """The person who reads, as parameters of every statement. For a stranger `id` is NULL and there are no roles.

    `row.x == viewer.id` is never true for a stranger; write `is_distinct_from` for the opposite, since `!=` is never
    true either.
    """

    id: BindParameter[UUID] = bindparam("viewer", type_=Uuid())
    roles: BindParameter[Sequence[str]] = bindparam("viewer_roles", type_=ARRAY(Text()))


VIEWER = Viewer()


def operates(viewer: Viewer) -> ColumnElement[bool]:
    """Whether the viewer runs the platform."""
    return literal(Role.OPERATOR.value) == func.any(viewer.roles)
