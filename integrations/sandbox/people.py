"""Who has accounts at the vendors from the start, and what they play. All of it is made up."""

from __future__ import annotations

from typing import Any, Final

NAMES: Final = {"mina": "Mina Okafor", "theo": "Théo Lambert", "kofi": "Kofi 🎧"}

Row = tuple[str, tuple[str, ...], str, int]

PLAYED: Final[dict[str, tuple[Row, ...]]] = {
    "mina": (
        ("Taxi to Soweto", ("Blue Minibus",), "Rank 17", 62),
        ("Sunday Gumba", ("Uncle Tembi", "The Yard"), "Long Weekend", 54),
        ("Eleven Missed Calls", ("Naledi K.",), "Airtime", 47),
        ("Yebo", ("Kwaito Kids", "Zola M."), "Corner Shop", 68),
    ),
    "theo": (
        ("Rain on Rue Burdeau", ("Atelier Nuit",), "Slopes", 66),
        ("Late Tram", ("Marchand",), "Ligne T1", 58),
        ("Velvet Exit", ("Two Rivers",), "Confluence", 49),
        ("Lamp Post", ("Marchand", "Atelier Nuit"), "Ligne T1", 43),
    ),
    "kofi": (
        ("Palm Wine Monday", ("The Osu Brothers",), "Ring Road", 64),
        ("Trotro Mate", ("Adjoa Larbi",), "Last Stop", 52),
        ("Harmattan Waltz", ("Cape Coast Seven",), "Dust", 57),
    ),
}
"""Titles, artists, albums and lengths in seconds; short ones, so that the demo moves."""

SPARE: Final[tuple[Row, ...]] = (
    ("Borrowed Light", ("Paper Lanterns",), "Small Hours", 55),
    ("Second Hand", ("The Spare Parts",), "Odd Socks", 48),
)
"""What everybody else plays."""


def tracks_of(person: str) -> list[dict[str, Any]]:
    """The tracks of one of them, each `{title, artists, album, duration_ms, isrc}`; the ISRCs are valid in form alone."""
    rows = PLAYED.get(person, SPARE)
    first = (
        sum(len(PLAYED[name]) for name in list(PLAYED)[: list(PLAYED).index(person)]) if person in PLAYED else 90_000
    )
    return [
        {
            "title": title,
            "artists": list(artists),
            "album": album,
            "duration_ms": seconds * 1000,
            "isrc": f"QZSBX26{first + place + 1:05d}",
        }
        for place, (title, artists, album, seconds) in enumerate(rows)
    ]


def name_of(person: str) -> str:
    """What they are called."""
    return NAMES.get(person, person)
