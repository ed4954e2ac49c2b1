"""What connecting needs: the session that asked, renewals that failed, and when a code was sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "connected_accounts", sa.Column("renewal_failed", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column("oauth_sessions", sa.Column("session_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_oauth_sessions_session_id"), "oauth_sessions", "sessions", ["session_id"], ["id"])
    # A round trip lasts minutes: who is on one begins again.
    op.execute("DELETE FROM oauth_sessions WHERE user_id IS NOT NULL")
    op.create_check_constraint(
        op.f("ck_oauth_sessions_asked_in_a_session"), "oauth_sessions", "(user_id IS NULL) = (session_id IS NULL)"
    )
    op.add_column("sign_in_codes", sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True))
    # Whatever was sent before can no longer be told from its sealed code: a code that has none was sent.
    op.execute("UPDATE sign_in_codes SET sent_at = created_at WHERE sealed_code IS NULL")


def downgrade() -> None:
    op.drop_column("sign_in_codes", "sent_at")
    op.drop_constraint(op.f("ck_oauth_sessions_asked_in_a_session"), "oauth_sessions")
    op.drop_constraint(op.f("fk_oauth_sessions_session_id"), "oauth_sessions")
    op.drop_column("oauth_sessions", "session_id")
    op.drop_column("connected_accounts", "renewal_failed")
