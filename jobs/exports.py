"""Later work of exports."""

from __future__ import annotations

from jobs.work import Work


async def make_export(work: Work) -> None:
    """Make the file."""
    raise NotImplementedError
