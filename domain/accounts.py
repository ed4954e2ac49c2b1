"""People: names, roles, sessions, and what is allowed in them."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import Final

from domain.errors import InvalidInput

ACCESS_TOKEN_MINUTES: Final = 10
REFRESH_TOKEN_DAYS: Final = 60
CODE_MINUTES: Final = 10
CODE_DIGITS: Final = 6
CODE_ATTEMPTS: Final = 5
USERNAME_KEPT_DAYS: Final = 30
"""How long a name that was given up stays with the person who had it, so that nobody can pose as them at once."""

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
    """Where an address is reached."""

    EMAIL = "EMAIL"
    SMS = "SMS"


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
    if name in RESERVED:
        raise InvalidInput("This username is kept for the platform itself.", *field)
    return name
