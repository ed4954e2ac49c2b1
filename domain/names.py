"""Usernames for people who have not chosen one yet."""

from __future__ import annotations

import secrets
from typing import Final

COLORS: Final = (
    "amber azure bronze cobalt copper coral crimson cyan golden indigo ivory jade lilac lunar maroon mellow mint "
    "misty neon olive opal pearl plum ruby rustic sable scarlet silver sunny teal topaz velvet violet"
)
CREATURES: Final = (
    "badger bison cicada condor coyote crane cricket dolphin falcon finch gazelle gecko heron hornet ibis jackal "
    "lemur lynx magpie marten mole osprey otter owl panther pelican puffin raven robin seal stork swift tapir wren"
)


def invent_username(digits: int) -> str:
    """Make a name such as ``amber_otter_42`` that nobody can guess from who somebody is; more digits, fewer clashes."""
    number = secrets.randbelow(9 * 10 ** (digits - 1)) + 10 ** (digits - 1)
    return f"{secrets.choice(COLORS.split())}_{secrets.choice(CREATURES.split())}_{number}"


def invent_display_name(username: str) -> str:
    """Make a name for people of one of ours: ``amber_otter_42`` gives ``Amber Otter``."""
    return " ".join(word.capitalize() for word in username.split("_")[:2])
