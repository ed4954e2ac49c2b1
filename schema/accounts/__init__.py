"""People, as clients see them: profiles, sessions, their programs and devices."""

from __future__ import annotations

from strawberry.tools import merge_types

from schema.accounts.devices import DeviceMutations
from schema.accounts.profile import ProfileMutations
from schema.accounts.programs import ApiTokenMutations
from schema.accounts.sessions import SessionMutations
from schema.accounts.user import User
from schema.accounts.viewer import AccountReads

__all__ = ["AccountMutations", "AccountReads", "User"]

AccountMutations = merge_types(
    "AccountMutations", (SessionMutations, ProfileMutations, ApiTokenMutations, DeviceMutations)
)
