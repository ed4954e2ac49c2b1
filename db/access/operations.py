"""Who may see how the platform is run: who runs it."""

from __future__ import annotations

from sqlalchemy import ColumnElement

from db.access.viewer import Viewer, operates
from db.tables import AuditEntry, JobRow, ReconciliationCase, User, WebhookEvent


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
