"""Later work of checkouts, payment links and refunds."""

from __future__ import annotations

from uuid import UUID

from domain.errors import RateLimited, Unavailable
from domain.payments import PaymentRefused
from jobs.work import Work
from resolvers.checkouts import follow
from resolvers.payment_links.follow import bring_in_line
from resolvers.payments import send_refund as refunds

SILENT_SECONDS = 30.0
"""How long to leave a vendor alone that does not answer: that is no failure of the job."""


async def follow_checkout(work: Work) -> None:
    """See a checkout to its end."""
    seconds = await follow.follow(work.database, work.services, work.payload)
    if seconds is not None:
        async with work.finish() as tx:
            await work.again(tx, max(seconds, 0.0))


async def follow_payment_link(work: Work) -> None:
    """Keep a link at its vendor as our row says."""
    try:
        await bring_in_line(work.database, work.services, UUID(work.payload["linkId"]))
    except PaymentRefused:
        # It is noted, and whoever asks for the link sees it.
        return
    except (Unavailable, RateLimited) as silence:
        async with work.finish() as tx:
            await work.again(tx, max(SILENT_SECONDS, silence.retry_after_seconds or 0.0))


async def send_refund(work: Work) -> None:
    """Have money given back."""
    try:
        seconds = await refunds.send_refund(work.database, work.services, UUID(work.payload["refundId"]))
    except (Unavailable, RateLimited) as silence:
        seconds = max(SILENT_SECONDS, silence.retry_after_seconds or 0.0)
    if seconds is not None:
        async with work.finish() as tx:
            await work.again(tx, seconds)
