"""When the journals are compared."""

from __future__ import annotations

from datetime import datetime

from db.session import Tx
from domain.errors import NotConfigured
from domain.jobs import Job, JobKind
from domain.ports import Services


async def start_daily(tx: Tx, services: Services, tick: datetime) -> None:
    """Promise to compare Stripe's journal with ours, where there is an account at Stripe."""
    try:
        services.payments.require()
    except NotConfigured:
        return
    await tx.later(Job(JobKind.RECONCILE, tick.isoformat()))
