"""Who made a track: lists of names in any order and with any word between them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from rapidfuzz.distance import OSA

from domain.scoring.normalise import fold, joined, words_of
from domain.scoring.words import Closeness

MAX_NAMES: Final = 20
SLIPS: Final = ((5, 1), (12, 2))
"""How many slips of the pen a name may have: one from 5 letters on, two from 12 on, none below."""

_GUEST: Final = re.compile(r"\s*[(\[]?(?<![^\W_])(?:featuring|feat|ft|with|w/)(?![^\W_])\.?\s*")
_BETWEEN: Final = re.compile(
    r"\s*[,;/|&·•]\s*|\s+(?:and|x|\u00d7|vs\.?|versus|meets|b2b|pres\.?|presents|aka|a\.k\.a\.|\+|\\)\s+"
)
_SHORT_BRACKET: Final = re.compile(r"[(\[][^()\[\]]{1,3}[)\]]")
_NOBODY: Final = frozenset(
    {
        "unknownartist",
        "unknown",
        "variousartists",
        "various",
        "va",
        "na",
        "none",
        "null",
        "noartist",
        "artist",
        "untagged",
    }
)
_ANYBODY: Final = frozenset({"friends", "band", "orchestra", "guests", "others", "more", "cast", "choir", "crew", "co"})
_IMITATORS: Final = frozenset({"karaoke", "tribute", "tributes", "cover", "covers", "impersonator"})


@dataclass(frozen=True)
class Artists:
    """Names as they can be compared.

    Attributes:
        whole: All of it in one, without spaces, so that ``Tyler, The Creator`` is itself.
        words: The words of the names before any "feat.", sorted, so that ``Debussy, Claude`` is Claude Debussy.
        main: The names before any "feat.".
        guests: The names behind it.
        imitates: Whether it says of itself that it is karaoke, a tribute or a cover band.
    """

    whole: str
    words: tuple[str, ...]
    main: frozenset[str]
    guests: frozenset[str]
    imitates: bool

    @property
    def everyone(self) -> frozenset[str]:
        """Main names and guests."""
        return self.main | self.guests


@lru_cache(maxsize=4096)
def read_artists(text: str | None) -> Artists | None:
    """Read a field of artists; None when it names nobody (empty, ``Unknown Artist``, ``VA``)."""
    folded = _SHORT_BRACKET.sub(" ", fold(text or "")) or fold(text or "")
    main, *guests = _GUEST.split(folded, maxsplit=1)
    first = read_names(main)
    named = tuple(word for word in words_of(main) if word not in ("the", "and")) or words_of(main)
    whole = joined(named)
    if not whole or whole in _NOBODY or not first:
        return None
    words = set(words_of(folded))
    return Artists(
        whole, tuple(sorted(named)), first, read_names(guests[0]) if guests else frozenset(), bool(words & _IMITATORS)
    )


def read_names(folded: str) -> frozenset[str]:
    """Split a list of names, whatever stands between them."""
    names = [_name(part) for part in _BETWEEN.split(folded, maxsplit=MAX_NAMES)]
    return frozenset(name for name in names if name)


def _name(text: str) -> str:
    words = words_of(text.strip(" ()[]").removesuffix(" - topic").removesuffix("vevo"))
    return joined(words[1:] if words[:1] == ("the",) and len(words) > 1 else words) if words != ("the",) else ""


def compare_artists(
    wanted: Artists,
    heard: Artists,
    wanted_guests: frozenset[str] = frozenset(),
    heard_guests: frozenset[str] = frozenset(),
) -> Closeness:
    """Say how near two lists of artists are.

    EXACT: the same names in any order, guests counted in wherever they are named. PARTIAL: a name of more than two letters in
    common that is a main one on either side, so also where one side leaves a guest out; or a slip in a name (see `SLIPS`), or a
    "DJ" more or less. Somebody's karaoke or tribute is not them.

    Args:
        wanted: One side.
        heard: The other.
        wanted_guests: Names that the title of the one side has behind "feat.".
        heard_guests: Names that the title of the other has there.
    """
    if wanted.imitates != heard.imitates:
        return Closeness.NONE
    ours, theirs = wanted.everyone | wanted_guests, heard.everyone | heard_guests
    is_same = wanted.whole == heard.whole or wanted.words == heard.words
    if ours == theirs or (is_same and ours - wanted.main == theirs - heard.main):
        return Closeness.EXACT
    shared = {name for name in ours & theirs if len(name) > 2 or {name} in (wanted.main, heard.main)} - _ANYBODY
    if shared & (wanted.main | heard.main) or is_same:
        return Closeness.PARTIAL
    if any(_nearly(one, other) for one in wanted.main | {wanted.whole} for other in heard.main | {heard.whole}):
        return Closeness.PARTIAL
    return Closeness.NONE


def _nearly(one: str, other: str) -> bool:
    one, other = one.removeprefix("dj"), other.removeprefix("dj")
    if one == other:
        return len(one) > 2 and one not in _ANYBODY
    allowed = max((slips for least, slips in SLIPS if min(len(one), len(other)) >= least), default=0)
    if not allowed or (_digits(one) and _digits(other) and _digits(one) != _digits(other)):
        return False
    return OSA.distance(one, other, score_cutoff=allowed) <= allowed


def _digits(name: str) -> str:
    return "".join(character for character in name if character.isdigit())
