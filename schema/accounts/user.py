"""A person, as everybody sees them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry
from sqlalchemy import ColumnElement, func

from db import tables
from db.access import operations
from db.access.viewer import Viewer
from db.expressions import accounts, follows
from domain.accounts import Role
from domain.broadcasts import BroadcastStatus
from domain.ids import Prefix
from engine.declare import (
    SQL,
    Connection,
    Where,
    column,
    computed,
    edge,
    embedded,
    entity,
    finished,
    many,
    one,
    part,
    private,
)
from schema.context import Context
from schema.subjects import NotificationSubject
from schema.words import describe

if TYPE_CHECKING:
    from schema.broadcasts.types import Broadcast

describe(
    Role,
    "What somebody does here. A person can have several.",
    LISTENER="Listens; everybody does.",
    CURATOR="Runs live rooms; whoever opened one is a curator.",
    DJ="Plays to an audience.",
    PRODUCER="Makes beats and tracks.",
    ARTIST="Performs and releases.",
    ENGINEER="Records, mixes or masters.",
    STUDIO="Lets rooms and equipment.",
    PUBLISHER="Looks after the rights of songs.",
    STATION="Broadcasts on the radio.",
    LABEL="Releases the music of artists.",
    MODERATOR="Keeps order on the whole platform.",
    OPERATOR="Runs the platform.",
)


@part
class Location:
    """Where somebody is, as far as they say it."""

    city: str | None = strawberry.field(description="The city's name.")
    country_code: str | None = strawberry.field(description="The country's two letters (ISO 3166-1).")
    latitude: float | None = strawberry.field(description="Degrees north (WGS 84), together with `longitude`.")
    longitude: float | None = strawberry.field(description="Degrees east (WGS 84).")


@edge(tables.Follow)
class FollowerEdge:
    """Somebody who follows, and since when."""

    followed_at: datetime = column("When they began to follow.")


@edge(tables.Follow)
class FollowingEdge:
    """Somebody who is followed, and since when."""

    followed_at: datetime = column("When it began.")


def on_air(room: type[tables.Broadcast]) -> ColumnElement[bool]:
    """Only a room that is on air, of which a person has one at most."""
    return room.status == BroadcastStatus.LIVE


@entity(tables.User, id=Prefix.USER)
class User(NotificationSubject):
    """Somebody with an account."""

    username: str = column("What others mention them by: unique, and changeable.")
    display_name: str = column("How they call themselves.")
    bio: str | None = column("What they say about themselves.")
    roles: list[Role] = column("What they do here.")
    genre_tags: list[str] = column("What they play or make, in lower case.")
    instagram_handle: str | None = column("Their name at Instagram, without the @.")
    verified: bool = column("Whether the platform knows that they are who they say.")
    suspended: bool | None = private(
        "Whether they are kept out; null for all but operators.", tables.User.suspended, to=operations.access_of
    )
    follower_count: int = column("How many people follow them.")
    following_count: int = column("How many people they follow.")
    created_at: datetime = column("Since when they are here.")
    location: Location | None = embedded(
        "Where they say they are; null when they do not say it.",
        when=accounts.is_placed,
        city=tables.User.city,
        country_code=tables.User.country_code,
        latitude=tables.User.latitude,
        longitude=tables.User.longitude,
    )
    current_broadcast: Broadcast | None = one(
        "The room they have on air; null when they have none.", tables.Broadcast.curator_id, where=on_air
    )
    broadcasts: Connection[Broadcast] = many(
        "The rooms they opened, the latest first.",
        tables.Broadcast.curator_id,
        order=tables.Broadcast.started_at.desc(),
    )
    followers: Connection[User] = many(
        "Who follows them, the latest first.",
        tables.Follow.followee_id,
        through=tables.Follow.follower_id,
        order=tables.Follow.followed_at.desc(),
        edge=FollowerEdge,
    )
    following: Connection[User] = many(
        "Whom they follow, the latest first.",
        tables.Follow.follower_id,
        through=tables.Follow.followee_id,
        order=tables.Follow.followed_at.desc(),
        edge=FollowingEdge,
    )

    @computed
    def viewer_is_following(user: type[tables.User], viewer: Viewer) -> SQL[bool]:
        """Whether you follow them."""
        return follows.viewer_is_following(user, viewer)

    @computed
    def viewer_is_blocking(user: type[tables.User], viewer: Viewer) -> SQL[bool]:
        """Whether you have blocked them."""
        return follows.viewer_is_blocking(user, viewer)

    @finished(tables.User.photo_key)
    def profile_photo_url(photo_key: str | None, context: Context) -> str | None:
        """Where their picture can be fetched, for an hour: a WebP of 512 x 512 pixels. Null without a picture."""
        return context.services.files.sign_download(photo_key) if photo_key is not None else None


def called(
    user: type[tables.User],
    viewer: Viewer,
    username: Annotated[
        str, strawberry.argument(description="Their username; a leading @ and capitals do not matter.")
    ],
) -> Where:
    """The one person of this name."""
    yield user.username == func.lower(func.ltrim(username, "@"))
