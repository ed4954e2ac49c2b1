"""Tokens for people's own programs."""

from __future__ import annotations

from datetime import datetime

import strawberry

from db import tables
from db.access.accounts import own
from db.access.viewer import Viewer
from db.queries.api_tokens import holds
from domain.accounts import ApiScope
from domain.ids import Prefix, from_wire, to_wire
from engine.declare import Node, Where, column, entity
from engine.executor import ref
from resolvers.accounts import api_tokens
from schema.context import Info
from schema.deeds import Payload, deed
from schema.words import describe

describe(
    ApiScope,
    "What a program that holds an API token may do. Whatever its scopes, it sees what you see; READ alone is for one that "
    "only looks.",
    READ="Look at what you see.",
    BROADCAST="Open, keep and end your rooms; come into and leave others'.",
    CHAT="Say something, and delete messages that you may delete.",
    FOLLOW="Follow, block and report people.",
    PROFILE="Change your profile, settings, devices and files.",
)


@entity(tables.ApiToken, id=Prefix.API_TOKEN, visible=own)
class ApiToken(Node):
    """A token for one of your programs."""

    name: str = column("What you call it.")
    scopes: list[ApiScope] = column("What it allows.")
    created_at: datetime = column("When it was made.")
    last_used_at: datetime | None = column("When it was last used, to within a minute; null when it never was.")
    expires_at: datetime | None = column("Until when it holds; null when it has no end.")


def holding(token: type[tables.ApiToken], viewer: Viewer) -> Where:
    """Only tokens that hold."""
    yield holds(token)


@strawberry.input(description="A token to make.")
class CreateApiTokenInput:
    """The input of `createApiToken`."""

    name: str = strawberry.field(description="What to call it, up to 80 characters.")
    scopes: list[ApiScope] = strawberry.field(description="What it is to allow; at least one thing.")
    expires_at: datetime | None = strawberry.field(
        default=None, description="Until when; without it, until it is revoked."
    )


@strawberry.type(description="The answer to `createApiToken`.")
class CreateApiTokenPayload(Payload):
    """The token and its secret."""

    api_token: ApiToken | None = strawberry.field(default=None, description="The token.")
    secret: str | None = strawberry.field(
        default=None, description="What the program sends as `Authorization: Bearer ...`. It is shown this once."
    )


@strawberry.input(description="Which token to end.")
class RevokeApiTokenInput:
    """The input of `revokeApiToken`."""

    api_token_id: strawberry.ID = strawberry.field(description="Your token.")


@strawberry.type(description="The answer to `revokeApiToken`.")
class RevokeApiTokenPayload(Payload):
    """The token that is over."""

    revoked_api_token_id: strawberry.ID | None = strawberry.field(default=None, description="Its id.")


@strawberry.type
class ApiTokenMutations:
    """Deeds about API tokens."""

    @deed("Make a token for a program of yours; you can have 20. Only a person can do this, not a program.")
    async def create_api_token(self, info: Info, input: CreateApiTokenInput) -> CreateApiTokenPayload:
        """Make a token."""
        actor = info.context.signed_in
        async with info.context.transaction() as tx:
            token_id, secret = await api_tokens.create(
                tx, actor, name=input.name, scopes=input.scopes, expires_at=input.expires_at
            )
        return CreateApiTokenPayload(api_token=ref(ApiToken, token_id), secret=secret)

    @deed("End a token. Within 5 seconds it is refused everywhere. Doing it twice changes nothing.")
    async def revoke_api_token(self, info: Info, input: RevokeApiTokenInput) -> RevokeApiTokenPayload:
        """End a token."""
        actor = info.context.signed_in
        token_id = from_wire(Prefix.API_TOKEN, input.api_token_id, "apiTokenId")
        async with info.context.transaction() as tx:
            await api_tokens.revoke(tx, actor, token_id)
        return RevokeApiTokenPayload(revoked_api_token_id=strawberry.ID(to_wire(Prefix.API_TOKEN, token_id)))
