"""The wiring of deeds in rooms."""

from __future__ import annotations

import dataclasses

import strawberry
from strawberry import UNSET

from domain.ids import Prefix, from_wire
from engine.executor import ref
from resolvers.broadcasts import heartbeat, listen, moderate, start, stop, tracks
from schema.broadcasts.inputs import (
    JoinBroadcastInput,
    LeaveBroadcastInput,
    MuteListenerInput,
    SendBroadcastHeartbeatInput,
    SetModeratorInput,
    SetNowPlayingInput,
    StartBroadcastInput,
    StopBroadcastInput,
    UpdateBroadcastInput,
)
from schema.broadcasts.payloads import (
    JoinBroadcastPayload,
    LeaveBroadcastPayload,
    MuteListenerPayload,
    SendBroadcastHeartbeatPayload,
    SetModeratorPayload,
    SetNowPlayingPayload,
    StartBroadcastPayload,
    StopBroadcastPayload,
    UpdateBroadcastPayload,
)
from schema.broadcasts.types import Broadcast
from schema.context import Info
from schema.deeds import deed


@strawberry.type
class BroadcastMutations:
    """Deeds in rooms."""

    @deed("Open a room and go on air. One at a time; those who follow you are told.")
    async def start_broadcast(self, info: Info, input: StartBroadcastInput) -> StartBroadcastPayload:
        """Start."""
        actor = info.context.signed_in
        async with info.context.transaction() as tx:
            broadcast_id = await start.start(tx, actor, **dataclasses.asdict(input))
        return StartBroadcastPayload(broadcast=ref(Broadcast, broadcast_id))

    @deed("End your room. Operators may end anybody's.")
    async def stop_broadcast(self, info: Info, input: StopBroadcastInput) -> StopBroadcastPayload:
        """Stop."""
        actor = info.context.signed_in
        broadcast_id = from_wire(Prefix.BROADCAST, input.broadcast_id, "broadcastId")
        async with info.context.transaction() as tx:
            await stop.stop(tx, actor, broadcast_id)
        return StopBroadcastPayload(broadcast=ref(Broadcast, broadcast_id))

    @deed("Say that your room's app is still there. Without it until `endsWithoutHeartbeatAt` the room ends by itself.")
    async def send_broadcast_heartbeat(
        self, info: Info, input: SendBroadcastHeartbeatInput
    ) -> SendBroadcastHeartbeatPayload:
        """Beat."""
        actor = info.context.signed_in
        broadcast_id = from_wire(Prefix.BROADCAST, input.broadcast_id, "broadcastId")
        async with info.context.transaction() as tx:
            await heartbeat.beat(tx, actor, broadcast_id)
        return SendBroadcastHeartbeatPayload(broadcast=ref(Broadcast, broadcast_id))

    @deed("Say what plays in your room, or how far it is, or that nothing does.")
    async def set_now_playing(self, info: Info, input: SetNowPlayingInput) -> SetNowPlayingPayload:
        """Set."""
        actor = info.context.signed_in
        broadcast_id = from_wire(Prefix.BROADCAST, input.broadcast_id, "broadcastId")
        async with info.context.transaction() as tx:
            await tracks.set_now_playing(
                tx,
                actor,
                broadcast_id,
                track=input.track.facts() if input.track else None,
                source=input.source,
                playing=input.playing,
                progress_seconds=input.progress_seconds,
                spotify_url=input.spotify_url,
                apple_music_url=input.apple_music_url,
            )
        return SetNowPlayingPayload(broadcast=ref(Broadcast, broadcast_id))

    @deed(
        "Come into a room. An open `broadcastEvents` keeps you in it; without one, join again within a minute to stay. "
        "Joining twice tells nobody."
    )
    async def join_broadcast(self, info: Info, input: JoinBroadcastInput) -> JoinBroadcastPayload:
        """Join."""
        actor = info.context.signed_in
        broadcast_id = from_wire(Prefix.BROADCAST, input.broadcast_id, "broadcastId")
        async with info.context.transaction() as tx:
            await listen.join(tx, actor, broadcast_id)
        return JoinBroadcastPayload(broadcast=ref(Broadcast, broadcast_id))

    @deed("Leave a room. Leaving one that you are not in changes nothing.")
    async def leave_broadcast(self, info: Info, input: LeaveBroadcastInput) -> LeaveBroadcastPayload:
        """Leave."""
        actor = info.context.signed_in
        broadcast_id = from_wire(Prefix.BROADCAST, input.broadcast_id, "broadcastId")
        async with info.context.transaction() as tx:
            await listen.leave(tx, actor, broadcast_id)
        return LeaveBroadcastPayload(broadcast=ref(Broadcast, broadcast_id))

    @deed("Change a room's title, description, genres or the pace of its chat, as its curator or a moderator.")
    async def update_broadcast(self, info: Info, input: UpdateBroadcastInput) -> UpdateBroadcastPayload:
        """Update."""
        actor = info.context.signed_in
        broadcast_id = from_wire(Prefix.BROADCAST, input.broadcast_id, "broadcastId")
        changes = {name: value for name, value in vars(input).items() if value is not UNSET and name != "broadcast_id"}
        async with info.context.transaction() as tx:
            await moderate.update(tx, actor, broadcast_id, changes)
        return UpdateBroadcastPayload(broadcast=ref(Broadcast, broadcast_id))

    @deed("Give somebody a moderator's rights in your room, or take them: up to 20 people.")
    async def set_moderator(self, info: Info, input: SetModeratorInput) -> SetModeratorPayload:
        """Set."""
        actor = info.context.signed_in
        broadcast_id = from_wire(Prefix.BROADCAST, input.broadcast_id, "broadcastId")
        user_id = from_wire(Prefix.USER, input.user_id, "userId")
        async with info.context.transaction() as tx:
            await moderate.set_moderator(tx, actor, broadcast_id, user_id, moderator=input.moderator)
        return SetModeratorPayload(broadcast=ref(Broadcast, broadcast_id))

    @deed("Keep somebody from writing in a room for a while, as its curator or a moderator.")
    async def mute_listener(self, info: Info, input: MuteListenerInput) -> MuteListenerPayload:
        """Mute."""
        actor = info.context.signed_in
        broadcast_id = from_wire(Prefix.BROADCAST, input.broadcast_id, "broadcastId")
        user_id = from_wire(Prefix.USER, input.user_id, "userId")
        async with info.context.transaction() as tx:
            until = await moderate.mute(tx, actor, broadcast_id, user_id, minutes=input.minutes)
        return MuteListenerPayload(muted_until=until)
