"""Who may see how the platform is run: who runs it."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func, literal

from db.access.viewer import Viewer
from db.tables import AuditEntry, JobRow, ReconciliationCase, User, WebhookEvent
from domain.accounts import Role


def operates(viewer: Viewer) -> ColumnElement[bool]:
    """Whether the viewer runs the platform."""
    return literal(Role.OPERATOR.value) == func.any(viewer.roles)


def job(row: type[JobRow], viewer: Viewer) -> ColumnElement[bool]:
    """Only who runs the platform."""
    return operates(viewer)


def audit_entry(row: type[AuditEntry], viewer: Viewer) -> ColumnElement[bool]:
    """Only who runs the platform."""
    return operates(viewer)


def webhook_event(row: type[WebhookEvent], viewer: Viewer) -> ColumnElement[bool]:
    """Only who runs the platform."""
    return operates(viewer)


def reconciliation_case(row: type[ReconciliationCase], viewer: Viewer) -> ColumnElement[bool]:
    """Only who runs the platform."""
    return operates(viewer)


def access_of(row: type[User], viewer: Viewer) -> ColumnElement[bool]:
    """What is decided about somebody: only who runs the platform."""
    return operates(viewer)
