"""What stands behind a title: which version of the song it is, or only how it was sold.

The same recording, so that the words are left out: original (mix), album, LP and main version, extended mix, remaster with or
without a year, explicit, stereo, bonus track, official video, file quality, the film it is from. *Extended* is the same production
at the length that DJs buy it in; a shop's plain title is often that one.

Another cut of the same recording, which is near but not it (`CUT`): radio, single, short and club edits and mixes, seven and twelve
inch, a record pool's intro or quick hit. *Clean* is left out where the other side says nothing, and is another cut beside
*explicit*.

Another recording (every other `Kind`), kept apart in both directions and from one another: remix, named mix, named edit, bootleg,
mashup, dub, VIP, live, acoustic, instrumental, a cappella, demo, other arrangement or language, sped up, slowed, cover, karaoke.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final


class Kind(StrEnum):
    """What makes a version another one."""

    CUT = "CUT"
    COVER = "COVER"
    MASHUP = "MASHUP"
    BOOTLEG = "BOOTLEG"
    REMIX = "REMIX"
    VIP = "VIP"
    DUB = "DUB"
    EDIT = "EDIT"
    LIVE = "LIVE"
    ACOUSTIC = "ACOUSTIC"
    INSTRUMENTAL = "INSTRUMENTAL"
    ACAPELLA = "ACAPELLA"
    DEMO = "DEMO"
    FASTER = "FASTER"
    SLOWER = "SLOWER"
    PIECE = "PIECE"
    VERSION = "VERSION"


@dataclass(frozen=True)
class Mark:
    """One mark of a version: its kind, and the words that say whose, where or which."""

    kind: Kind
    who: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Marks:
    """What one bracket says: its marks (none when it only says how the recording was sold) and whether it is clean or explicit."""

    marks: frozenset[Mark] = frozenset()
    shade: str = ""


_SPELLINGS: Final = {
    ("a", "cappella"): "acapella",
    ("a", "capella"): "acapella",
    ("re", "edit"): "reedit",
    ("re", "mix"): "remix",
    ("re", "work"): "rework",
    ("re", "rub"): "rerub",
    ("re", "recorded"): "rerecorded",
    ("sped", "up"): "spedup",
    ("speed", "up"): "spedup",
    ("mash", "up"): "mashup",
    ("boot", "leg"): "bootleg",
    ("type", "beat"): "typebeat",
    ("style", "of"): "karaoke",
    ("performed", "by"): "karaoke",
    ("made", "famous"): "karaoke",
    ("made", "popular"): "karaoke",
    ("backing", "track"): "instrumental",
    ("free", "download"): "download",
    ("free", "dl"): "download",
    ("out", "now"): "official",
    ("bonus", "track"): "official",
    ("music", "video"): "official",
    ("full", "length"): "extended",
    ("quick", "hit"): "quickhit",
    ("quick", "hitter"): "quickhit",
    ("7", "inch"): "single",
    ("12", "inch"): "twelve",
    ("12", "mix"): "twelve",
    ("12", "version"): "twelve",
    ("7", "mix"): "single",
    ("7", "version"): "single",
    ("8d", "audio"): "8d",
    ("vinyl", "rip"): "rip",
}
_SYNONYMS: Final = {
    "rmx": "remix",
    "remixed": "remix",
    "acappella": "acapella",
    "acapela": "acapella",
    "inst": "instrumental",
    "instr": "instrumental",
    "dirty": "explicit",
    "uncensored": "explicit",
    "censored": "clean",
    "ext": "extended",
    "7in": "single",
    "12in": "twelve",
    "remastered": "remaster",
    "remasterizado": "remaster",
    "vivo": "live",
    "directo": "live",
    "acustico": "acoustic",
    "acustica": "acoustic",
    "acoustique": "acoustic",
    "akustik": "acoustic",
    "versao": "version",
    "remezcla": "remix",
    "remixe": "remix",
    "vox": "vocal",
}
_KINDS: Final[dict[str, Kind]] = {
    **dict.fromkeys(("karaoke", "tribute", "cover", "covered", "typebeat"), Kind.COVER),
    **dict.fromkeys(("mashup", "medley", "megamix", "blend", "transition", "minimix"), Kind.MASHUP),
    **dict.fromkeys(("acapella", "acapellas"), Kind.ACAPELLA),
    **dict.fromkeys(("instrumental", "instrumentals"), Kind.INSTRUMENTAL),
    **dict.fromkeys(("bootleg", "flip", "booty", "refix"), Kind.BOOTLEG),
    **dict.fromkeys(("remix", "rework", "reworked", "rerub", "redux", "reimagined", "reinterpretation"), Kind.REMIX),
    "vip": Kind.VIP,
    "dub": Kind.DUB,
    "dubplate": Kind.DUB,
    "reedit": Kind.EDIT,
    **dict.fromkeys(("spedup", "nightcore", "fast", "faster"), Kind.FASTER),
    **dict.fromkeys(("slowed", "slow", "slower", "screwed", "chopped", "reverb", "8d"), Kind.SLOWER),
    **dict.fromkeys(("live", "unplugged", "concert", "session", "sessions"), Kind.LIVE),
    **dict.fromkeys(
        ("acoustic", "piano", "orchestral", "orchestra", "symphonic", "stripped", "unplugged"), Kind.ACOUSTIC
    ),
    **dict.fromkeys(("demo", "wip", "outtake", "take", "alternate", "alternative", "rehearsal"), Kind.DEMO),
    **dict.fromkeys(("reprise", "interlude", "prelude", "skit", "tool", "beats", "snippet", "preview"), Kind.PIECE),
    **dict.fromkeys(("rerecorded", "rerecording"), Kind.VERSION),
}
"""In the order in which they count where one bracket has several."""
_CUTS: Final = frozenset(
    {"radio", "single", "short", "club", "twelve", "vocal", "tv", "intro", "outro", "quickhit", "snip", "edit"}
)
_SALE: Final = (
    "original main album lp mono stereo mixed remaster deluxe anniversary digital official audio video lyric lyrics visualizer "
    "visualiser hd hq 4k 1080p 720p download premiere exclusive rip vinyl web extended kbps 128kbps 192kbps 256kbps 320kbps "
    "320 mp3 wav flac explicit clean"
)
_SOLD: Final = frozenset(_SALE.split())
_NEUTRAL: Final = frozenset({"mix", "version", "edition", "cut"})
_FILLERS: Final = frozenset(
    {"at", "in", "en", "ao", "from", "the", "by", "of", "on", "and", "a", "to", "mix", "version", "edit", "extended"}
)
_FROM: Final = frozenset({"from", "ost", "soundtrack", "prod", "produced"})


@lru_cache(maxsize=4096)
def read_marks(words: tuple[str, ...]) -> Marks | None:
    """Read what one bracket, or what stands behind a dash, says of the version; None when it says nothing of it."""
    words = spelled(words)
    present = set(words)
    shade = "clean" if "clean" in present else "explicit" if "explicit" in present else ""
    for word, kind in _KINDS.items():
        if word in present:
            who = present - _FILLERS - _SOLD - {name for name, other in _KINDS.items() if other is kind}
            return Marks(frozenset({Mark(kind, frozenset(who))}), shade)
    if words and (words[0] in _FROM or words[-1] in _FROM):
        return Marks()
    rest = present - _SOLD - ({"twelve", "single"} if "rip" in present else set())
    if "remaster" in present or "anniversary" in present or "deluxe" in present:
        rest = {word for word in rest if not word.isdigit() and not word[:-2].isdigit()}
    if not rest - _NEUTRAL:
        return Marks(frozenset(), shade) if present - _NEUTRAL else None
    return _read_cut(rest, shade)


def _read_cut(rest: set[str], shade: str) -> Marks | None:
    named = rest - _NEUTRAL
    if named <= _CUTS:
        return Marks(frozenset({Mark(Kind.CUT, frozenset(named - {"edit"}))}), shade)
    who = frozenset(named - _CUTS - _FILLERS)
    for word, kind in (("edit", Kind.EDIT), ("mix", Kind.REMIX), ("version", Kind.VERSION)):
        if word in rest:
            return Marks(frozenset({Mark(kind, who)}), shade)
    return None


def spelled(words: tuple[str, ...]) -> tuple[str, ...]:
    """Write what people write in several ways (``rmx``, ``a cappella``, ``re-edit``) in one."""
    found: list[str] = []
    for word in words:
        if found and (found[-1], word) in _SPELLINGS:
            found[-1] = _SPELLINGS[found[-1], word]
        else:
            found.append(_SYNONYMS.get(word, word))
    return tuple(found)


def differ(wanted: frozenset[Mark], heard: frozenset[Mark]) -> Kind | None:
    """Say how two versions differ.

    Returns:
        None when they do not; `Kind.CUT` when one is another cut of the other, or named less fully; otherwise the kind that keeps
        them apart.
    """
    apart = wanted ^ heard
    if not apart:
        return None
    serious = [mark for mark in apart if mark.kind is not Kind.CUT]
    if not serious:
        return Kind.CUT
    first = min(serious, key=lambda mark: (list(Kind).index(mark.kind), sorted(mark.who)))
    mine = {mark.kind: mark.who for mark in wanted}
    theirs = {mark.kind: mark.who for mark in heard}
    for mark in serious:
        one, other = mine.get(mark.kind), theirs.get(mark.kind)
        if one is None or other is None or not (one <= other or other <= one):
            return first.kind
    return Kind.CUT
