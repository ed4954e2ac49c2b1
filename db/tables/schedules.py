"""What happens by the clock: how far each schedule was looked at, and the ticks that were run."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.row import Row, enum_column
from domain.schedules import ScheduleName


class ScheduleRow(Row):
    """A schedule that some process has seen, and the moment up to which its ticks are behind us."""

    __tablename__ = "schedules"

    name: Mapped[ScheduleName] = mapped_column(enum_column(ScheduleName), primary_key=True)
    looked_until: Mapped[datetime]


class ScheduleTick(Row):
    """One run of a schedule. The key is the law: a tick is run once, whoever comes to it."""

    __tablename__ = "schedule_ticks"

    name: Mapped[ScheduleName] = mapped_column(
        enum_column(ScheduleName), ForeignKey("schedules.name"), primary_key=True
    )
    tick: Mapped[datetime] = mapped_column(primary_key=True)
    skipped: Mapped[int] = mapped_column(server_default=text("0"))
    """How many ticks before it were missed and left out, because nobody was there."""

    run_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
