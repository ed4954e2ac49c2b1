"""Who is in the demo. All of it is made up: names, rooms and tracks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from domain.accounts import Role
from domain.tracks import TrackFacts


@dataclass(frozen=True)
class Member:
    """Somebody of the cast."""

    username: str
    display_name: str
    bio: str
    roles: tuple[Role, ...] = (Role.LISTENER,)
    genres: tuple[str, ...] = ()
    city: str | None = None
    country_code: str | None = None
    follows: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Show:
    """What a curator's room is called, and what plays in it again and again; nothing of ours if their Spotify plays."""

    title: str
    description: str
    genres: tuple[str, ...]
    tracks: tuple[TrackFacts, ...] = ()

    @property
    def from_spotify(self) -> bool:
        """Whether the curator's player at the sandbox's Spotify says what plays."""
        return not self.tracks


def _track(title: str, artist: str, seconds: float, bpm: float, key: str) -> TrackFacts:
    return TrackFacts(title=title, artist=artist, duration_seconds=seconds, bpm=bpm, musical_key=key)


CAST: Final = (
    Member(
        "mina",
        "Mina Okafor",
        "Amapiano and everything that swings. Curator.",
        (Role.LISTENER, Role.CURATOR, Role.DJ),
        ("amapiano", "afrobeats"),
        "Lagos",
        "NG",
        ("theo", "noor"),
    ),
    Member(
        "theo",
        "Théo Lambert",
        "Deep house from a basement. Curator.",
        (Role.LISTENER, Role.CURATOR),
        ("deep house", "dub techno"),
        "Lyon",
        "FR",
        ("mina",),
    ),
    Member(
        "noor",
        "نور الهدى",
        "Electronic music between Cairo and Beirut. Curator.",
        (Role.LISTENER, Role.CURATOR),
        ("electronica", "downtempo"),
        "Cairo",
        "EG",
        ("mina", "theo"),
    ),
    Member(
        "kofi",
        "Kofi 🎧",
        "Plays weddings, collects highlife.",
        (Role.LISTENER, Role.DJ),
        ("highlife", "afrobeats"),
        "Accra",
        "GH",
        ("mina", "noor"),
    ),
    Member(
        "lena",
        "Lena Vogt",
        "Mixing engineer. Listens for the low end.",
        (Role.LISTENER, Role.ENGINEER),
        ("dub techno",),
        "Berlin",
        "DE",
        ("theo", "noor", "mina"),
    ),
    Member(
        "sato",
        "佐藤 光",
        "Producer. City pop on weekends.",
        (Role.LISTENER, Role.PRODUCER),
        ("city pop", "downtempo"),
        "Osaka",
        "JP",
        ("noor",),
    ),
    Member(
        "zola",
        "Zola M.",
        "Sings, and chats more than she sings.",
        (Role.LISTENER, Role.ARTIST),
        ("amapiano",),
        "Durban",
        "ZA",
        ("mina", "theo"),
    ),
    Member("river", "River 🌊", "Just here for the music.", (Role.LISTENER,), ("downtempo",), None, None, ("mina",)),
    Member("olga", "Olga Petrenko", "Keeps the platform in order.", (Role.LISTENER, Role.MODERATOR, Role.OPERATOR)),
)

ROOMS: Final[dict[str, Show]] = {
    "mina": Show(
        "Log drum sunrise",
        "Three hours of log drums, no breaks.",
        ("amapiano", "afrobeats"),
    ),
    "theo": Show(
        "Basement tapes, live",
        "Warm pads, slow builds.",
        ("deep house",),
        (
            _track("Rain on Rue Burdeau", "Atelier Nuit", 356, 121, "Cm"),
            _track("Late Tram", "Marchand", 322, 120, "F#m"),
            _track("Velvet Exit", "Two Rivers", 389, 122, "Bbm"),
        ),
    ),
    "noor": Show(
        "بين مدينتين",
        "Between two cities: slow beats and old strings.",
        ("electronica", "downtempo"),
        (
            _track("شارع فيصل", "Tarab Machine", 287, 96, "Em"),
            _track("Corniche 4 a.m.", "Selim & Dana", 264, 92, "Am"),
            _track("Saffron", "House of Oud", 305, 98, "Dm"),
        ),
    ),
}

SAID: Final = (
    "This one 🔥",
    "Who made this?",
    "Greetings from Osaka!",
    "that bassline though",
    "Turn it up",
    "مساء الخير",
    "First time in here, hello all",
    "I have this on a 7 inch",
    "ID please?",
    "Perfect for the drive home 🚗",
    "So good to hear this again",
    "Louder!",
    "Can we have the next one longer?",
    "danke für die Musik",
)
