"""What the operators' desk shows, as SQL."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, Text, case, cast, func, literal, null, or_

from db.access.viewer import Viewer
from db.tables import JobRow, User, WebhookEvent
from domain.jobs import JobStatus


def queue(job: type[JobRow], viewer: Viewer) -> ColumnElement[Any]:
    """A queue under its name for clients."""
    return func.upper(cast(job.queue, Text))


def attempts(job: type[JobRow], viewer: Viewer) -> ColumnElement[int]:
    """How often a job was tried since it last came to an end: its failures, and the try that is under way or was the last."""
    latest = case((job.status == JobStatus.PENDING, literal(0, Integer)), else_=literal(1, Integer))
    return job.failures + latest


def next_attempt_at(job: type[JobRow], viewer: Viewer) -> ColumnElement[datetime | None]:
    """When a job that waits is tried next; null when it does not wait."""
    return case((job.status == JobStatus.PENDING, job.run_at), else_=null())


def is_called(column: Any, name: Any) -> ColumnElement[bool]:
    """Whether a column of words has one that a client wrote, whatever it is."""
    same: ColumnElement[bool] = cast(column, Text) == name
    return same


def named(user: type[User], query: Any) -> ColumnElement[bool]:
    """People whose username begins so, in any case, with or without an @, or whose name contains it."""
    word = func.ltrim(cast(query, Text), "@")
    return or_(
        func.starts_with(user.username, func.lower(word)),
        func.strpos(func.lower(user.display_name), func.lower(word)) > 0,
    )


def shown_payload(event: type[WebhookEvent], viewer: Viewer) -> ColumnElement[str]:
    """What was sent, with the secrets in it that would let a browser pay or look like the payer struck out."""
    secret = literal(r'("client_secret"\s*:\s*)"[^"]*"')
    return func.regexp_replace(event.payload, secret, literal(r'\1"(secret)"'), literal("g"))


def has_role(user: type[User], role: str) -> ColumnElement[bool]:
    """Whether somebody has a role."""
    return literal(role) == func.any(user.roles)
