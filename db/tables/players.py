"""Players that rooms follow, services that are left alone for a while, and where tracks are at other services."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.row import Row, enum_column
from domain.connections import AccountProvider


class FollowedPlayer(Row):
    """A room's player elsewhere, for as long as it is asked what plays. A player is followed by one room at a time.

    `track_key` and `playing` are what the player was last known to do, whatever the room shows: what an app said stands
    until they change.
    """

    __tablename__ = "followed_players"

    broadcast_id: Mapped[UUID] = mapped_column(ForeignKey("broadcasts.id"), primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("connected_accounts.id"), unique=True)
    connections: Mapped[int]
    """Which connection of the account this is: reconnecting begins anew."""

    job_id: Mapped[UUID]
    track_key: Mapped[str | None]
    playing: Mapped[bool] = mapped_column(server_default=text("false"))
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    """How often in a row the service did not answer."""


class VendorPause(Row):
    """A service that asked the whole app to wait."""

    __tablename__ = "vendor_pauses"

    provider: Mapped[AccountProvider] = mapped_column(enum_column(AccountProvider), primary_key=True)
    until: Mapped[datetime]


class TrackLink(Row):
    """Where a recording is at a service; without an address it was not there when we looked."""

    __tablename__ = "track_links"

    isrc: Mapped[str] = mapped_column(primary_key=True)
    provider: Mapped[AccountProvider] = mapped_column(enum_column(AccountProvider), primary_key=True)
    url: Mapped[str | None]
    checked_at: Mapped[datetime]
    __table_args__ = (Index("ix_track_links_checked_at", "checked_at"),)
