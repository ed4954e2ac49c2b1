"""What people call the thing they sign in with."""

from __future__ import annotations

import re
from typing import Final

from domain.errors import InvalidInput
from domain.texts import clean_text

MAX_DEVICE: Final = 120
UNKNOWN: Final = "Unknown device"

PROGRAMS: Final = (
    (r"\bEdg(?:A|iOS)?/", "Edge"),
    (r"\bOPR/|\bOpera\b", "Opera"),
    (r"\bSamsungBrowser/", "Samsung Internet"),
    (r"\bFirefox/|\bFxiOS/", "Firefox"),
    (r"\bHeadlessChrome/|\bChrom(?:e|ium)/|\bCriOS/", "Chrome"),
    (r"\bVersion/[\d.]+ (?:Mobile/\S+ )?Safari/", "Safari"),
    (r"^([A-Za-z][\w. -]{0,39})/\d", ""),
)
"""Programs by their mark, the most particular first: Edge calls itself Chrome, and Chrome calls itself Safari."""

SYSTEMS: Final = (
    (r"\biPhone\b", "iPhone"),
    (r"\biPad\b", "iPad"),
    (r"\bAndroid\b", "Android"),
    (r"\bWindows\b", "Windows"),
    (r"\bMac OS X\b|\bMacintosh\b|\bDarwin\b", "Mac"),
    (r"\bCrOS\b", "ChromeOS"),
    (r"\bLinux\b", "Linux"),
)


def name_device(user_agent: str | None) -> str:
    """Make a short name such as ``Firefox on Windows`` of a User-Agent header (RFC 9110, 10.1.5)."""
    text = (user_agent or "")[:1000]
    program = _first(PROGRAMS, text)
    system = _first(SYSTEMS, text)
    return " on ".join(part for part in (program, system) if part) or UNKNOWN


def clean_device(text: str | None, otherwise: str, *field: str) -> str:
    """Read the name that an app gives its device; without one, take the other.

    Raises:
        InvalidInput: It is too long or cannot be a name.
    """
    if text is None or not text.strip():
        return otherwise[:MAX_DEVICE]
    if len(text) > 10 * MAX_DEVICE:
        raise InvalidInput(f"A device's name has at most {MAX_DEVICE} characters.", *field)
    return clean_text(text, *field, most=MAX_DEVICE)


def _first(marks: tuple[tuple[str, str], ...], text: str) -> str:
    for pattern, name in marks:
        found = re.search(pattern, text)
        if found:
            return name or found[1]
    return ""
