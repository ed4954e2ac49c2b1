"""What fields of missions compute in SQL."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Numeric,
    Text,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import array

from db.access.viewer import Viewer, operates
from db.expressions.follows import apart
from db.expressions.money import decimal_text
from db.tables import Mission, MissionEvidence, MissionReview
from domain.fees import ALL_BASIS_POINTS
from domain.missions import MAX_EVIDENCES, RETRIED_WITHIN, MissionAction, MissionStatus, VerificationMethod
from domain.money import EXPONENTS

FAILED = (MissionStatus.VERIFICATION_FAILED, MissionStatus.EXPIRED)


def viewer_actions(mission: type[Mission], viewer: Viewer) -> ColumnElement[list[MissionAction]]:
    """What the viewer may do with a mission next, by the same conditions as the deeds'."""
    curates, runs = mission.curator_id == viewer.id, mission.runner_id == viewer.id
    allowed: dict[MissionAction, ColumnElement[bool]] = {
        MissionAction.PAY: and_(curates, mission.status == MissionStatus.DRAFT),
        MissionAction.ACCEPT: and_(
            mission.status == MissionStatus.OPEN,
            viewer.id.is_not(None),
            mission.curator_id.is_distinct_from(viewer.id),
            func.now() < mission.window_ends_at,
            ~apart(mission.curator_id, viewer.id),
        ),
        MissionAction.CANCEL: and_(curates, may_be_cancelled(mission)),
        MissionAction.WITHDRAW: and_(
            runs, mission.status == MissionStatus.ACCEPTED, func.now() < mission.window_ends_at
        ),
        MissionAction.SUBMIT_EVIDENCE: and_(runs, takes_evidence(mission)),
        MissionAction.REVIEW_EVIDENCE: and_(mission.status == MissionStatus.IN_REVIEW, decides(mission, viewer)),
        MissionAction.APPEAL: and_(runs, may_be_appealed(mission)),
        MissionAction.RETRY_VERIFICATION: and_(runs, may_be_verified_again(mission)),
        MissionAction.RATE: and_(runs, may_be_rated(mission)),
    }
    each: list[Any] = [case((condition, action.value)) for action, condition in allowed.items()]
    return func.array_remove(cast(array(each), ARRAY(Text)), None)


def may_be_cancelled(mission: type[Mission]) -> ColumnElement[bool]:
    """Whether a curator may still call it off: while nobody does it, and until its window begins while somebody does."""
    return or_(
        mission.status.in_([MissionStatus.DRAFT, MissionStatus.OPEN]),
        and_(mission.status == MissionStatus.ACCEPTED, func.now() < mission.window_starts_at),
    )


def takes_evidence(mission: type[Mission]) -> ColumnElement[bool]:
    """Whether evidence is taken: of what people decide once its window has begun, of the rest after it failed; in time."""
    handed_in = (
        select(func.count()).where(MissionEvidence.mission_id == mission.id).correlate(mission).scalar_subquery()
    )
    by_hand = and_(
        mission.status == MissionStatus.ACCEPTED,
        mission.verification_method != VerificationMethod.AUTOMATED,
        func.now() >= mission.window_starts_at,
    )
    standing = or_(by_hand, mission.status == MissionStatus.VERIFICATION_FAILED)
    return and_(standing, func.now() < mission.review_due_at, handed_in < MAX_EVIDENCES)


def decides(mission: type[Mission], viewer: Viewer) -> ColumnElement[bool]:
    """Whether it is the viewer who decides: the curator, or, once operators were asked, one who is no party."""
    no_party = and_(mission.curator_id.is_distinct_from(viewer.id), mission.runner_id.is_distinct_from(viewer.id))
    asked = mission.appealed_at.is_not(None)
    return case((asked, and_(operates(viewer), no_party)), else_=mission.curator_id == viewer.id)


def may_be_appealed(mission: type[Mission]) -> ColumnElement[bool]:
    """Whether its DJ may ask operators to decide: once, after a curator's no, in time."""
    return and_(
        mission.status == MissionStatus.VERIFICATION_FAILED,
        mission.rejected_at.is_not(None),
        mission.appealed_at.is_(None),
        func.now() < mission.review_due_at,
    )


def may_be_verified_again(mission: type[Mission]) -> ColumnElement[bool]:
    """Whether the history may be looked at once more: while that goes on, and of what failed by itself, in time."""
    return and_(
        mission.status.in_([MissionStatus.VERIFYING, MissionStatus.VERIFICATION_FAILED]),
        mission.verification_method == VerificationMethod.AUTOMATED,
        mission.rejected_at.is_(None),
        or_(mission.review_due_at.is_(None), func.now() < mission.review_due_at),
        func.now() < mission.window_ends_at + RETRIED_WITHIN,
    )


def may_be_rated(mission: type[Mission]) -> ColumnElement[bool]:
    """Whether its DJ may say how it went: once, when it is done or failed."""
    rated = exists().where(MissionReview.mission_id == mission.id).correlate(mission)
    return and_(mission.status.in_([MissionStatus.COMPLETED, *FAILED]), mission.runner_id.is_not(None), ~rated)


def payment_text(mission: type[Mission], viewer: Viewer) -> ColumnElement[str]:
    """What the DJ gets: the budget less the platform's fee, which is rounded down as in `domain.fees`."""
    # Numeric: the product of two whole numbers may be more than a bigint holds.
    taken = func.div(cast(mission.amount_minor, Numeric) * mission.fee_basis_points, ALL_BASIS_POINTS, type_=Numeric())
    return decimal_text(mission.amount_minor - taken, mission.currency)


def nothing(mission: type[Mission], viewer: Viewer) -> ColumnElement[str | None]:
    """A text that missions do not have."""
    return cast(null(), Text)


def in_city(mission: type[Mission], city: Any) -> ColumnElement[bool]:
    """Whether it is to be played in a city, in whatever case and accents it is typed."""
    same: ColumnElement[bool] = func.folded(mission.venue_city) == func.folded(func.btrim(cast(city, Text)))
    return same


def says(mission: type[Mission], text: Any) -> ColumnElement[bool]:
    """Whether a text is in a mission's title, or in its track's title or artist."""
    wanted = func.folded(func.btrim(cast(text, Text)))
    whole = func.concat_ws("\n", mission.title, mission.track_title, mission.track_artist)
    return func.strpos(func.folded(whole), wanted) > 0


def pays_at_least(mission: type[Mission], amount: Any) -> ColumnElement[bool]:
    """Whether it pays so much at least, in its own currency; the amount is a decimal as text."""
    of_exponent = [
        (
            mission.currency.in_([each for each, its in EXPONENTS.items() if its == exponent]),
            literal_column(f"{Decimal(1).scaleb(exponent):f}", Numeric),
        )
        for exponent in sorted(set(EXPONENTS.values()))
    ]
    least = cast(cast(amount, Text), Numeric) * case(*of_exponent, else_=literal(100, Numeric))
    return cast(mission.amount_minor, Numeric) >= least
