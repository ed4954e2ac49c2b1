"""What goes back to a client, whatever road it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back to the client.

    Attributes:
        payload: ``data`` and ``errors``; without ``data`` when nothing was run.
        status: The HTTP status that says the same: 200 run, 400 refused, 429 too much, 500 our fault, 504 stopped at its deadline.
        headers: HTTP headers that belong to the status.
        malformed: Whether it was no GraphQL request at all.
    """

    payload: dict[str, Any]
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    malformed: bool = False
