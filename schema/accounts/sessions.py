"""Where somebody is signed in: going on with it, and ending it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import strawberry

from db import tables
from db.access.accounts import own
from db.access.viewer import Viewer
from db.expressions.accounts import is_open
from domain.errors import InvalidInput
from domain.ids import Prefix, from_wire, to_wire
from engine.declare import Node, Where, column, entity, finished
from engine.executor import ref
from resolvers.accounts import sessions
from schema.accounts.user import User
from schema.context import Context, Info
from schema.deeds import Payload, deed


@entity(tables.Session, id=Prefix.SESSION, visible=own)
class Session(Node):
    """Somewhere you are signed in."""

    device: str = column("What you signed in with, such as `Firefox on Windows`.")
    city: str | None = column("Where that was, where it is known.")
    created_at: datetime = column("When you signed in.")
    last_seen_at: datetime = column("When it was last used, to within a minute.")

    @finished(tables.Session.id)
    def current(session_id: UUID, context: Context) -> bool:
        """Whether it is the one that asks."""
        return context.actor is not None and context.actor.session_id == session_id


def going_on(session: type[tables.Session], viewer: Viewer) -> Where:
    """Only sessions that can be gone on with."""
    yield is_open(session)


@strawberry.type(description="A session as it is handed out. Keep the tokens to yourself.")
class IssuedSession:
    """The proof that somebody is signed in."""

    access_token: str = strawberry.field(description="Send it as `Authorization: Bearer ...`; it holds for 10 minutes.")
    refresh_token: str = strawberry.field(
        description="Gets the next pair from `refreshSession`, once, within 60 days. Sent twice, it ends the session."
    )
    expires_at: datetime = strawberry.field(description="Until when the access token holds.")
    user: User = strawberry.field(description="Who is signed in.")

    @staticmethod
    def of(issued: sessions.IssuedSession) -> IssuedSession:
        """Put it into the words of the schema."""
        return IssuedSession(
            access_token=issued.access_token,
            refresh_token=issued.refresh_token,
            expires_at=issued.expires_at,
            user=ref(User, issued.user_id),
        )


@strawberry.input(description="The session to go on with.")
class RefreshSessionInput:
    """The input of `refreshSession`."""

    refresh_token: str = strawberry.field(description="The session's newest refresh token; it is used up by this.")


@strawberry.type(description="The answer to `refreshSession`.")
class RefreshSessionPayload(Payload):
    """The next pair of tokens."""

    session: IssuedSession | None = strawberry.field(default=None, description="The session with its new tokens.")


@strawberry.input(description="Which session to end: the one that asks, unless said otherwise.")
class SignOutInput:
    """The input of `signOut`."""

    refresh_token: str | None = strawberry.field(
        default=None, description="A refresh token of the session; needed when the access token has expired."
    )


@strawberry.type(description="The answer to `signOut`.")
class SignOutPayload(Payload):
    """Nothing but refusals."""


@strawberry.input(description="Which of your sessions to end: one of the two.", one_of=True)
class RevokeSessionsInput:
    """The input of `revokeSessions`."""

    session_ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="These, up to 100."
    )
    all_others: bool | None = strawberry.field(
        default=strawberry.UNSET, description="True: all besides the one that asks."
    )


@strawberry.type(description="The answer to `revokeSessions`.")
class RevokeSessionsPayload(Payload):
    """The sessions that are over."""

    revoked_session_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Their ids.")


@strawberry.type
class SessionMutations:
    """Deeds about sessions."""

    @deed(
        "Get the next pair of tokens; no access token is needed for it, and an expired one must not be sent along. Wait for "
        "the answer: the same refresh token sent twice ends the session."
    )
    async def refresh_session(self, info: Info, input: RefreshSessionInput) -> RefreshSessionPayload:
        """Go on with a session."""
        issued = await sessions.refresh(info.context.database, info.context.services, input.refresh_token)
        return RefreshSessionPayload(session=IssuedSession.of(issued))

    @deed("End a session. Within 5 seconds its access token is refused and its open connections close.")
    async def sign_out(self, info: Info, input: SignOutInput) -> SignOutPayload:
        """End a session."""
        await sessions.sign_out(info.context.database, info.context.actor, input.refresh_token)
        return SignOutPayload()

    @deed("End some of your sessions, or all others.")
    async def revoke_sessions(self, info: Info, input: RevokeSessionsInput) -> RevokeSessionsPayload:
        """End sessions."""
        actor = info.context.signed_in
        async with info.context.transaction() as tx:
            if input.session_ids:
                paths = enumerate(input.session_ids)
                ids = [from_wire(Prefix.SESSION, each, "sessionIds", str(place)) for place, each in paths]
                revoked = await sessions.revoke(tx, actor, ids)
            elif input.all_others:
                revoked = await sessions.revoke_others(tx, actor)
            else:
                raise InvalidInput("Name the sessions to end, or set allOthers to true.")
        return RevokeSessionsPayload(
            revoked_session_ids=[strawberry.ID(to_wire(Prefix.SESSION, each)) for each in revoked]
        )
