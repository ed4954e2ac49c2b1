"""What people say of themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from db.queries import accounts, uploads
from db.session import Tx
from db.tables import User
from domain.accounts import (
    MAX_BIO,
    MAX_DISPLAY_NAME,
    MAX_FAVORITES,
    MAX_GENRE,
    MAX_GENRES,
    USERNAME_REST_HOURS,
    ApiScope,
    Place,
    clean_handle,
    clean_place,
    clean_username,
)
from domain.actors import Actor
from domain.errors import Conflict, InvalidInput, NotFound, RateLimited
from domain.texts import clean_tags, clean_text
from domain.uploads import UploadPurpose
from resolvers.uploads import promise_deletion

TAKEN = "This username is taken."


class ProfileChanges(TypedDict, total=False):
    """What is to change: what is left out stays, None takes away."""

    username: str | None
    display_name: str | None
    bio: str | None
    genre_tags: list[str] | None
    instagram_handle: str | None
    location: Place | None
    favorite_genres: list[str] | None
    explicit_content: bool | None
    profile_photo_upload_id: UUID | None


async def update(tx: Tx, actor: Actor, changes: ProfileChanges) -> None:
    """Change a profile, all of what is named or nothing.

    Raises:
        InvalidInput: A text, tag or place cannot be, or something that everybody has was to be taken away.
        Conflict: The username is taken or kept for somebody, or the photo cannot be used.
        RateLimited: The username was changed within the last day.
        NotFound: The photo is not the person's.
    """
    actor.require_scope(ApiScope.PROFILE)
    facts, likes = clean_facts(changes), clean_likes(changes)
    user = await accounts.lock(tx.session, actor.user_id)
    if user is None:
        raise NotFound("This account is gone.")
    if "username" in changes:
        await _rename(tx, user, _required(changes["username"], "username"))
    if "profile_photo_upload_id" in changes:
        facts["photo_key"] = await _change_photo(tx, user, changes["profile_photo_upload_id"])
    await accounts.change(tx.session, user.id, facts)
    if likes:
        await accounts.write_preferences(tx.session, user.id, likes)


def clean_facts(changes: ProfileChanges) -> dict[str, Any]:
    """Read what is to change of a profile's columns.

    Raises:
        InvalidInput: Something of it cannot be.
    """
    facts: dict[str, Any] = {}
    if "display_name" in changes:
        name = _required(changes["display_name"], "displayName")
        facts["display_name"] = clean_text(name, "displayName", most=MAX_DISPLAY_NAME)
    if "bio" in changes:
        bio = clean_text(changes["bio"] or "", "bio", most=MAX_BIO, least=0, lines=True)
        facts["bio"] = bio or None
    if "genre_tags" in changes:
        facts["genre_tags"] = clean_tags(changes["genre_tags"] or [], "genreTags", most=MAX_GENRES, longest=MAX_GENRE)
    if "instagram_handle" in changes:
        handle = changes["instagram_handle"]
        facts["instagram_handle"] = clean_handle(handle, "instagramHandle") if handle else None
    if "location" in changes:
        facts |= vars(clean_place(changes["location"] or Place(), "location"))
    return facts


def clean_likes(changes: ProfileChanges) -> dict[str, Any]:
    """Read what is to change of what somebody likes to hear.

    Raises:
        InvalidInput: A genre cannot be.
    """
    likes: dict[str, Any] = {}
    if "favorite_genres" in changes:
        genres = changes["favorite_genres"] or []
        likes["favorite_genres"] = clean_tags(genres, "favoriteGenres", most=MAX_FAVORITES, longest=MAX_GENRE)
    if "explicit_content" in changes:
        explicit = changes["explicit_content"]
        likes["explicit_content"] = True if explicit is None else explicit
    return likes


def _required(text: str | None, *field: str) -> str:
    if text is None:
        raise InvalidInput("This can be changed, but not taken away.", *field)
    return text


async def _rename(tx: Tx, user: User, username: str) -> None:
    old, new = user.username, clean_username(username, "username")
    if new == old:
        return
    try:
        async with tx.session.begin_nested():
            renamed = await accounts.rename(tx.session, user.id, new)
    except IntegrityError as taken:
        raise Conflict(TAKEN, "username") from taken
    if not renamed:
        wait = await accounts.seconds_until_rename(tx.session, user.id)
        often = f"A username can be changed once in {USERNAME_REST_HOURS} hours."
        raise RateLimited(often, "username", retry_after_seconds=wait)
    if await accounts.is_kept(tx.session, new, user_id=user.id):
        raise Conflict(TAKEN, "username")
    await accounts.release_username(tx.session, user.id, old=old, new=new)


async def _change_photo(tx: Tx, user: User, upload_id: UUID | None) -> str | None:
    """Take a new photo into use, or none; the old one is removed. The person's row is ours, so no photo is forgotten."""
    key = None
    if upload_id is not None:
        key = await uploads.use(tx.session, user.id, upload_id, UploadPurpose.PROFILE_PHOTO)
        if key is None:
            raise await _unusable(tx, user.id, upload_id)
    if user.photo_key is not None:
        await promise_deletion(tx, [user.photo_key])
    return key


async def _unusable(tx: Tx, user_id: UUID, upload_id: UUID) -> Conflict | NotFound:
    found: Mapping[UUID, Any] = await uploads.find_own(tx.session, user_id, [upload_id])
    if upload_id not in found:
        return NotFound("You have no upload with this id.", "profilePhotoUploadId")
    status = found[upload_id].status.value
    return Conflict(f"This upload cannot be used as a photo; it is {status}, not STORED.", "profilePhotoUploadId")
