"""Who may see missions, and what belongs to them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_

from db.access.viewer import Viewer, operates
from db.expressions.follows import apart
from db.tables import (
    EvidenceFile,
    Mission,
    MissionChange,
    MissionEvidence,
    MissionPlay,
    MissionProof,
    MissionReview,
    VerificationAttempt,
)
from domain.missions import MissionStatus


def mission(row: type[Mission], viewer: Viewer) -> ColumnElement[bool]:
    """An open one: everybody who is signed in, unless one of the curator and them blocks the other. A draft: its curator.

    All others: the curator, the DJ who does it, and operators.
    """
    shown = and_(row.status == MissionStatus.OPEN, viewer.id.is_not(None), ~apart(row.curator_id, viewer.id))
    operated = and_(row.status != MissionStatus.DRAFT, operates(viewer))
    return or_(row.curator_id == viewer.id, row.runner_id == viewer.id, operated, shown)


def runs(row: type[Mission], viewer: Viewer) -> ColumnElement[bool]:
    """How the DJ is paid: only they themselves, and operators. Not the curator."""
    return or_(row.runner_id == viewer.id, operates(viewer))


def change(row: type[MissionChange], viewer: Viewer) -> ColumnElement[bool]:
    """What became of a mission: its curator and operators; and its DJ, what others than earlier DJs did."""
    theirs = and_(
        Mission.runner_id == viewer.id,
        or_(row.actor_id.is_(None), row.actor_id == viewer.id, row.actor_id == Mission.curator_id),
    )
    return _of_mission(row, viewer, theirs)


def evidence(row: type[MissionEvidence], viewer: Viewer) -> ColumnElement[bool]:
    """Who handed it in, who decides about it, and operators."""
    return _of_mission(row, viewer, row.runner_id == viewer.id)


def evidence_file(row: type[EvidenceFile], viewer: Viewer) -> ColumnElement[bool]:
    """As the evidence that it is part of."""
    theirs = or_(MissionEvidence.runner_id == viewer.id, Mission.curator_id == viewer.id, operates(viewer))
    return (
        exists()
        .where(MissionEvidence.id == row.evidence_id, Mission.id == MissionEvidence.mission_id, theirs)
        .correlate(row)
    )


def review(row: type[MissionReview], viewer: Viewer) -> ColumnElement[bool]:
    """Who wrote it, whose mission it was, and operators."""
    return _of_mission(row, viewer, row.author_id == viewer.id)


def attempt(row: type[VerificationAttempt], viewer: Viewer) -> ColumnElement[bool]:
    """The DJ who does the mission, its curator and operators. A DJ before them has nothing to do with it."""
    return _of_mission(row, viewer, Mission.runner_id == viewer.id)


def proof(row: type[MissionProof], viewer: Viewer) -> ColumnElement[bool]:
    """The DJ, the curator and operators; others find it by its address alone."""
    return _of_mission(row, viewer, Mission.runner_id == viewer.id)


def paid_play(row: type[MissionPlay], viewer: Viewer) -> ColumnElement[bool]:
    """Whose mission it was, and operators."""
    return or_(row.curator_id == viewer.id, operates(viewer))


def _of_mission(row: Any, viewer: Viewer, theirs: ColumnElement[bool]) -> ColumnElement[bool]:
    seen = or_(Mission.curator_id == viewer.id, operates(viewer), theirs)
    return exists().where(Mission.id == row.mission_id, seen).correlate(row)
