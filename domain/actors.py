"""Who is asking."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.accounts import ApiScope, Role
from domain.errors import Forbidden


@dataclass(frozen=True)
class Actor:
    """Somebody who is signed in, or a program of theirs.

    Attributes:
        user_id: Who it is.
        roles: What they do here.
        session_id: The session, for a person.
        api_token_id: The API token, for a program.
        scopes: What a program may do; None for a person, who may do everything that is theirs.
        expires_at: Until when the proof holds; None for an API token without an end.
    """

    user_id: UUID
    roles: frozenset[Role]
    session_id: UUID | None = None
    api_token_id: UUID | None = None
    scopes: frozenset[ApiScope] | None = None
    expires_at: datetime | None = None

    def require_person(self) -> UUID:
        """The session's id of a person.

        Raises:
            Forbidden: A program asked for what only a person may do, such as making tokens.
        """
        if self.session_id is None:
            raise Forbidden("Only a person who is signed in can do this, not an API token.")
        return self.session_id

    def require_scope(self, scope: ApiScope) -> None:
        """Check that a program may do such things.

        Raises:
            Forbidden: Its token has no such scope.
        """
        if self.scopes is not None and scope not in self.scopes:
            raise Forbidden(f"This API token lacks the scope {scope.value}.")


@dataclass(frozen=True)
class Caller:
    """Where a request comes from, for limits and for the list of sessions.

    Attributes:
        address: The network address, behind trusted proxies the one they name.
        device: A short name of program and system, for people.
        city: Where the address is, if a trusted proxy says so.
    """

    address: str
    device: str
    city: str | None = None
