"""Paying everybody who has enough: first the list of who that is, then a payout for each line of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from db.queries import payout_runs
from db.queries.payout_runs import Least
from db.session import Database, Tx
from db.tables import PayoutMethod
from domain.actors import Actor
from domain.errors import Conflict, NotConfigured
from domain.ids import new_id
from domain.jobs import Job, JobKind
from domain.money import Money
from domain.payouts import Road
from domain.ports import Services
from resolvers.idempotency import once
from resolvers.payouts.operators import require_operator
from resolvers.payouts.request import make

LINES_AT_ONCE: Final = 100


async def start(tx: Tx, services: Services, actor: Actor, *, dry_run: bool, key: str | None) -> UUID:
    """Start a run by hand.

    Args:
        tx: The deed's transaction.
        services: The roads and thresholds.
        actor: An operator.
        dry_run: Whether only to see who would be paid.
        key: The same key gives the same run.

    Returns:
        The run's id.

    Raises:
        Forbidden: The actor is no operator.
        IdempotencyMismatch: The key came with something else before.
    """
    require_operator(actor)
    run_id = new_id()
    if key is not None:
        earlier = await once(tx, actor, "runPayouts", key, {"dryRun": dry_run}, answer_id=run_id)
        if earlier is not None:
            return earlier
    await _plan(tx, services, run_id, dry_run=dry_run, by=actor.user_id)
    return run_id


async def start_daily(tx: Tx, services: Services, tick: datetime) -> None:
    """Start the run of a day: a dry one first, whose figures stay to be compared, then the real one."""
    for dry_run in (True, False):
        await _plan(tx, services, new_id(), dry_run=dry_run, by=None)


async def _plan(tx: Tx, services: Services, run_id: UUID, *, dry_run: bool, by: UUID | None) -> None:
    least = [
        Least(road.kind, currency, services.thresholds[currency].automatic)
        for road in services.roads.values()
        if _open(road)
        for currency in road.currencies
    ]
    await payout_runs.plan(tx.session, run_id, least, dry_run=dry_run, by=by)
    if not dry_run:
        await tx.later(Job(JobKind.RUN_PAYOUTS, str(run_id), {"runId": str(run_id)}))


def _open(road: Road) -> bool:
    """Whether this installation can send by a road at all."""
    try:
        if road.sender is not None:
            road.sender.require()
    except NotConfigured:
        return False
    return True


async def pay_lines(
    database: Database, services: Services, payload: Mapping[str, Any], *, seconds: float = 60.0
) -> bool:
    """Make the payouts of a run, each in a transaction of its own, so that whoever goes on begins where this one stopped.

    Args:
        database: Where they are.
        services: The roads and thresholds.
        payload: `runId`.
        seconds: How long to go on at most.

    Returns:
        Whether no line is left; otherwise ask again.
    """
    run_id = UUID(str(payload["runId"]))
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        async with database.session() as session:
            planned = await payout_runs.list_planned(session, run_id, LINES_AT_ONCE)
        if not planned:
            return True
        for line_id in planned:
            async with database.transaction() as tx:
                await _pay_line(tx, services, run_id, line_id)
            if time.monotonic() >= until:
                break
    return False


async def _pay_line(tx: Tx, services: Services, run_id: UUID, line_id: UUID) -> None:
    taken = await payout_runs.take_line(tx.session, line_id)
    if taken is None:
        return
    planned, method = taken
    payout_id, reason = await _make(tx, services, run_id, planned, method)
    await payout_runs.end_line(tx.session, line_id, payout_id=payout_id, reason=reason)


async def _make(
    tx: Tx, services: Services, run_id: UUID, planned: Money, method: PayoutMethod | None
) -> tuple[UUID | None, str | None]:
    """Make the payout of a line; gives its id, or why there is none."""
    if method is None:
        return None, "METHOD_CHANGED"
    # More may have come meanwhile, which waits for the next run; what went is not paid twice.
    available = await payout_runs.read_available(tx.session, method.user_id, planned.currency)
    amount = Money(min(planned.minor, available), planned.currency)
    if amount.minor < services.thresholds[planned.currency].automatic:
        return None, "BALANCE_CHANGED"
    payout_id = new_id()
    try:
        await make(tx, services, payout_id, method, amount, by=None, reason="RUN", run_id=run_id)
    except Conflict:
        # Nothing was written: the money is claimed before anything else.
        return None, "BALANCE_CHANGED"
    return payout_id, None


async def finish(tx: Tx, payload: Mapping[str, Any]) -> None:
    """End a run of which no line is left."""
    await payout_runs.finish(tx.session, UUID(str(payload["runId"])))
