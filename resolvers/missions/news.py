"""What is written and told whenever a mission moves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from db.queries import history, notifications
from db.session import Tx
from db.tables import Mission
from domain.events import Event, EventKind, mission_topic
from domain.missions import MissionStatus
from domain.notifications import NotificationKind, SubjectType
from resolvers.notifications import notify

SUBJECT: Final = SubjectType.MISSION.value


async def note(
    tx: Tx, mission_id: UUID, *, before: MissionStatus | None, after: MissionStatus, by: UUID | None, reason: str
) -> None:
    """Write a move into the history, and let who follows the mission see it. Locks the mission's log."""
    await history.note(tx.session, (SUBJECT, mission_id), before=before, after=after, by=by, reason=reason)
    await show(tx, mission_id)


async def show(tx: Tx, mission_id: UUID) -> None:
    """Let who follows a mission see it anew, when something of it changed but its status."""
    await tx.tell(Event(mission_topic(mission_id), EventKind.MISSION_UPDATED, {"missionId": str(mission_id)}))


async def tell(tx: Tx, mission: Mission, recipient_id: UUID, kind: NotificationKind, *, title: str, body: str) -> None:
    """Tell somebody news of a mission, in place of the same news of before. Comes late: it locks the person's log."""
    await notifications.take_back(tx.session, recipient_id, kind, mission.id)
    await notify(
        tx,
        recipients=[recipient_id],
        kind=kind,
        title=title,
        body=body,
        subject_type=SubjectType.MISSION,
        subject_id=mission.id,
    )


async def tell_each(tx: Tx, mission: Mission, kind: NotificationKind, *, title: str, told: Mapping[UUID, str]) -> None:
    """Tell several people, each in words of their own; in the order of ids, as everybody takes people's logs."""
    for person_id in sorted(told):
        await tell(tx, mission, person_id, kind, title=title, body=told[person_id])
