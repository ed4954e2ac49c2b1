"""A DJ says how a mission went."""

from __future__ import annotations

from uuid import UUID

from db.queries import mission_evidence
from db.session import Tx
from domain.actors import Actor
from domain.errors import Conflict, Forbidden, InvalidInput
from domain.ids import new_id
from domain.missions import MAX_NOTE, MissionStatus
from domain.texts import clean_text
from resolvers.missions import news
from resolvers.missions.reach import take_seen

RATED = (MissionStatus.COMPLETED, MissionStatus.VERIFICATION_FAILED, MissionStatus.EXPIRED)


async def rate(tx: Tx, actor: Actor, mission_id: UUID, rating: int, text: str | None) -> UUID:
    """Say how a mission went, once; the same again is the same review.

    Returns:
        The review's id.

    Raises:
        Forbidden: A program asked, or somebody who did not do the mission.
        NotFound: They may not see the mission.
        InvalidInput: The rating is not 1 to 5, or the text too long.
        Conflict: The mission is not done or failed, or they said something else before.
    """
    actor.require_person()
    if not 1 <= rating <= 5:
        raise InvalidInput("A rating is 1 to 5.", "rating")
    said = clean_text(text, "text", most=MAX_NOTE, lines=True) if text and text.strip() else None
    mission = await take_seen(tx, actor, mission_id)
    if mission.runner_id != actor.user_id:
        raise Forbidden("Only the DJ who did it can say how it went.", "missionId")
    if mission.status not in RATED:
        raise Conflict("This mission is not over.", "missionId")
    earlier = await mission_evidence.find_review(tx.session, mission.id)
    if earlier is None:
        review_id = new_id()
        facts = {"author_id": actor.user_id, "rating": rating, "text": said}
        await mission_evidence.add_review(tx.session, review_id, mission_id=mission.id, **facts)
        await news.show(tx, mission.id)
        return review_id
    if (earlier.rating, earlier.text) != (rating, said):
        raise Conflict("You said how it went.", "missionId")
    return earlier.id
