"""Chat in a room: how long, how often."""

from __future__ import annotations

from typing import Final

MAX_TEXT: Final = 500
"""Characters of one message, counted as Unicode code points."""

INTERVAL_SECONDS: Final = 3
"""One message each 3 seconds per person and room; a room may be slower, its curator and moderators are exempt."""

MAX_INTERVAL_SECONDS: Final = 600
MAX_CLIENT_KEY: Final = 64
