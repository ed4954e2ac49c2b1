"""What every field can reach: who asks, the database, the outside world, and what happens live."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Final

import strawberry

from db.session import Database, Fetch, ReadPlaces, Tx
from domain.actors import Actor, Caller
from domain.addresses import network_of
from domain.errors import Unauthenticated
from domain.ports import Services
from resolvers.accounts import authenticate
from resolvers.broadcasts.presence import Presence
from schema.live import Logs


class Context:
    """One operation's surroundings.

    Attributes:
        impersonal: What is the same whoever asks. An event whose execution asks for nothing else is executed once for all
            who follow it, so only what shows nothing of the viewer may be named here.
    """

    impersonal: Final = frozenset({"database", "services", "live", "impersonal"})

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
        over_http: bool = False,
    ) -> None:
        self.database = database
        self.services = services
        self.live = live
        self.presence = presence
        self.actor = actor
        self.caller = caller
        self.origins = origins
        self.over_http = over_http
        self._places: ReadPlaces | None = None

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
    def identity(self) -> Hashable:
        """What two contexts share in which everything is the same."""
        return self.actor, self.caller

    @property
    def payer(self) -> str:
        """Who pays: somebody who is signed in wherever they are, strangers together with all who come from their network."""
        if self.actor is not None:
            return f"user {self.actor.user_id}"
        return f"network {network_of(self.caller.address)}"

    @property
    def expires_at(self) -> datetime | None:
        """When an open subscription must end."""
        return self.actor.expires_at if self.actor else None

    async def revoked(self) -> bool:
        """Whether the right to go on was taken away meanwhile."""
        return self.actor is not None and not await authenticate.still_holds(self.database, self.actor)

    async def revoked_among(self, contexts: Sequence[Context]) -> list[bool]:
        """Whether the right to go on was taken away, for many at once."""
        actors = [context.actor for context in contexts]
        hold = await authenticate.still_hold(self.database, {actor for actor in actors if actor is not None})
        return [actor is not None and actor not in hold for actor in actors]

    def transaction(self) -> AbstractAsyncContextManager[Tx]:
        """Open the transaction of a deed."""
        return self.database.transaction()

    def read(self) -> AbstractAsyncContextManager[Fetch]:
        """Borrow a connection for a compiled read."""
        if self._places is None:
            self._places = self.database.places()
        return self._places.read()


Info = strawberry.Info[Context, None]
