"""Promises to do something later: the row is the truth, the queue only a doorbell."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Computed, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.row import BIG, Row, enum_column
from domain.jobs import JobKind, JobStatus, Queue


class JobRow(Row):
    """One piece of work. `fence` counts the claims: a worker that lost its lease can no longer record anything."""

    __tablename__ = "jobs"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[JobKind] = mapped_column(enum_column(JobKind))
    key: Mapped[str]
    queue: Mapped[Queue] = mapped_column(enum_column(Queue))
    payload: Mapped[dict[str, Any]]
    status: Mapped[JobStatus] = mapped_column(enum_column(JobStatus), server_default=JobStatus.PENDING.value)
    run_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(BIG, server_default=text("0"))
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    lost_leases: Mapped[int] = mapped_column(server_default=text("0"))
    last_error: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    subject_type: Mapped[str | None] = mapped_column(Computed("job_subject_type(payload)", persisted=True))
    subject_id: Mapped[UUID | None] = mapped_column(Computed("job_subject_id(payload)", persisted=True))
    __table_args__ = (
        UniqueConstraint("kind", "key"),
        Index("ix_jobs_due", "run_at", postgresql_where=text("status = 'PENDING'")),
        Index("ix_jobs_leased", "lease_until", postgresql_where=text("status = 'RUNNING'")),
        Index("ix_jobs_finished", "finished_at", postgresql_where=text("status = 'DONE'")),
        Index("ix_jobs_created", "created_at", "id"),
        Index("ix_jobs_parked", "created_at", "id", postgresql_where=text("status = 'PARKED'")),
    )
