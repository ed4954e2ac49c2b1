"""Following, blocking and reporting."""

from __future__ import annotations

from uuid import UUID

from db.queries import follows, suggestions
from db.session import Database, Tx
from domain.accounts import ApiScope
from domain.actors import Actor
from domain.errors import InvalidInput, NotFound
from domain.follows import MAX_SUGGESTED
from domain.notifications import NotificationKind, ReportReason, SubjectType
from domain.texts import clean_text
from resolvers.broadcasts.listen import leave_rooms_of
from resolvers.notifications import notify

MAX_DETAILS = 1000
NOBODY = "There is no user with this id."


async def follow(tx: Tx, actor: Actor, user_id: UUID) -> None:
    """Follow somebody; doing it twice changes nothing. They are told the first time that somebody follows them.

    Where one of the two blocks the other, the answer is the same as for a person who does not exist, in both
    directions: it says neither that there is a block nor whose it is.

    Raises:
        InvalidInput: It is the actor themselves.
        NotFound: There is no such person, they left or are suspended, or one of the two blocks the other.
    """
    actor.require_scope(ApiScope.FOLLOW)
    people = await _lock_both(tx, actor, user_id, "You cannot follow yourself.")
    if user_id not in people or not people[user_id].active:
        raise NotFound(NOBODY, "userId")
    if await follows.are_apart(tx.session, actor.user_id, user_id):
        raise NotFound(NOBODY, "userId")
    if await follows.add_follow(tx.session, actor.user_id, user_id):
        follower = people[actor.user_id]
        await notify(
            tx,
            recipients=[user_id],
            kind=NotificationKind.NEW_FOLLOWER,
            title="New follower",
            body=f"{follower.display_name} (@{follower.username}) follows you.",
            subject_type=SubjectType.USER,
            subject_id=follower.id,
        )


async def unfollow(tx: Tx, actor: Actor, user_id: UUID) -> None:
    """Follow somebody no more; doing it twice changes nothing.

    Raises:
        InvalidInput: It is the actor themselves.
        NotFound: There is no such person.
    """
    actor.require_scope(ApiScope.FOLLOW)
    if user_id not in await _lock_both(tx, actor, user_id, "You do not follow yourself."):
        raise NotFound(NOBODY, "userId")
    await follows.remove_follow(tx.session, actor.user_id, user_id)


async def block(tx: Tx, actor: Actor, user_id: UUID) -> None:
    """Have nothing to do with somebody any more: neither follows the other, and each leaves the other's room.

    Raises:
        InvalidInput: It is the actor themselves.
        NotFound: There is no such person.
    """
    actor.require_scope(ApiScope.FOLLOW)
    if user_id not in await _lock_both(tx, actor, user_id, "You cannot block yourself."):
        raise NotFound(NOBODY, "userId")
    await follows.add_block(tx.session, actor.user_id, user_id)
    await follows.remove_follow(tx.session, actor.user_id, user_id)
    await follows.remove_follow(tx.session, user_id, actor.user_id)
    await leave_rooms_of(tx, actor.user_id, user_id)
    await leave_rooms_of(tx, user_id, actor.user_id)


async def unblock(tx: Tx, actor: Actor, user_id: UUID) -> None:
    """Take a block back; doing it twice changes nothing, and nobody follows anybody again by it.

    Raises:
        InvalidInput: It is the actor themselves.
        NotFound: There is no such person.
    """
    actor.require_scope(ApiScope.FOLLOW)
    if user_id not in await _lock_both(tx, actor, user_id, "You cannot block yourself."):
        raise NotFound(NOBODY, "userId")
    await follows.remove_block(tx.session, actor.user_id, user_id)


async def report(
    tx: Tx,
    actor: Actor,
    subject: tuple[SubjectType, UUID],
    *,
    reason: ReportReason,
    details: str | None = None,
) -> UUID:
    """Say that something should not be there. While a person's report about it is open, saying it again is that report.

    Returns:
        The report's id.

    Raises:
        NotFound: There is no such thing.
        InvalidInput: It is the actor's own, or the details are longer than 1,000 characters.
    """
    actor.require_scope(ApiScope.FOLLOW)
    subject_type, subject_id = subject
    clean = clean_text(details, "details", most=MAX_DETAILS, least=0, lines=True) if details else None
    owner = await follows.find_owner(tx.session, subject_type, subject_id)
    if owner is None:
        raise NotFound("There is nothing with this id that could be reported.", "subjectId")
    if owner == actor.user_id:
        raise InvalidInput("This is your own.", "subjectId")
    return await follows.open_report(
        tx.session, actor.user_id, subject_type, subject_id, reason=reason, details=clean or None
    )


async def _lock_both(tx: Tx, actor: Actor, user_id: UUID, oneself: str) -> dict[UUID, follows.Person]:
    if user_id == actor.user_id:
        raise InvalidInput(oneself, "userId")
    return await follows.lock_pair(tx.session, actor.user_id, user_id)


async def suggest(database: Database, user_id: UUID, first: int) -> list[UUID]:
    """Whom somebody may like to follow, the best first.

    Raises:
        InvalidInput: `first` is negative or more than 100.
    """
    if not 0 <= first <= MAX_SUGGESTED:
        raise InvalidInput(f"`first` must be from 0 to {MAX_SUGGESTED}.", "first")
    async with database.session() as session:
        return await suggestions.suggest(session, user_id, first) if first else []
