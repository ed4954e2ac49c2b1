"""Money that comes back from people's accounts elsewhere, and what the vendors themselves take."""

from __future__ import annotations

revision = "0095"
down_revision = "0092"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
