"""What was played for missions and paid, for reports."""

from __future__ import annotations

from alembic import op

revision = "0104"
down_revision = "0103"
branch_labels = None
depends_on = None

# Where people decided without a history, what was asked for stands in the place of what was recorded.
PLAYS = """
CREATE VIEW mission_plays AS
SELECT proof.id, proof.mission_id, mission.curator_id, proof.verified_at, proof.played_at, proof.venue_name, proof.confidence,
    coalesce(play.title, mission.track_title) AS title,
    CASE WHEN play.id IS NULL THEN mission.track_artist ELSE coalesce(play.artist, '') END AS artist,
    CASE WHEN play.id IS NULL THEN mission.track_album ELSE play.album END AS album,
    CASE WHEN play.id IS NULL THEN mission.track_isrc ELSE play.isrc END AS isrc,
    CASE WHEN play.id IS NULL THEN mission.track_duration_seconds ELSE play.duration_seconds END AS duration_seconds,
    CASE WHEN play.id IS NULL THEN mission.track_bpm ELSE play.bpm END AS bpm,
    CASE WHEN play.id IS NULL THEN mission.track_musical_key ELSE play.musical_key END AS musical_key
FROM mission_proofs proof
JOIN missions mission ON mission.id = proof.mission_id
LEFT JOIN verification_attempts attempt ON attempt.id = proof.attempt_id
LEFT JOIN plays play ON play.id = attempt.play_id
"""


def upgrade() -> None:
    op.execute(PLAYS)
    op.create_index("ix_mission_proofs_verified", "mission_proofs", ["verified_at", "id"])
    op.create_index("ix_missions_completed", "missions", ["completed_at"])
    op.create_index("ix_payouts_paid", "payouts", ["paid_at"])


def downgrade() -> None:
    op.drop_index("ix_payouts_paid", "payouts")
    op.drop_index("ix_missions_completed", "missions")
    op.drop_index("ix_mission_proofs_verified", "mission_proofs")
    op.execute("DROP VIEW mission_plays")
