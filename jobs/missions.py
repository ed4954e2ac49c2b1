"""Later work of missions."""

from __future__ import annotations

from jobs.work import Work


async def verify_mission(work: Work) -> None:
    """Look whether the track was played."""
    raise NotImplementedError


async def close_mission(work: Work) -> None:
    """Do what a mission's clock asks for: nobody accepted, paid, decided or showed anything in time."""
    raise NotImplementedError


async def pin_proof(work: Work) -> None:
    """Have a proof pinned."""
    raise NotImplementedError
