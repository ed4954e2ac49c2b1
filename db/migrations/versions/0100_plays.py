"""What DJs played, the files that said so, and the programs that send them."""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0100"
down_revision = "0095"
branch_labels = None
depends_on = None

CURRENCIES = ("EUR", "GBP", "GHS", "JPY", "KES", "NGN", "USD", "USDC", "ZAR")
MOMENT = sa.DateTime(timezone=True)
# Table, column, name of the check, words that it allows from now on beside those of before.
WORDS = (("uploads", "purpose", "uploadpurpose", ("PLAY_HISTORY", "MISSION_EVIDENCE")),)


def allowed(table: str, check: str) -> list[str]:
    """What a check allows now, as the database has it."""
    written = op.get_bind().scalar(
        sa.text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = :name"),
        {"name": f"ck_{table}_{check}"},
    )
    return re.findall(r"'([^']+)'", str(written))


def allow(table: str, column: str, check: str, words: list[str]) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{check}"), table)
    listed = ", ".join(f"'{word}'" for word in words)
    op.create_check_constraint(op.f(f"ck_{table}_{check}"), table, f"{column} IN ({listed})")


def word(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    for table, column, check, words in WORDS:
        allow(table, column, check, [*allowed(table, check), *words])
    _make_companions()
    _make_play_imports()
    _make_plays()


def _make_companions() -> None:
    op.create_table(
        "companions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=True),
        sa.Column("code_expires_at", MOMENT, nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=True),
        sa.Column("counter", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("paired_at", MOMENT, nullable=True),
        sa.Column("last_seen_at", MOMENT, nullable=True),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.CheckConstraint("(public_key IS NULL) = (paired_at IS NULL)", name=op.f("ck_companions_paired_with_key")),
        sa.CheckConstraint("char_length(name) <= 80", name=op.f("ck_companions_name_length")),
        sa.CheckConstraint("counter >= 0", name=op.f("ck_companions_counter_not_negative")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_companions_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_companions")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_companions_code_hash")),
        sa.UniqueConstraint("public_key", name=op.f("uq_companions_public_key")),
    )
    op.create_index("ix_companions_user", "companions", ["user_id", "created_at", "id"], unique=False)


def _make_play_imports() -> None:
    op.create_table(
        "play_imports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "source",
            word(
                "playsource", "SERATO_ACCOUNT", "SERATO", "REKORDBOX", "TRAKTOR", "VIRTUALDJ", "ENGINE_DJ", "PLAYLIST"
            ),
            nullable=False,
        ),
        sa.Column(
            "format",
            word(
                "historyformat",
                "SERATO_SESSION",
                "SERATO_DATABASE",
                "SERATO_CSV",
                "SERATO_TEXT",
                "REKORDBOX_LIST",
                "REKORDBOX_XML",
                "TRAKTOR_NML",
                "VIRTUALDJ_M3U",
                "ENGINE_DATABASE",
                "PLAIN_M3U",
            ),
            nullable=False,
        ),
        sa.Column("trust", word("trustlevel", "CONNECTED", "SIGNED", "UPLOADED", "EXPORTED"), nullable=False),
        sa.Column("upload_id", sa.Uuid(), nullable=True),
        sa.Column("companion_id", sa.Uuid(), nullable=True),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("storage_key", sa.Text(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("imported_count", sa.Integer(), nullable=False),
        sa.Column("updated_count", sa.Integer(), nullable=False),
        sa.Column("duplicate_count", sa.Integer(), nullable=False),
        sa.Column("warnings", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("received_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("upload_id IS NULL OR companion_id IS NULL", name=op.f("ck_play_imports_by_one_way")),
        sa.ForeignKeyConstraint(["companion_id"], ["companions.id"], name=op.f("fk_play_imports_companion_id")),
        sa.ForeignKeyConstraint(["upload_id"], ["uploads.id"], name=op.f("fk_play_imports_upload_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_play_imports_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_play_imports")),
        sa.UniqueConstraint("user_id", "sha256", "trust", name=op.f("uq_play_imports_user_id_sha256_trust")),
    )
    op.create_index("ix_play_imports_user", "play_imports", ["user_id", "received_at", "id"], unique=False)


def _make_plays() -> None:
    op.create_table(
        "plays",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "source",
            word(
                "playsource", "SERATO_ACCOUNT", "SERATO", "REKORDBOX", "TRAKTOR", "VIRTUALDJ", "ENGINE_DJ", "PLAYLIST"
            ),
            nullable=False,
        ),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("trust", word("trustlevel", "CONNECTED", "SIGNED", "UPLOADED", "EXPORTED"), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("artist", sa.Text(), nullable=True),
        sa.Column("album", sa.Text(), nullable=True),
        sa.Column("isrc", sa.Text(), nullable=True),
        sa.Column("duration_seconds", sa.Double(), nullable=True),
        sa.Column("bpm", sa.Double(), nullable=True),
        sa.Column("musical_key", sa.Text(), nullable=True),
        sa.Column("played_at", MOMENT, nullable=False),
        sa.Column("time_known", sa.Boolean(), nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("played_seconds", sa.Double(), nullable=True),
        sa.Column("deck", sa.Integer(), nullable=True),
        sa.Column("audible", sa.Boolean(), nullable=True),
        sa.Column("venue_name", sa.Text(), nullable=True),
        sa.Column("source_updated_at", MOMENT, nullable=True),
        sa.Column("received_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("char_length(artist) <= 300", name=op.f("ck_plays_artist_length")),
        sa.CheckConstraint("char_length(key) <= 200", name=op.f("ck_plays_key_length")),
        sa.CheckConstraint("char_length(title) <= 300", name=op.f("ck_plays_title_length")),
        sa.ForeignKeyConstraint(["import_id"], ["play_imports.id"], name=op.f("fk_plays_import_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_plays_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plays")),
        sa.UniqueConstraint("user_id", "source", "key", name=op.f("uq_plays_user_id_source_key")),
    )
    op.create_index(op.f("ix_plays_import_id"), "plays", ["import_id"], unique=False)
    op.create_index("ix_plays_played", "plays", ["played_at", "id"], unique=False)
    op.create_index("ix_plays_source", "plays", ["user_id", "source", "played_at", "id"], unique=False)
    op.create_index("ix_plays_user", "plays", ["user_id", "played_at", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("plays")
    op.drop_table("play_imports")
    op.drop_table("companions")
    for table, column, check, words in WORDS:
        listed = ", ".join(f"'{word}'" for word in words)
        op.execute(f"DELETE FROM {table} WHERE {column} IN ({listed})")  # noqa: S608 -- our own words
        allow(table, column, check, [each for each in allowed(table, check) if each not in words])
