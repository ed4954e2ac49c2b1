"""What plays in people's players: which rooms follow which, services that asked to wait, and links to tracks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0041"
branch_labels = None
depends_on = None

SOURCES = ("MANUAL", "SPOTIFY", "APPLE_MUSIC", "SERATO")
PROVIDERS = ("SERATO", "SPOTIFY", "APPLE_MUSIC")


def word(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    source = sa.Enum(*SOURCES, name="tracksource", native_enum=False, create_constraint=False, length=40)
    op.add_column("broadcasts", sa.Column("now_playing_from", source, nullable=True))
    listed = ", ".join(f"'{word}'" for word in SOURCES)
    op.create_check_constraint(op.f("ck_broadcasts_tracksource"), "broadcasts", f"now_playing_from IN ({listed})")
    op.add_column("broadcast_tracks", sa.Column("source_key", sa.Text(), nullable=True))
    op.add_column("broadcast_tracks", sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "followed_players",
        sa.Column("broadcast_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("connections", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("track_key", sa.Text(), nullable=True),
        sa.Column("playing", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(["broadcast_id"], ["broadcasts.id"], name=op.f("fk_followed_players_broadcast_id")),
        sa.ForeignKeyConstraint(["account_id"], ["connected_accounts.id"], name=op.f("fk_followed_players_account_id")),
        sa.PrimaryKeyConstraint("broadcast_id", name=op.f("pk_followed_players")),
        sa.UniqueConstraint("account_id", name=op.f("uq_followed_players_account_id")),
    )
    op.create_table(
        "vendor_pauses",
        sa.Column("provider", word("accountprovider", *PROVIDERS), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("provider", name=op.f("pk_vendor_pauses")),
    )
    op.create_table(
        "track_links",
        sa.Column("isrc", sa.Text(), nullable=False),
        sa.Column("provider", word("accountprovider", *PROVIDERS), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("isrc", "provider", name=op.f("pk_track_links")),
    )
    op.create_index("ix_track_links_checked_at", "track_links", ["checked_at"])


def downgrade() -> None:
    op.drop_table("track_links")
    op.drop_table("vendor_pauses")
    op.drop_table("followed_players")
    op.drop_column("broadcast_tracks", "confirmed_at")
    op.drop_column("broadcast_tracks", "source_key")
    op.drop_constraint(op.f("ck_broadcasts_tracksource"), "broadcasts")
    op.drop_column("broadcasts", "now_playing_from")
