"""Where a request comes from."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from starlette.requests import HTTPConnection

from domain.actors import Caller

BROWSERS: Final = {"Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
SYSTEMS: Final = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "Linux": "Linux",
}
LONGEST: Final = 120
LONGEST_AGENT: Final = 512
MOST_AGENTS: Final = 1024


def caller_of(connection: HTTPConnection, trusted: Sequence[str]) -> Caller:
    """Say where a request comes from.

    Args:
        connection: The request, or a socket's handshake.
        trusted: Networks of proxies whose `X-Forwarded-For` and `X-Client-City` are believed.
    """
    client = connection.client
    address = client.host if client else ""
    city = None
    if _is_trusted(address, trusted):
        city = connection.headers.get("x-client-city")
        forwarded = [part.strip() for part in connection.headers.get("x-forwarded-for", "").split(",") if part.strip()]
        # From the right: each proxy adds whom it was called by; the first that is no proxy of ours is the client.
        address = next((part for part in reversed(forwarded) if not _is_trusted(part, trusted)), address)
    return Caller(address=address, device=_device(connection.headers.get("user-agent", "")[:LONGEST_AGENT]), city=city)


def _is_trusted(address: str, trusted: Sequence[str]) -> bool:
    if not trusted:
        return False
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in ipaddress.ip_network(network) for network in trusted)


@lru_cache(MOST_AGENTS)
def _device(agent: str) -> str:
    """Name a program and its system for people, such as `Firefox on Linux`; an unknown one by its own first word."""
    browser = next((name for mark, name in BROWSERS.items() if mark in agent), None)
    system = next((name for mark, name in SYSTEMS.items() if mark in agent), None)
    if browser and system:
        return f"{browser} on {system}"
    first = "".join(character for character in agent.partition(" ")[0] if character.isprintable())
    return (first or "Unknown device")[:LONGEST]
