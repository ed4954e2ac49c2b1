"""Find what is old by index, however often its pages were used before."""

from __future__ import annotations

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_events_occurred", table_name="events")
    op.create_index("ix_events_occurred", "events", ["occurred_at"])
    op.create_index("ix_refresh_tokens_expires", "refresh_tokens", ["expires_at"])


def downgrade() -> None:
    op.drop_index("ix_refresh_tokens_expires", table_name="refresh_tokens")
    op.drop_index("ix_events_occurred", table_name="events")
    op.create_index("ix_events_occurred", "events", ["occurred_at"], postgresql_using="brin")
