"""The people of the demo, whom a visitor may sign in as."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

MAIL_DOMAIN: Final = "demo.example"
"""Everybody of the demo has an address here (RFC 2606 keeps .example from ever being real); nobody else can be signed in as."""

DEVICE: Final = "Explorer"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the demo.

    Attributes:
        username: What identifies the person.
        display_name: What the picker shows.
        about: A few words on what the person is there for, such as "Curator, live now".
    """

    username: str
    display_name: str
    about: str


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and the moment, in UTC, when it ends."""

    access_token: str
    expires_at: datetime
