"""Titles: the song's own name, what is left beside it, and its version."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from rapidfuzz import fuzz

from domain.scoring.artists import read_names
from domain.scoring.normalise import figures, fold, joined, words_of
from domain.scoring.versions import Kind, Mark, differ, read_marks, spelled
from domain.scoring.words import Closeness

ALIKE: Final = 85.0
"""From where on two names are nearly the same: rapidfuzz's ratio of their letters without spaces, of a hundred."""
SHORTEST: Final = 5
"""How many letters the shorter of two nearly equal names must have: below, one letter makes another word."""

_SEGMENTS: Final = re.compile(r"[()\[\]{}]|\s-\s")
_FEATURED: Final = re.compile(r"(?<![^\W_])(?:featuring|feat|ft)(?![^\W_])\.?\s*")
_WITH: Final = re.compile(r"(?:with|w/)\s+")
_ROMAN: Final = {"ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9"}
_COUNTED: Final = {
    **_ROMAN,
    "i": "1",
    "v": "5",
    "x": "10",
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
}
_PARTS: Final = {"pt": "part", "pts": "part", "part": "part", "vol": "volume", "volume": "volume", "chapter": "chapter"}
_BARE: Final = frozenset(
    {"remix", "vip", "instrumental", "acapella", "live", "karaoke", "bootleg", "mashup", "edit", "demo", "dub"}
)
_ENDS: Final = frozenset({"mix", "edit", "version"})
_SOLD_BARE: Final = re.compile(
    r"(?<=\S)\s+(?:(?:original|extended|main|full length)\s+(?:mix|version)|album version|(?:\d{4} )?remaster(?:ed)?(?: \d{4})?)$"
)


@dataclass(frozen=True)
class Title:
    """A title as it can be compared.

    Attributes:
        base: The words of the song's name.
        lead: The words of a bracket in front of it: ``(I Can't Get No)``.
        asides: The words of brackets and of what stands behind a dash that say nothing of a version: a subtitle.
        marks: Which version it is.
        shade: Whether it says that it is the clean one or the explicit one.
        guests: The names behind "feat." and "with".
        flat: All words in their order, without guests and without how it was sold.
    """

    base: tuple[str, ...]
    lead: tuple[str, ...] = ()
    asides: tuple[str, ...] = ()
    marks: frozenset[Mark] = frozenset()
    shade: str = ""
    guests: frozenset[str] = frozenset()
    flat: tuple[str, ...] = ()


@dataclass
class _Draft:
    base: list[str] = field(default_factory=list)
    lead: list[str] = field(default_factory=list)
    asides: list[str] = field(default_factory=list)
    marks: set[Mark] = field(default_factory=set)
    shade: str = ""
    guests: set[str] = field(default_factory=set)
    flat: list[str] = field(default_factory=list)

    def take(self, text: str, kind: str) -> None:
        """Sort one segment in: `kind` is the bracket it is in, a dash before it, or nothing."""
        if kind and (found := _WITH.match(text)):
            self.guests |= read_names(text[found.end() :])
            return
        if (found := _FEATURED.search(text)) and (found.start() or kind):
            self.guests |= read_names(text[found.end() :])
            text = text[: found.start()].strip()
        if not text:
            return
        words = counted(words_of(text if kind not in ("", ")") else _SOLD_BARE.sub("", text)))
        if not kind:
            words, tail = _without_tail(words)
            self._take_words(words, "")
            words, kind = tail, "-"
        self._take_words(words, kind)

    def _take_words(self, words: tuple[str, ...], kind: str) -> None:
        marks = read_marks(words) if kind and (self.base or kind not in ("-", ")")) else None
        if marks is not None:
            self.marks |= marks.marks
            self.shade = self.shade or marks.shade
            self.flat += (word for word in spelled(words) if marks.marks and word not in ("mix", "version"))
        elif not words:
            return
        elif kind in ("(", "[", "{") and not self.base and not self.lead:
            self.lead += words
            self.flat += words
        elif kind in ("[", "{") and not figures(words):
            return
        else:
            (self.asides if kind not in ("", ")") and self.base else self.base).extend(words)
            self.flat += words


@lru_cache(maxsize=4096)
def read_title(text: str) -> Title:
    """Read a title that has been rid of the habits of file names (see `filenames`)."""
    folded = fold(text)
    draft = _Draft()
    start, kind, depth = 0, "", 0
    for found in _SEGMENTS.finditer(folded):
        draft.take(folded[start : found.start()].strip(" -_"), kind)
        sign = found.group().strip()
        if sign in "([{":
            kind, depth = sign, depth + 1
        elif sign != "-":
            depth = max(depth - 1, 0)
            kind = kind if depth else ")"
        elif not depth:
            kind = "-"
        start = found.end()
    draft.take(folded[start:].strip(" -_"), kind)
    base = draft.base or draft.lead or draft.asides or list(words_of(folded))
    return Title(
        base=_without_article(tuple(base)),
        lead=tuple(draft.lead) if draft.base else (),
        asides=tuple(draft.asides) if draft.base or draft.lead else (),
        marks=frozenset(draft.marks),
        shade=draft.shade,
        guests=frozenset(draft.guests),
        flat=_without_article(spelled(tuple(draft.flat or base))),
    )


def counted(words: tuple[str, ...]) -> tuple[str, ...]:
    """Write the number of a part in figures: ``Pt. II``, ``Part Two`` and ``part 2`` are one, and so are ``II`` and ``2`` at the end."""
    found = list(words)
    for index, word in enumerate(words):
        if index and words[index - 1] in _PARTS and word in _COUNTED:
            found[index - 1 : index + 1] = [_PARTS[words[index - 1]], _COUNTED[word]]
        elif word in _PARTS and index + 1 < len(words) and words[index + 1].isdigit():
            found[index] = _PARTS[word]
    if len(found) > 1 and found[-1] in _ROMAN:
        found[-1] = _ROMAN[found[-1]]
    return tuple(found)


def _without_tail(words: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Part a name from a version that stands behind it bare, where only its own words can be meant: ``Archangel VIP Mix``."""
    for count in (3, 2):
        read = read_marks(words[-count:]) if len(words) > count and words[-1] in _ENDS else None
        if read and read.marks and all(mark.kind is Kind.CUT or not mark.who for mark in read.marks):
            return words[:-count], words[-count:]
    return words, ()


def _without_article(words: tuple[str, ...]) -> tuple[str, ...]:
    return words[1:] if words[:1] == ("the",) and len(words) > 1 else words


def compare_titles(wanted: Title, heard: Title) -> Closeness:
    """Say how near two titles are.

    A square bracket that says nothing of a version and holds no number is taken for a label and left out. Guests are a matter of
    the artists: a title with one more of them is the same title.

    EXACT: the same name, the same version (see `versions`), and the same subtitle; a bracket in front may be left out. PARTIAL:
    the same name with a subtitle more or less or in another cut, or a name with a slip in it (see `ALIKE`) in the same version.
    NONE: another name, another number in the name, or another recording.
    """
    apart = differ(wanted.marks, heard.marks) or (Kind.CUT if _shades_differ(wanted, heard) else None)
    if wanted.flat and joined(wanted.flat) == joined(heard.flat):
        return Closeness.PARTIAL if _shades_differ(wanted, heard) else Closeness.EXACT
    if apart not in (None, Kind.CUT):
        return Closeness.NONE
    if joined(wanted.base) == joined(heard.base):
        return Closeness.PARTIAL if apart else _beside(wanted, heard)
    return Closeness.PARTIAL if _alike(wanted, heard) else Closeness.NONE


def _shades_differ(wanted: Title, heard: Title) -> bool:
    return bool(wanted.shade and heard.shade and wanted.shade != heard.shade)


def _beside(wanted: Title, heard: Title) -> Closeness:
    same = joined(wanted.asides) == joined(heard.asides)
    leads = joined(wanted.lead) == joined(heard.lead) or not (wanted.lead and heard.lead)
    if same and leads:
        return Closeness.EXACT
    if leads and wanted.asides and heard.asides:
        return Closeness.PARTIAL if _near(wanted.asides, heard.asides) else Closeness.NONE
    extra = figures(wanted.asides + heard.asides)
    return Closeness.PARTIAL if leads and all(_is_year(figure) for figure in extra) else Closeness.NONE


def _is_year(figure: str) -> bool:
    return len(figure) == 4 and figure[:2] in ("19", "20")


def _alike(wanted: Title, heard: Title) -> bool:
    bare = (set(wanted.base[1:]) ^ set(heard.base[1:])) & _BARE
    return not bare and _near(wanted.base, heard.base)


def _near(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    first, second = joined(one), joined(other)
    if figures(one) != figures(other) or min(len(first), len(second)) < SHORTEST:
        return False
    return fuzz.ratio(first, second, score_cutoff=ALIKE) >= ALIKE
