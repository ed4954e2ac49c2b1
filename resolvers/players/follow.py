"""A room follows its curator's player elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from db.queries import jobs, players
from db.session import Tx
from domain.jobs import Job, JobKind, Queue
from domain.players import HASTEN_SECONDS


@dataclass(frozen=True)
class Following:
    """Which room follows which connection of which account: one job each, whoever asks for it how often."""

    broadcast_id: UUID
    account_id: UUID
    connections: int

    @classmethod
    def read(cls, payload: Mapping[str, Any]) -> Following:
        """Read it from a job."""
        return cls(UUID(payload["broadcastId"]), UUID(payload["accountId"]), payload["connections"])

    @property
    def job(self) -> Job:
        """The job that asks the player what plays, again and again."""
        payload = {
            "broadcastId": str(self.broadcast_id),
            "accountId": str(self.account_id),
            "connections": self.connections,
        }
        key = f"{self.broadcast_id}:{self.account_id}:{self.connections}"
        return Job(JobKind.POLL_PLAYER, key, payload, queue=Queue.PLAYERS)


async def follow_player(tx: Tx, user_id: UUID) -> None:
    """Let the room that somebody has on air follow their player, if they have both and want it; twice begins once.

    Called when a room opens and when an account is connected, with that row written in the same transaction.
    """
    found = await players.find_to_follow(tx.session, user_id)
    if found is None:
        return
    following = Following(*found)
    job_id = await tx.later(following.job)
    if job_id is not None:
        await players.follow(tx.session, *found, job_id)


async def hasten(tx: Tx, broadcast_id: UUID) -> None:
    """Look at a room's player now, because somebody has begun to listen or the account has ended; not if that is soon anyway."""
    job_id = await players.find_job(tx.session, broadcast_id)
    if job_id is None:
        return
    queue = await jobs.hasten(tx.session, job_id, unless_within=HASTEN_SECONDS)
    if queue is not None:
        tx.ring(queue, job_id)
