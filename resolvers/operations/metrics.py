"""How the platform does, for who runs it."""

from __future__ import annotations

from datetime import date

from db.queries import metrics, reports
from db.queries.metrics import Metrics
from db.queries.reports import Report
from db.session import Database
from domain.accounts import Role
from domain.actors import Actor
from domain.wallet import check_period


async def read_metrics(
    database: Database, actor: Actor | None, first: date, last: date
) -> tuple[Report, Metrics] | None:
    """Add up missions and everything else over some days, both included; None for all but operators.

    Raises:
        InvalidInput: The days end before they begin, or are more than a year.
    """
    if actor is None or Role.OPERATOR not in actor.roles:
        return None
    period = check_period(first, last)
    async with database.session() as session:
        return await reports.add_up(session, period), await metrics.read(session, *reports.bounds(period))
