"""What fields about payouts compute in SQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ARRAY, ColumnElement, LargeBinary, Text, and_, case, cast, func, literal, null, or_, select
from sqlalchemy.dialects.postgresql import array

from db.access.viewer import Viewer, operates
from db.expressions.money import decimal_text
from db.tables import Payout, PayoutMethod
from domain.payouts import ROAD_NAMES, PayoutAction, PayoutMethodKind, PayoutStatus

BY_HAND = (PayoutStatus.AWAITING_OPERATOR, PayoutStatus.AWAITING_CONFIRMATION)


def viewer_actions(payout: type[Payout], viewer: Viewer) -> ColumnElement[list[PayoutAction]]:
    """What the viewer may do with a payout next, by the same conditions as the deeds'."""
    failed = payout.status == PayoutStatus.FAILED
    claimed_paid = and_(
        payout.status == PayoutStatus.AWAITING_CONFIRMATION, payout.paid_by_id.is_distinct_from(viewer.id)
    )
    unsent = payout.status.in_([PayoutStatus.REQUESTED, PayoutStatus.AWAITING_OPERATOR])
    allowed: dict[PayoutAction, ColumnElement[bool]] = {
        PayoutAction.RETRY: or_(failed, claimed_paid),
        PayoutAction.CANCEL: unsent,
        PayoutAction.SETTLE: payout.status == PayoutStatus.AWAITING_OPERATOR,
        PayoutAction.CONFIRM: claimed_paid,
    }
    may = and_(operates(viewer), payout.user_id.is_distinct_from(viewer.id))
    each: list[Any] = [case((and_(may, condition), action.value)) for action, condition in allowed.items()]
    return _without_nulls(each)


def _without_nulls(each: list[Any]) -> ColumnElement[Any]:
    return func.array_remove(cast(array(each), ARRAY(Text)), None)


def sealed_address(payout: type[Payout], viewer: Viewer) -> ColumnElement[bytes | None]:
    """Where to pay by hand, sealed, for operators while it waits for them."""
    sealed = select(PayoutMethod.sealed_handle).where(PayoutMethod.id == payout.method_id).correlate(payout)
    waits = and_(operates(viewer), payout.status.in_(BY_HAND))
    return case((waits, sealed.scalar_subquery()), else_=cast(null(), LargeBinary))


def what_to_pay(payout: type[Payout], viewer: Viewer) -> ColumnElement[str]:
    """What arrives and by which road, such as ``48.75 USD by Zelle``."""
    name = case({kind.value: name for kind, name in ROAD_NAMES.items()}, value=cast(PayoutMethod.kind, Text))
    road = select(name).where(PayoutMethod.id == payout.method_id).correlate(payout).scalar_subquery()
    arrives = decimal_text(payout.amount_minor - payout.fee_minor, payout.currency)
    return arrives + literal(" ") + cast(payout.currency, Text) + literal(" by ") + road


def sealed_handle(method: type[PayoutMethod], viewer: Viewer) -> ColumnElement[bytes | None]:
    """An address that is paid by hand, sealed, for operators."""
    return case((operates(viewer), method.sealed_handle), else_=cast(null(), LargeBinary))


def is_present(method: type[PayoutMethod]) -> ColumnElement[bool]:
    """Whether it was not removed."""
    return method.removed_at.is_(None)


def waits_for_look(method: type[PayoutMethod]) -> ColumnElement[bool]:
    """Whether an operator has to look at it."""
    return and_(is_present(method), ~method.verified, method.kind != PayoutMethodKind.STRIPE)


def waits_for_people(payout: type[Payout]) -> ColumnElement[bool]:
    """Whether it waits for a person to pay it, or to say that it was paid."""
    return payout.status.in_(BY_HAND)
