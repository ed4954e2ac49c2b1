"""What every field can reach: who asks, the database, the outside world, and what happens live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime

import strawberry

from db.session import Database, Fetch, ReadPlaces, Tx
from domain.actors import Actor, Caller
from domain.errors import Unauthenticated
from domain.ports import Services
from resolvers.accounts import authenticate
from resolvers.broadcasts.presence import Presence
from schema.live import Logs


class Context:
    """One operation's surroundings."""

    def __init__(
        self,
        *,
        database: Database,
        services: Services,
        live: Logs,
        presence: Presence,
        actor: Actor | None,
        caller: Caller,
        origins: Sequence[str] = (),
    ) -> None:
        self.database = database
        self.services = services
        self.live = live
        self.presence = presence
        self.actor = actor
        self.caller = caller
        self.origins = origins
        self._places = ReadPlaces(database)

    @property
    def signed_in(self) -> Actor:
        """Who asks.

        Raises:
            Unauthenticated: Nobody is signed in.
        """
        if self.actor is None:
            raise Unauthenticated("Sign in first: send an access token as `Authorization: Bearer ...`.")
        return self.actor

    @property
    def parameters(self) -> Mapping[str, object]:
        """The values behind `db.access.viewer.Viewer`."""
        if self.actor is None:
            return {"viewer": None, "viewer_roles": []}
        return {"viewer": self.actor.user_id, "viewer_roles": [role.value for role in self.actor.roles]}

    @property
    def expires_at(self) -> datetime | None:
        """When an open subscription must end."""
        return self.actor.expires_at if self.actor else None

    async def revoked(self) -> bool:
        """Whether the right to go on was taken away meanwhile."""
        return self.actor is not None and not await authenticate.still_holds(self.database, self.actor)

    def transaction(self) -> AbstractAsyncContextManager[Tx]:
        """Open the transaction of a deed."""
        return self.database.transaction()

    def read(self) -> AbstractAsyncContextManager[Fetch]:
        """Borrow a connection for a compiled read."""
        return self._places.read()


Info = strawberry.Info[Context, None]
