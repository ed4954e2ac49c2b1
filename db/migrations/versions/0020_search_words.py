"""Find people whatever the case, the accents and the width of what is typed."""

from __future__ import annotations

import unicodedata

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0002"
branch_labels = None
depends_on = None

# Letters that no decomposition makes plain. Capitals from U+00C0 to U+058F (Latin, Greek, Cyrillic, Armenian) are
# lowered here, since lower() does it only where the database's locale knows them; Unicode never changes these pairs.
PLAIN = dict(zip("øØłŁđĐðÐħĦŧŦıςẞ", "oollddddhhtti\u03c3ß", strict=True))
CAPITALS = {
    letter: letter.lower()
    for letter in map(chr, range(0xC0, 0x590))
    if letter not in PLAIN and len(letter.lower()) == 1 and letter.lower() != letter
    if unicodedata.normalize("NFKD", letter) == letter
}
LETTERS = {**CAPITALS, **PLAIN}

FOLDED = f"""
CREATE FUNCTION folded(words text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN replace(replace(replace(lower(translate(
    regexp_replace(normalize(words, NFKD), '[\\u0300-\\u036f]+', '', 'g'), '{"".join(LETTERS)}', '{"".join(LETTERS.values())}'
)), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe')
"""

# Every ASCII character that is neither letter nor digit parts words: the parser alone would keep `dj.mina` as a host.
SPACED = """
CREATE FUNCTION search_words(words text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN regexp_replace(folded(words), '[\\u0001-/:-@[-`{-\\u007f]+', ' ', 'g')
"""

# All words, the last one as far as it was typed.
QUERY = """
CREATE FUNCTION search_query(words text) RETURNS tsquery LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    IF char_length(words) > 100 OR btrim(folded(words), ' @') = '' THEN
        RAISE EXCEPTION 'Search for 1 to 100 characters.';
    END IF;
    RETURN (nullif(plainto_tsquery('simple', search_words(words))::text, '') || ':*')::tsquery;
END $$
"""

WORDS = "to_tsvector('simple'::regconfig, search_words(username || ' ' || display_name))"
FORMER = "to_tsvector('simple'::regconfig, username || ' ' || display_name)"
FUNCTIONS = {"folded": FOLDED, "search_words": SPACED, "search_query": QUERY}


def _replace_words(expression: str) -> None:
    op.drop_index("ix_users_words", table_name="users", postgresql_using="gin")
    op.drop_column("users", "words")
    words = sa.Column("words", postgresql.TSVECTOR(), sa.Computed(expression, persisted=True), nullable=False)
    op.add_column("users", words)
    op.create_index("ix_users_words", "users", ["words"], unique=False, postgresql_using="gin")


def upgrade() -> None:
    for text in FUNCTIONS.values():
        op.execute(text)
    _replace_words(WORDS)


def downgrade() -> None:
    _replace_words(FORMER)
    for name in reversed(FUNCTIONS):
        op.execute(f"DROP FUNCTION {name}(text)")
