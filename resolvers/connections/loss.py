"""A provider takes our tokens no more: only the person can help, and is told once."""

from __future__ import annotations

from uuid import UUID

from db.queries import connections, history, notifications
from db.session import Tx
from domain.connections import PROVIDER_NAMES, AccountProvider, AccountStatus
from domain.notifications import NotificationKind, SubjectType
from resolvers.notifications import notify


async def lose(
    tx: Tx,
    account_id: UUID,
    provider: AccountProvider,
    *,
    fence: int | None = None,
    generation: int | None = None,
) -> bool:
    """Let an account wait for its person, and tell them. Asked twice, the second changes nothing and tells nobody.

    Args:
        tx: The transaction.
        account_id: Which account.
        provider: Where it is.
        fence: Only for who has the claim to renew it.
        generation: Only when these are still its tokens.

    Returns:
        Whether it was lost now.
    """
    user_id = await connections.lose(tx.session, account_id, fence=fence, generation=generation)
    if user_id is None:
        return False
    before, after = AccountStatus.CONNECTED, AccountStatus.NEEDS_RECONNECT
    subject = (SubjectType.CONNECTED_ACCOUNT, account_id)
    await history.note(tx.session, subject, before=before, after=after, by=None, reason="ACCESS_ENDED")
    name = PROVIDER_NAMES[provider]
    # News is told once for each thing that it is about; that of an earlier loss makes room for this one.
    await notifications.take_back(tx.session, user_id, NotificationKind.ACCOUNT_NEEDS_RECONNECT, account_id)
    await notify(
        tx,
        recipients=[user_id],
        kind=NotificationKind.ACCOUNT_NEEDS_RECONNECT,
        title=f"Connect {name} again",
        body=f"{name} no longer lets us in. Connect your account again to go on.",
        subject_type=SubjectType.CONNECTED_ACCOUNT,
        subject_id=account_id,
    )
    return True
