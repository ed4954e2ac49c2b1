"""Reading the vendor's journal, a stretch at a time."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Final

from db.queries import reconciliation
from db.session import Database
from domain.checkouts import PaymentVendor
from domain.ports import Services
from domain.reconciliation import OVERLAP, READ_SECONDS, WINDOW

BEFORE: Final = timedelta(days=30)
"""How far back a journal is read of which we have booked nothing."""


async def read(database: Database, services: Services, until: datetime) -> bool:
    """Read Stripe's journal from where it was read last, and keep what is there; no transaction is open meanwhile.

    Returns:
        Whether it is read as far as was asked; otherwise there is more than one job's time allows.

    Raises:
        Unavailable: Stripe does not answer; what was read before is kept.
        NotConfigured: This installation has no account there.
    """
    vendor, stop = PaymentVendor.STRIPE, time.monotonic() + READ_SECONDS
    since = await _begin(database, vendor, until)
    while since < until:
        end = min(since + WINDOW, until)
        movements = [movement async for movement in services.payments.journal(since, end)]
        async with database.transaction() as tx:
            await reconciliation.keep(tx.session, vendor, movements, end)
        since = end
        if time.monotonic() > stop:
            break
    return since >= until


async def _begin(database: Database, vendor: PaymentVendor, until: datetime) -> datetime:
    async with database.session() as session:
        read_until = await reconciliation.find_read_until(session, vendor)
        if read_until is not None:
            return read_until - OVERLAP
        first = await reconciliation.find_beginning(session, vendor)
    return min(first or until, until) - BEFORE
