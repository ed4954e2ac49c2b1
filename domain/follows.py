"""Finding people: what counts when somebody is suggested."""

from __future__ import annotations

from typing import Final

GENRE_POINTS: Final = 2
"""For each genre that both like, up to five."""

FRIEND_POINTS: Final = 1
"""For each person whom one follows and who follows them, up to five."""

ON_AIR_POINTS: Final = 3
"""For being on air now."""

COUNTED: Final = 5
"""More genres or friends than this count no more: a well-known name is not everything."""

MAX_SUGGESTED: Final = 100
"""How many suggestions can be asked for at once."""
