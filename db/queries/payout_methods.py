"""Where people are paid: adding, verifying, choosing and removing."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Identity, Payout, PayoutMethod
from domain.accounts import Channel
from domain.payouts import ENDED, PayoutMethodKind, Standing


def _theirs(user_id: UUID) -> list[ColumnElement[bool]]:
    return [PayoutMethod.user_id == user_id, PayoutMethod.removed_at.is_(None)]


async def keep_apart(session: AsyncSession, user_id: UUID) -> None:
    """Let nobody else change where this person is paid, until the commit."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"payout_methods:{user_id}", 1))))


async def list_own(session: AsyncSession, user_id: UUID) -> Sequence[PayoutMethod]:
    """All of somebody's that they have not removed, the oldest first."""
    statement = select(PayoutMethod).where(*_theirs(user_id)).order_by(PayoutMethod.added_at, PayoutMethod.id)
    return (await session.scalars(statement.execution_options(populate_existing=True))).all()


async def count_kind(session: AsyncSession, user_id: UUID, kind: PayoutMethodKind) -> int:
    """How many of a kind somebody ever had."""
    statement = select(func.count()).where(PayoutMethod.user_id == user_id, PayoutMethod.kind == kind)
    return (await session.execute(statement)).scalar_one()


async def find(session: AsyncSession, method_id: UUID) -> PayoutMethod | None:
    """One, removed or not."""
    return await session.get(PayoutMethod, method_id)


async def find_own(
    session: AsyncSession, user_id: UUID, method_id: UUID | None, *, alone: bool = False
) -> PayoutMethod | None:
    """One of somebody's that is there, or their default; it stays until the commit.

    Args:
        session: The deed's.
        user_id: Whose.
        method_id: Which one; None for the default.
        alone: Whether nobody else may rely on it meanwhile.
    """
    which = PayoutMethod.is_default if method_id is None else PayoutMethod.id == method_id
    statement = select(PayoutMethod).where(*_theirs(user_id), which).with_for_update(read=not alone)
    return (await session.execute(statement)).scalar_one_or_none()


async def owns_address(session: AsyncSession, user_id: UUID, address: str) -> bool:
    """Whether somebody has proved that an e-mail address or telephone number is theirs."""
    statement = select(Identity.id).where(
        Identity.user_id == user_id,
        Identity.channel.in_([Channel.EMAIL, Channel.SMS]),
        func.lower(Identity.address) == address,
        Identity.verified_at.is_not(None),
    )
    return (await session.execute(statement.limit(1))).scalar_one_or_none() is not None


async def add_by_hand(
    session: AsyncSession,
    method_id: UUID,
    user_id: UUID,
    kind: PayoutMethodKind,
    *,
    label: str,
    sealed: bytes,
    handle_hash: bytes,
    verified: bool,
    is_default: bool,
) -> None:
    """Write one that people pay by hand."""
    await session.execute(
        insert(PayoutMethod).values(
            id=method_id,
            user_id=user_id,
            kind=kind,
            label=label,
            sealed_handle=sealed,
            handle_hash=handle_hash,
            verified=verified,
            is_default=is_default,
        )
    )


async def add_account(
    session: AsyncSession, method_id: UUID, user_id: UUID, *, label: str, standing: Standing, is_default: bool
) -> None:
    """Write an account at Stripe, unless it is written already."""
    statement = upsert(PayoutMethod).values(
        id=method_id,
        user_id=user_id,
        kind=PayoutMethodKind.STRIPE,
        label=label,
        account=standing.address,
        is_default=is_default,
        **_facts(standing),
    )
    await session.execute(statement.on_conflict_do_nothing())


def _facts(standing: Standing) -> dict[str, object]:
    return {
        "verified": standing.verified,
        "submitted": standing.submitted,
        "requirements_due": list(standing.requirements_due),
        "disabled_reason": standing.disabled_reason,
    }


async def note_standing(session: AsyncSession, standing: Standing) -> bool:
    """Write how an account stands; False when it is nobody's."""
    statement = update(PayoutMethod).where(PayoutMethod.account == standing.address).values(**_facts(standing))
    return (await session.execute(statement.returning(PayoutMethod.id))).scalar_one_or_none() is not None


async def distrust(session: AsyncSession, method_id: UUID, reason: str) -> None:
    """Let nothing more be sent to an account that the vendor does not send to, until it is well again."""
    statement = update(PayoutMethod).where(PayoutMethod.id == method_id).values(verified=False, disabled_reason=reason)
    await session.execute(statement)


async def verify(session: AsyncSession, method_id: UUID, by: UUID) -> bool:
    """Note that an operator has seen that one paid by hand is right; False when it is there no more."""
    statement = (
        update(PayoutMethod)
        .where(
            PayoutMethod.id == method_id,
            PayoutMethod.removed_at.is_(None),
            PayoutMethod.kind != PayoutMethodKind.STRIPE,
        )
        .values(verified=True, verified_by_id=func.coalesce(PayoutMethod.verified_by_id, by).label("verified_by_id"))
        .returning(PayoutMethod.id)
    )
    return (await session.execute(statement)).scalar_one_or_none() is not None


async def make_default(session: AsyncSession, user_id: UUID, method_id: UUID) -> None:
    """Let one be the default in the place of another."""
    for is_default, which in ((False, PayoutMethod.id != method_id), (True, PayoutMethod.id == method_id)):
        statement = update(PayoutMethod).where(*_theirs(user_id), which).values(is_default=is_default)
        await session.execute(statement.execution_options(synchronize_session=False))


async def is_in_use(session: AsyncSession, method_id: UUID) -> bool:
    """Whether money is on its way by this method."""
    statement = select(Payout.id).where(Payout.method_id == method_id, Payout.status.not_in(ENDED)).limit(1)
    return (await session.execute(statement)).scalar_one_or_none() is not None


async def remove(session: AsyncSession, method_id: UUID) -> None:
    """Take one away, with its address."""
    statement = (
        update(PayoutMethod)
        .where(PayoutMethod.id == method_id)
        .values(removed_at=func.now(), is_default=False, sealed_handle=None)
    )
    await session.execute(statement)
