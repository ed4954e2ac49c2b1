"""Changing what one says of oneself."""

from __future__ import annotations

from typing import Any, cast

import strawberry
from strawberry import UNSET

from domain.accounts import Place
from domain.ids import Prefix, from_wire
from domain.uploads import FileFacts, UploadPurpose
from engine.executor import ref
from engine.files import ReceivedFile
from resolvers import uploads
from resolvers.accounts import profile
from resolvers.accounts.profile import ProfileChanges
from schema.accounts.user import User
from schema.accounts.viewer import MusicPreferences
from schema.context import Info
from schema.deeds import DEAR, Payload, deed


@strawberry.input(description="Where you are, as far as you want to say it; it takes the place of what was there.")
class LocationInput:
    """A place."""

    city: str | None = strawberry.field(default=None, description="The city's name, up to 80 characters.")
    country_code: str | None = strawberry.field(default=None, description="The country's two letters (ISO 3166-1).")
    latitude: float | None = strawberry.field(
        default=None, description="Degrees north (WGS 84). Everybody sees it: a city's centre will do."
    )
    longitude: float | None = strawberry.field(default=None, description="Degrees east (WGS 84).")


@strawberry.input(description="What to change; what is left out stays as it is, and null takes it away.")
class UpdateProfileInput:
    """The input of `updateProfile`."""

    username: str | None = strawberry.field(
        default=UNSET,
        description="3 to 30 letters a-z, digits, dots and underscores. It can be changed once a day; the old one is kept "
        "for you for 30 days.",
    )
    display_name: str | None = strawberry.field(
        default=UNSET, description="How you call yourself, in any script: 1 to 60 characters."
    )
    bio: str | None = strawberry.field(default=UNSET, description="A few words, up to 500 characters.")
    genre_tags: list[str] | None = strawberry.field(default=UNSET, description="What you play or make: up to 10 tags.")
    instagram_handle: str | None = strawberry.field(default=UNSET, description="Your name at Instagram.")
    location: LocationInput | None = strawberry.field(default=UNSET, description="Where you are.")
    favorite_genres: list[str] | None = strawberry.field(
        default=UNSET, description="What you like to hear: up to 20 genres. Only you see it."
    )
    explicit_content: bool | None = strawberry.field(
        default=UNSET, description="Whether explicit tracks are welcome; null is yes."
    )
    profile_photo_upload_id: strawberry.ID | None = strawberry.field(
        default=UNSET, description="A finished upload with the purpose PROFILE_PHOTO; null takes the photo away."
    )

    def changes(self) -> ProfileChanges:
        """What was given, in the words of the platform."""
        given: dict[str, Any] = {name: value for name, value in vars(self).items() if value is not UNSET}
        if given.get("location") is not None:
            given["location"] = Place(**vars(given["location"]))
        if given.get("profile_photo_upload_id") is not None:
            photo = given["profile_photo_upload_id"]
            given["profile_photo_upload_id"] = from_wire(Prefix.UPLOAD, photo, "profilePhotoUploadId")
        return cast("ProfileChanges", given)


@strawberry.type(description="The answer to `updateProfile`.")
class UpdateProfilePayload(Payload):
    """The profile."""

    user: User | None = strawberry.field(default=None, description="You, as others see you now.")
    music_preferences: MusicPreferences | None = strawberry.field(default=None, description="What you like to hear.")


@strawberry.input(description="A photo that comes with the request.")
class UploadProfilePhotoInput:
    """The input of `uploadProfilePhoto`."""

    file: ReceivedFile = strawberry.field(
        description="A JPEG, PNG or WebP of up to 10 MiB, as a part of `multipart/form-data` (GraphQL multipart request "
        "specification)."
    )


@strawberry.type(description="The answer to `uploadProfilePhoto`.")
class UploadProfilePhotoPayload(Payload):
    """The profile."""

    user: User | None = strawberry.field(default=None, description="You, as others see you now.")


@strawberry.type
class ProfileMutations:
    """Deeds about profiles."""

    @deed("Change what you say of yourself: all of it, or nothing.")
    async def update_profile(self, info: Info, input: UpdateProfileInput) -> UpdateProfilePayload:
        """Change a profile."""
        actor = info.context.signed_in
        changes = input.changes()
        async with info.context.transaction() as tx:
            await profile.update(tx, actor, changes)
        return UpdateProfilePayload(
            user=ref(User, actor.user_id), music_preferences=ref(MusicPreferences, actor.user_id)
        )

    @deed(
        "Change your photo in one request. A large file, or one that is sent over a bad line, goes by `createUploads` better: "
        "its bytes can be sent again.",
        cost=DEAR,
    )
    async def upload_profile_photo(self, info: Info, input: UploadProfilePhotoInput) -> UploadProfilePhotoPayload:
        """Take a photo in and into use."""
        context, actor, file = info.context, info.context.signed_in, input.file
        facts = FileFacts(file.filename, file.content_type, file.size)
        upload_id = await uploads.take_in(
            context.database,
            context.services,
            actor,
            purpose=UploadPurpose.PROFILE_PHOTO,
            file=facts,
            read=file.read,
        )
        async with context.transaction() as tx:
            await profile.update(tx, actor, {"profile_photo_upload_id": upload_id})
        return UploadProfilePhotoPayload(user=ref(User, actor.user_id))
