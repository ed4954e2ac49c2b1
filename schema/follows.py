"""Following, blocking, reporting, and finding people."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import strawberry

from db import tables
from db.access import follows as access
from db.access.viewer import Viewer
from db.expressions import follows as expressions
from domain.errors import NotFound
from domain.ids import Prefix, from_wire
from domain.notifications import ReportReason, ReportStatus, SubjectType
from engine.declare import Connection, Node, Where, column, entity, many, reads
from engine.executor import ref, refs
from resolvers import follows
from schema.accounts.user import User
from schema.context import Context, Info
from schema.deeds import Payload, deed
from schema.words import describe

describe(
    ReportReason,
    "Why something should not be there.",
    SPAM="Unwanted advertising, or the same again and again.",
    HARASSMENT="Somebody is bullied or threatened.",
    HATE="People are attacked for who they are.",
    SEXUAL_CONTENT="Sexual content.",
    VIOLENCE="Violence, or calls for it.",
    COPYRIGHT="Somebody else's work, without permission.",
    IMPERSONATION="Somebody poses as somebody else.",
    OTHER="Something else; say what in `details`.",
)
describe(
    ReportStatus,
    "Where a report of content stands.",
    OPEN="Nobody has looked at it yet.",
    UPHELD="It was right, and something was done.",
    DISMISSED="Nothing was wrong.",
)

REPORTABLE: Final = {
    Prefix.USER: SubjectType.USER,
    Prefix.BROADCAST: SubjectType.BROADCAST,
    Prefix.MESSAGE: SubjectType.MESSAGE,
}


@entity(tables.ContentReport, id=Prefix.REPORT, visible=access.content_report)
class ContentReport(Node):
    """What you said should not be there."""

    status: ReportStatus = column("Where it stands.")
    reason: ReportReason = column("Why you said so.")
    details: str | None = column("What you said about it.")
    created_at: datetime = column("When you said so.")


@strawberry.type(description="People whom you may like to follow.")
class SuggestedCurators:
    """The answer of `suggestedCurators`."""

    nodes: list[User] = strawberry.field(description="They, the best suggestion first.")


async def suggested_curators(context: Context, user_id: UUID, first: int) -> SuggestedCurators:
    """The field of the same name on `Viewer`."""
    return SuggestedCurators(nodes=refs(User, await follows.suggest(context.database, user_id, first)))


def named(
    user: type[tables.User],
    viewer: Viewer,
    query: Annotated[
        str,
        strawberry.argument(
            description="The beginning of a username, or words of a name of which the last may be unfinished; "
            "1 to 100 characters. Case and accents make no difference."
        ),
    ],
) -> Where:
    """People of such a name who can be found."""
    yield expressions.matches(user, query)
    yield access.findable(user, viewer)


@reads
class FollowReads:
    """Finding people."""

    curators: Connection[User] = many(
        "People by name, the most followed first. Not among them: who has left or is suspended, and, where one of you "
        "blocks the other, they.",
        tables.User,
        where=named,
        order=tables.User.follower_count.desc(),
    )


@strawberry.input(description="Whom to follow.")
class FollowUserInput:
    """The input of `followUser`."""

    user_id: strawberry.ID = strawberry.field(description="Their id.")


@strawberry.input(description="Whom to follow no more.")
class UnfollowUserInput:
    """The input of `unfollowUser`."""

    user_id: strawberry.ID = strawberry.field(description="Their id.")


@strawberry.input(description="Whom to block.")
class BlockUserInput:
    """The input of `blockUser`."""

    user_id: strawberry.ID = strawberry.field(description="Their id.")


@strawberry.input(description="Whom to block no more.")
class UnblockUserInput:
    """The input of `unblockUser`."""

    user_id: strawberry.ID = strawberry.field(description="Their id.")


@strawberry.input(description="What should not be there, and why.")
class ReportContentInput:
    """The input of `reportContent`."""

    subject_id: strawberry.ID = strawberry.field(description="The id of a person, a room or a message.")
    reason: ReportReason = strawberry.field(description="Why.")
    details: str | None = strawberry.field(default=None, description="More about it, up to 1,000 characters.")


@strawberry.type(description="The answer to `followUser`.")
class FollowUserPayload(Payload):
    """Who is followed."""

    user: User | None = strawberry.field(default=None, description="The person, as they are now.")


@strawberry.type(description="The answer to `unfollowUser`.")
class UnfollowUserPayload(Payload):
    """Who is followed no more."""

    user: User | None = strawberry.field(default=None, description="The person, as they are now.")


@strawberry.type(description="The answer to `blockUser`.")
class BlockUserPayload(Payload):
    """Who is blocked."""

    user: User | None = strawberry.field(default=None, description="The person, as they are now.")


@strawberry.type(description="The answer to `unblockUser`.")
class UnblockUserPayload(Payload):
    """Who is blocked no more."""

    user: User | None = strawberry.field(default=None, description="The person, as they are now.")


@strawberry.type(description="The answer to `reportContent`.")
class ReportContentPayload(Payload):
    """The report."""

    content_report: ContentReport | None = strawberry.field(
        default=None, description="The report: while yours about the same thing is open, that one."
    )


@strawberry.type
class FollowMutations:
    """Deeds between people."""

    @deed(
        "Follow somebody; twice changes nothing. The person is NOT_FOUND when one of you blocks the other, so that the "
        "answer does not say who blocks whom."
    )
    async def follow_user(self, info: Info, input: FollowUserInput) -> FollowUserPayload:
        """Follow."""
        actor = info.context.signed_in
        user_id = from_wire(Prefix.USER, input.user_id, "userId")
        async with info.context.transaction() as tx:
            await follows.follow(tx, actor, user_id)
        return FollowUserPayload(user=ref(User, user_id))

    @deed("Follow somebody no more; twice changes nothing.")
    async def unfollow_user(self, info: Info, input: UnfollowUserInput) -> UnfollowUserPayload:
        """Unfollow."""
        actor = info.context.signed_in
        user_id = from_wire(Prefix.USER, input.user_id, "userId")
        async with info.context.transaction() as tx:
            await follows.unfollow(tx, actor, user_id)
        return UnfollowUserPayload(user=ref(User, user_id))

    @deed(
        "Have nothing to do with somebody: neither follows the other, each leaves the other's room, and you no longer "
        "see what they write. Twice changes nothing, and they are not told."
    )
    async def block_user(self, info: Info, input: BlockUserInput) -> BlockUserPayload:
        """Block."""
        actor = info.context.signed_in
        user_id = from_wire(Prefix.USER, input.user_id, "userId")
        async with info.context.transaction() as tx:
            await follows.block(tx, actor, user_id)
        return BlockUserPayload(user=ref(User, user_id))

    @deed("Take a block back; twice changes nothing. Nobody follows anybody again by it.")
    async def unblock_user(self, info: Info, input: UnblockUserInput) -> UnblockUserPayload:
        """Unblock."""
        actor = info.context.signed_in
        user_id = from_wire(Prefix.USER, input.user_id, "userId")
        async with info.context.transaction() as tx:
            await follows.unblock(tx, actor, user_id)
        return UnblockUserPayload(user=ref(User, user_id))

    @deed("Say that a person, a room or a message should not be there. Moderators look at it; nobody else is told.")
    async def report_content(self, info: Info, input: ReportContentInput) -> ReportContentPayload:
        """Report."""
        actor = info.context.signed_in
        subject = subject_of(input.subject_id)
        async with info.context.transaction() as tx:
            report_id = await follows.report(tx, actor, subject, reason=input.reason, details=input.details)
        return ReportContentPayload(content_report=ref(ContentReport, report_id))


def subject_of(wire_id: str) -> tuple[SubjectType, UUID]:
    """What a client's id is the id of.

    Raises:
        NotFound: Nothing that can be reported.
    """
    prefix = wire_id.partition("_")[0]
    if prefix not in REPORTABLE:
        raise NotFound("There is nothing with this id that could be reported.", "subjectId")
    return REPORTABLE[prefix], from_wire(prefix, wire_id, "subjectId")
