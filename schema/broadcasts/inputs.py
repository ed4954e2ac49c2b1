"""What deeds in rooms are told."""

from __future__ import annotations

import strawberry
from strawberry import UNSET

from domain.broadcasts import MAX_MUTE_MINUTES
from domain.chat import INTERVAL_SECONDS
from domain.tracks import TrackFacts
from schema.broadcasts.enums import TrackSource


@strawberry.input(description="The room to open.")
class StartBroadcastInput:
    """The input of `startBroadcast`."""

    title: str = strawberry.field(description="What to call it, up to 120 characters.")
    description: str | None = strawberry.field(
        default=None, description="What to say about it, up to 2,000 characters."
    )
    genre_tags: list[str] | None = strawberry.field(default=None, description="What will be played: up to 10 tags.")
    chat_interval_seconds: int = strawberry.field(
        default=INTERVAL_SECONDS, description="How long one person waits between two messages: 3 to 600 seconds."
    )
    now_playing_from: TrackSource | None = strawberry.field(
        default=None,
        description="Where to hear of what plays: `SPOTIFY` follows your connected player, `MANUAL` and `APPLE_MUSIC` leave "
        "it to your app; null follows the player that is connected, when there is one.",
    )


@strawberry.input(description="Which room.")
class StopBroadcastInput:
    """The input of `stopBroadcast`."""

    broadcast_id: strawberry.ID = strawberry.field(description="Your room.")


@strawberry.input(description="Which room.")
class SendBroadcastHeartbeatInput:
    """The input of `sendBroadcastHeartbeat`."""

    broadcast_id: strawberry.ID = strawberry.field(description="Your room.")


@strawberry.input(description="Which room.")
class JoinBroadcastInput:
    """The input of `joinBroadcast`."""

    broadcast_id: strawberry.ID = strawberry.field(description="The room.")


@strawberry.input(description="Which room.")
class LeaveBroadcastInput:
    """The input of `leaveBroadcast`."""

    broadcast_id: strawberry.ID = strawberry.field(description="The room.")


@strawberry.input(description="A track, as far as you know it.")
class TrackInput:
    """What the app knows of a track."""

    title: str = strawberry.field(description="Its title.")
    artist: str = strawberry.field(description="Who made it.")
    album: str | None = strawberry.field(default=None, description="The album it is on.")
    isrc: str | None = strawberry.field(default=None, description="Its ISRC; hyphens and spaces do not matter.")
    duration_seconds: float | None = strawberry.field(default=None, description="Its length in seconds.")
    bpm: float | None = strawberry.field(default=None, description="Its tempo, 20 to 400 beats a minute.")
    musical_key: str | None = strawberry.field(default=None, description="Its key, such as `D#m`.")
    artwork_url: str | None = strawberry.field(default=None, description="An https address of its cover.")

    def facts(self) -> TrackFacts:
        """The same, in the words of the platform."""
        return TrackFacts(
            title=self.title,
            artist=self.artist,
            album=self.album,
            isrc=self.isrc,
            duration_seconds=self.duration_seconds,
            bpm=self.bpm,
            musical_key=self.musical_key,
            artwork_url=self.artwork_url,
        )


@strawberry.input(description="What plays. The same track again is a report of its progress.")
class SetNowPlayingInput:
    """The input of `setNowPlaying`."""

    broadcast_id: strawberry.ID = strawberry.field(description="Your room.")
    track: TrackInput | None = strawberry.field(default=None, description="The track; null when nothing plays.")
    source: TrackSource = strawberry.field(
        default=TrackSource.MANUAL,
        description="`MANUAL`, or `APPLE_MUSIC` for what plays there: it needs your connected account, and is looked for in "
        "what you played lately. The server asks other players itself.",
    )
    playing: bool = strawberry.field(default=True, description="Whether it runs; false when it is paused.")
    progress_seconds: float = strawberry.field(default=0, description="How far it is just now, in seconds.")
    spotify_url: str | None = strawberry.field(default=None, description="The track at open.spotify.com.")
    apple_music_url: str | None = strawberry.field(default=None, description="The track at music.apple.com.")


@strawberry.input(description="What to change; what is left out stays as it is.")
class UpdateBroadcastInput:
    """The input of `updateBroadcast`."""

    broadcast_id: strawberry.ID = strawberry.field(description="The room.")
    title: str | None = strawberry.field(default=UNSET, description="A new title, up to 120 characters.")
    description: str | None = strawberry.field(default=UNSET, description="A new description; null takes it away.")
    genre_tags: list[str] | None = strawberry.field(default=UNSET, description="New tags, up to 10.")
    chat_interval_seconds: int | None = strawberry.field(
        default=UNSET, description="A new pace of chat: 3 to 600 seconds between two messages of one person."
    )


@strawberry.input(description="Whose rights to change in your room.")
class SetModeratorInput:
    """The input of `setModerator`."""

    broadcast_id: strawberry.ID = strawberry.field(description="Your room.")
    user_id: strawberry.ID = strawberry.field(description="The person.")
    moderator: bool = strawberry.field(
        default=True, description="True gives the rights of a moderator, false takes them."
    )


@strawberry.input(description="Who may not write for a while.")
class MuteListenerInput:
    """The input of `muteListener`."""

    broadcast_id: strawberry.ID = strawberry.field(description="The room.")
    user_id: strawberry.ID = strawberry.field(description="The person.")
    minutes: int = strawberry.field(
        description=f"For how long from now, up to a week ({MAX_MUTE_MINUTES} minutes); 0 lets them write again."
    )
