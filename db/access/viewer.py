"""Who looks, inside SQL."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ARRAY, BindParameter, Text, Uuid, bindparam


class Viewer:
    """The person who reads, as parameters of every statement. For a stranger `id` is NULL and there are no roles.

    `row.x == viewer.id` is never true for a stranger; write `is_distinct_from` for the opposite, since `!=` is never
    true either.
    """

    id: BindParameter[UUID] = bindparam("viewer", type_=Uuid())
    roles: BindParameter[Sequence[str]] = bindparam("viewer_roles", type_=ARRAY(Text()))


VIEWER = Viewer()
