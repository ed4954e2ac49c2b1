"""What somebody owes after a refund or a lost dispute is taken back of what Stripe sent them, as far as it lies there.

The promise is a job, made with the debt. It asks how much lies in their accounts, writes a row for each payout of which
some is to come back, and each row is asked for by a job of its own. What cannot be had stays a debt, which the next
earnings pay.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from db.queries import history, ledger, payout_returns
from db.queries.payouts import Found
from db.session import Database, Tx
from domain.ids import new_id
from domain.jobs import Job, JobKind
from domain.money import AccountKind, Currency, Money
from domain.payouts import PayoutMethodKind, Sender
from domain.ports import Services
from domain.returns import ReturnStatus

SUBJECT: Final = "PayoutReturn"


async def promise(tx: Tx, entry_id: UUID, *, because: UUID) -> None:
    """Promise to take back what people owe of an entry by which they were paid.

    Args:
        tx: The transaction that took it from them.
        entry_id: The entry by which they were paid.
        because: The entry that took it from them: for each the promise is made once.
    """
    for account, amount in (await ledger.read_family(tx.session, entry_id)).items():
        if account.kind is AccountKind.RECEIVABLE and amount < 0:
            whose = {"userId": str(account.holder_id), "currency": account.currency.value}
            await tx.later(Job(JobKind.RECOVER_DEBT, f"{because}:{account.holder_id}", whose))


async def promise_after(tx: Tx, payout: Found) -> None:
    """Promise the same when a payout has arrived at somebody who came to owe something while it was on its way."""
    if await payout_returns.read_debt(tx.session, payout.user_id, payout.amount.currency) > 0:
        whose = {"userId": str(payout.user_id), "currency": payout.amount.currency.value}
        await tx.later(Job(JobKind.RECOVER_DEBT, f"payout:{payout.id}:{payout.attempt}", whose))


def sender_of(services: Services) -> Sender:
    """Who takes back: money that went by hand comes back by hand."""
    sender = services.roads[PayoutMethodKind.STRIPE].sender
    assert sender is not None
    return sender


async def read_funds(database: Database, services: Services, payload: Mapping[str, Any]) -> dict[str, int]:
    """Ask how much lies in the accounts of somebody who owes something; no transaction is open meanwhile.

    Args:
        database: Where the debt is.
        services: The road.
        payload: `userId` and `currency`.

    Returns:
        Minor units by the account's name; none when nothing is owed, or nothing went there.

    Raises:
        Unavailable: Stripe does not answer.
        RateLimited: Later.
        NotConfigured: This installation has no account there any more.
    """
    user_id, currency = UUID(str(payload["userId"])), Currency(payload["currency"])
    async with database.session() as session:
        if await payout_returns.read_debt(session, user_id, currency) <= 0:
            return {}
        accounts = await payout_returns.list_accounts(session, user_id, currency)
    sender = sender_of(services)
    return {account: (await sender.funds(account, currency)).minor for account in accounts}


async def plan(tx: Tx, payload: Mapping[str, Any], funds: Mapping[str, int]) -> None:
    """Write down what is to come back of which payout, the latest first, with the promise to ask for it.

    Args:
        tx: The transaction that ends the job.
        payload: As above.
        funds: What lies in each account.
    """
    user_id, currency = UUID(str(payload["userId"])), Currency(payload["currency"])
    for account, there in funds.items():
        if there <= 0:
            continue
        sent = await payout_returns.take_sent(tx.session, user_id, currency, account)
        wanted = min(there, await payout_returns.read_debt(tx.session, user_id, currency))
        for payout in sent:
            part = min(wanted, payout.left)
            if part <= 0:
                break
            wanted -= part
            return_id = new_id()
            await payout_returns.add(tx.session, return_id, payout.id, Money(part, currency))
            after = ReturnStatus.REQUESTED
            await history.note(tx.session, (SUBJECT, return_id), before=None, after=after, by=None, reason="DEBT")
            await tx.later(
                Job(JobKind.TAKE_BACK, str(return_id), {"returnId": str(return_id), "payoutId": str(payout.id)})
            )
