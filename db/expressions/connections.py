"""What fields about accounts elsewhere compute in SQL."""

from __future__ import annotations

from sqlalchemy import ColumnElement

from db.tables import ConnectedAccount
from domain.connections import AccountStatus


def is_present(account: type[ConnectedAccount]) -> ColumnElement[bool]:
    """Whether the person has it still: connected, or to be connected again."""
    return account.status != AccountStatus.DISCONNECTED
