"""Everybody who is here, and what they may do."""

from __future__ import annotations

from typing import Annotated

import strawberry

from db import tables
from db.access.viewer import Viewer, operates
from db.expressions import operations as expressions
from domain.accounts import Role
from domain.ids import Prefix, from_wire
from engine.declare import Connection, Where, many, reads
from engine.executor import ref
from resolvers.operations.access import Change, change_access
from schema.accounts.user import User
from schema.context import Info
from schema.deeds import Payload, deed


@strawberry.input(description="Which people to show; all conditions must hold.")
class UserFilter:
    """The filter of `users`."""

    query: str | None = strawberry.field(
        default=None, description="Only those whose username begins so, or whose name has it in it, in any case."
    )
    role: Role | None = strawberry.field(default=None, description="Only those with this role.")
    verified: bool | None = strawberry.field(default=None, description="Only those with the badge, or without.")
    suspended: bool | None = strawberry.field(default=None, description="Only those who are suspended, or are not.")


def chosen(
    user: type[tables.User],
    viewer: Viewer,
    filter: Annotated[UserFilter | None, strawberry.argument(description="Which people.")] = None,
) -> Where:
    """Everybody who has not left, for operators, and what the filter says."""
    yield operates(viewer)
    yield user.deleted_at.is_(None)
    if filter is None:
        return
    if filter.query is not None:
        yield expressions.named(user, filter.query)
    if filter.role is not None:
        yield expressions.has_role(user, filter.role.value)
    if filter.verified is not None:
        yield user.verified.is_(filter.verified)
    if filter.suspended is not None:
        yield user.suspended.is_(filter.suspended)


@reads
class AccessReads:
    """Reads about everybody."""

    users: Connection[User] = many(
        "Everybody, who came last first. Only operators see anybody here.",
        tables.User,
        order=tables.User.created_at.desc(),
        where=chosen,
    )


@strawberry.input(description="What somebody may do here; what is left out or null stays as it is.")
class UpdateUserAccessInput:
    """The input of `updateUserAccess`."""

    user_id: strawberry.ID = strawberry.field(description="The person.")
    roles: list[Role] | None = strawberry.field(
        default=None, description="All roles that they are to have; LISTENER is always among them."
    )
    verified: bool | None = strawberry.field(default=None, description="Whether they wear the verified badge.")
    suspended: bool | None = strawberry.field(
        default=None, description="Whether they are kept out. It ends all their sessions."
    )
    reason: str | None = strawberry.field(default=None, description="Why, for the audit log; up to 500 characters.")


@strawberry.type(description="The answer to `updateUserAccess`.")
class UpdateUserAccessPayload(Payload):
    """The person."""

    user: User | None = strawberry.field(default=None, description="The person, as they are now.")


@strawberry.type
class AccessMutations:
    """Deeds about what people may do."""

    @deed(
        "Change somebody's roles, badge or suspension; within 5 seconds nothing can be done with what was taken away. For "
        "operators, and never about oneself. Twice changes nothing."
    )
    async def update_user_access(self, info: Info, input: UpdateUserAccessInput) -> UpdateUserAccessPayload:
        """Change access."""
        actor = info.context.signed_in
        user_id = from_wire(Prefix.USER, input.user_id, "userId")
        change = Change(input.roles, input.verified, input.suspended, input.reason)
        async with info.context.transaction() as tx:
            await change_access(tx, actor, user_id, change)
        return UpdateUserAccessPayload(user=ref(User, user_id))
