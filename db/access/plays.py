"""Who may see what somebody played."""

from __future__ import annotations

from sqlalchemy import ColumnElement, or_, select

from db.access.viewer import Viewer, operates
from db.tables import Mission, PlayRow, VerificationAttempt
from domain.missions import AttemptStatus


def play(row: type[PlayRow], viewer: Viewer) -> ColumnElement[bool]:
    """Whose it is; operators; and who asked for it: the curator of a mission whose verification found it in this very play.

    What merely came nearest in a look that failed is nobody's but its DJ's.
    """
    asked = (
        select(VerificationAttempt.id)
        .join(Mission, Mission.id == VerificationAttempt.mission_id)
        .where(
            VerificationAttempt.play_id == row.id,
            VerificationAttempt.status.in_((AttemptStatus.PASSED, AttemptStatus.NEEDS_REVIEW)),
            Mission.curator_id == viewer.id,
        )
        .correlate(row)
        .exists()
    )
    return or_(row.user_id == viewer.id, operates(viewer), asked)
