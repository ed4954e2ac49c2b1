"""People: names, roles, sessions, and what is allowed in them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from domain.countries import clean_country
from domain.errors import InvalidInput
from domain.texts import clean_text

ACCESS_TOKEN_MINUTES: Final = 10
REFRESH_TOKEN_DAYS: Final = 60
CODE_MINUTES: Final = 10
CODE_DIGITS: Final = 6
CODE_ATTEMPTS: Final = 5
MAX_API_TOKENS: Final = 20
MAX_API_TOKEN_NAME: Final = 80
MAX_DEVICES: Final = 20
MAX_SESSIONS_AT_ONCE: Final = 100
MAX_DEVICE: Final = 120
MAX_DISPLAY_NAME: Final = 60
MAX_BIO: Final = 500
MAX_CITY: Final = 80
MAX_GENRES: Final = 10
MAX_FAVORITES: Final = 20
MAX_GENRE: Final = 40
USERNAME_KEPT_DAYS: Final = 30
"""How long a name that was given up stays with the person who had it, so that nobody can pose as them at once."""

USERNAME_REST_HOURS: Final = 24
"""How long a chosen name rests before it can be changed again; what was mentioned yesterday should still lead somewhere."""

HANDLE: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_.]{0,28}[a-z0-9_])?")
"""What Instagram takes for a name: 1 to 30 letters, digits, dots and underscores, no dot at either end."""

USERNAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9_.]{1,28})[a-z0-9]")
RESERVED: Final = frozenset(
    {"admin", "anonymous", "backline", "everyone", "moderator", "operator", "root", "support", "system", "viewer"}
)


class Role(StrEnum):
    """What somebody does here. A person can have several."""

    LISTENER = "LISTENER"
    CURATOR = "CURATOR"
    DJ = "DJ"
    PRODUCER = "PRODUCER"
    ARTIST = "ARTIST"
    ENGINEER = "ENGINEER"
    STUDIO = "STUDIO"
    PUBLISHER = "PUBLISHER"
    STATION = "STATION"
    LABEL = "LABEL"
    MODERATOR = "MODERATOR"
    OPERATOR = "OPERATOR"


class Channel(StrEnum):
    """How somebody proves who they are: an address that a code is sent to, or an account elsewhere."""

    EMAIL = "EMAIL"
    SMS = "SMS"
    SPOTIFY = "SPOTIFY"
    APPLE = "APPLE"
    PRIVY = "PRIVY"


class ApiScope(StrEnum):
    """What a program that holds an API token may do."""

    READ = "READ"
    BROADCAST = "BROADCAST"
    CHAT = "CHAT"
    FOLLOW = "FOLLOW"
    PROFILE = "PROFILE"


def clean_username(text: str, *field: str) -> str:
    """Read a username as somebody typed it: lower-cased, one leading @ taken off.

    Raises:
        InvalidInput: It is not 3 to 30 letters a to z, digits, dots and underscores with a letter or digit at each end,
            or it is a name that people would take for the platform's own.
    """
    name = unicodedata.normalize("NFKC", text).strip().removeprefix("@").lower()
    if not USERNAME.fullmatch(name) or ".." in name:
        raise InvalidInput(
            "A username has 3 to 30 letters a-z, digits, dots or underscores, and begins and ends with a letter or digit.",
            *field,
        )
    if name.replace("_", "").replace(".", "") in RESERVED:
        raise InvalidInput("This username is kept for the platform itself.", *field)
    return name


def clean_handle(text: str, *field: str) -> str:
    """Read an Instagram name: lower-cased, one leading @ taken off.

    Raises:
        InvalidInput: It cannot be one.
    """
    handle = text.strip().removeprefix("@").lower()
    if not HANDLE.fullmatch(handle) or ".." in handle:
        raise InvalidInput("An Instagram name has up to 30 letters a-z, digits, dots or underscores.", *field)
    return handle


def clean_device(text: str | None, otherwise: str, *field: str) -> str:
    """Read the name that an app gives its device; without one, take the other.

    Raises:
        InvalidInput: It is too long or cannot be a name.
    """
    if text is None or not text.strip():
        return otherwise[:MAX_DEVICE]
    return clean_text(text, *field, most=MAX_DEVICE)


@dataclass(frozen=True)
class Place:
    """Where somebody is, as far as they say it.

    Attributes:
        city: Its name.
        country_code: Two letters (ISO 3166-1 alpha-2).
        latitude: Degrees north (WGS 84), together with `longitude`.
        longitude: Degrees east (WGS 84).
    """

    city: str | None = None
    country_code: str | None = None
    latitude: float | None = None
    longitude: float | None = None


def clean_place(place: Place, *field: str) -> Place:
    """Read where somebody says they are.

    Raises:
        InvalidInput: One of the facts cannot be, or only one of the two coordinates is there.
    """
    if (place.latitude is None) != (place.longitude is None):
        missing = "latitude" if place.latitude is None else "longitude"
        raise InvalidInput("Give both coordinates or none.", *field, missing)
    if place.latitude is not None and not -90 <= place.latitude <= 90:
        raise InvalidInput("A latitude lies between -90 and 90 degrees.", *field, "latitude")
    if place.longitude is not None and not -180 <= place.longitude <= 180:
        raise InvalidInput("A longitude lies between -180 and 180 degrees.", *field, "longitude")
    return Place(
        city=clean_text(place.city, *field, "city", most=MAX_CITY) if place.city else None,
        country_code=clean_country(place.country_code, *field, "countryCode") if place.country_code else None,
        latitude=place.latitude,
        longitude=place.longitude,
    )
