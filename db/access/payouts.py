"""Who may see where people are paid, and what is on its way to them."""

from __future__ import annotations

from sqlalchemy import ColumnElement, or_

from db.access.viewer import Viewer, operates
from db.tables import Payout, PayoutLine, PayoutMethod, PayoutRun


def payout_method(row: type[PayoutMethod], viewer: Viewer) -> ColumnElement[bool]:
    """The person who is paid there, also after it was removed; and operators."""
    return or_(row.user_id == viewer.id, operates(viewer))


def payout(row: type[Payout], viewer: Viewer) -> ColumnElement[bool]:
    """The person whose money it is; and operators."""
    return or_(row.user_id == viewer.id, operates(viewer))


def payout_run(row: type[PayoutRun], viewer: Viewer) -> ColumnElement[bool]:
    """Operators."""
    return operates(viewer)


def payout_line(row: type[PayoutLine], viewer: Viewer) -> ColumnElement[bool]:
    """Operators."""
    return operates(viewer)


def operators(row: type[object], viewer: Viewer) -> ColumnElement[bool]:
    """Only operators, whatever it is."""
    return operates(viewer)


def operators_alone(row: type[object], viewer: Viewer) -> ColumnElement[bool]:
    """The same for another row that is reached from here."""
    return operates(viewer)
