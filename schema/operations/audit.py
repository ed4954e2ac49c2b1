"""What was done, by whom."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from db import tables
from db.access import operations as access
from db.access.viewer import Viewer
from db.expressions import operations as expressions
from domain.ids import Prefix
from domain.operations import AuditAction
from engine.declare import Connection, Node, Where, column, entity, many, one, one_of, reads
from schema.words import describe

if TYPE_CHECKING:
    from schema.accounts.user import User

describe(
    AuditAction,
    "What was done.",
    STATUS_CHANGED="Something went from one status to another.",
    JOB_RETRIED="An operator let a parked job be tried again.",
    BALANCE_ADJUSTED="An operator changed what somebody has.",
    ENTRY_REVERSED="An operator took a movement of money back.",
    ROLE_GRANTED="Somebody was given a role.",
    ROLE_TAKEN="A role was taken from somebody.",
    SUSPENDED="Somebody was kept out.",
    REINSTATED="Somebody was let in again.",
    VERIFIED="Somebody was given the verified badge.",
    UNVERIFIED="The verified badge was taken from somebody.",
)


@entity(tables.AuditEntry, id=Prefix.AUDIT_ENTRY, visible=access.audit_entry)
class AuditEntry(Node):
    """One line of the audit log, which nobody can change. Only operators see it."""

    action: AuditAction = column("What was done.")
    occurred_at: datetime = column("When.")
    detail: str = column("More about it, such as from which status to which, and why.")
    actor: User | None = one("Who did it; null for the platform itself.", tables.AuditEntry.actor_id)
    subject: Node | None = one_of(
        "What it was done to; null where that is nothing that you may see.",
        tables.AuditEntry.subject_type,
        tables.AuditEntry.subject_id,
    )


@strawberry.input(description="Which lines to show; all conditions must hold.")
class AuditFilter:
    """The filter of `auditLog`."""

    action: AuditAction | None = strawberry.field(default=None, description="Only such.")
    actor_id: strawberry.ID | None = strawberry.field(default=None, description="Only what this person did.")
    subject_id: strawberry.ID | None = strawberry.field(default=None, description="Only what was done to this.")
    from_: datetime | None = strawberry.field(
        name="from", default=None, description="Only what was done at this moment or later."
    )
    to: datetime | None = strawberry.field(default=None, description="Only what was done before this moment.")


def chosen(
    line: type[tables.AuditEntry],
    viewer: Viewer,
    filter: Annotated[AuditFilter | None, strawberry.argument(description="Which lines.")] = None,
) -> Where:
    """What the filter says."""
    if filter is None:
        return
    if filter.action is not None:
        yield expressions.is_called(line.action, filter.action.value)
    if filter.actor_id is not None:
        yield line.actor_id == filter.actor_id
    if filter.subject_id is not None:
        yield line.subject_id == filter.subject_id
    if filter.from_ is not None:
        yield line.occurred_at >= filter.from_
    if filter.to is not None:
        yield line.occurred_at < filter.to


@reads
class AuditReads:
    """Reads of the audit log."""

    audit_log: Connection[AuditEntry] = many(
        "What was done, the latest first: moves of status and operators' deeds. Only operators see any.",
        tables.AuditEntry,
        order=tables.AuditEntry.occurred_at.desc(),
        where=chosen,
    )
