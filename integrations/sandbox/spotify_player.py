"""People's players at the Spotify twin: they really advance, by the vendors' clock, whether anybody looks or not.

A player goes round its playlist. What is played beside it (an ad, a local file, an episode) comes before the next track.
`started_at` is when the present item would have begun had it never been paused; `paused_ms` is where it stands instead
while it is paused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final

from integrations.sandbox.deeds import Wrong
from integrations.sandbox.world import World

KIND: Final = "spotify_player"
CATALOGUE: Final = "spotify_track"
KEPT_HISTORY: Final = 50
HEARD_MS: Final = 30_000
"""Spotify counts a track as played when this much of it was heard."""

AD_MS: Final = 30_000
ITEM: Final[dict[str, Any]] = {
    "kind": "track",
    "title": "Untitled",
    "artists": ["Nobody"],
    "album": "Untitled",
    "isrc": None,
    "duration_ms": 60_000,
    "explicit": False,
}

Json = dict[str, Any]
Deed = Callable[["Players", Json, Json], None]


def read_item(value: object, **preset: Any) -> Json:
    """Make an item of what a test or the page sent.

    Raises:
        Wrong: It is none.
    """
    if not isinstance(value, dict):
        raise Wrong("A track is an object with a title.")
    if unknown := sorted(set(value) - set(ITEM)):
        raise Wrong(f"A track has no {', '.join(unknown)}.")
    made = ITEM | preset | value
    if made["kind"] not in {"track", "local", "episode", "ad"}:
        raise Wrong("kind must be track, local, episode or ad.")
    if not all(isinstance(made[name], str) for name in ("title", "album")) or not isinstance(made["isrc"], str | None):
        raise Wrong("title, album and isrc must be texts.")
    if not isinstance(made["artists"], list) or not all(isinstance(name, str) for name in made["artists"]):
        raise Wrong("artists must be a list of names.")
    if type(made["duration_ms"]) is not int or made["duration_ms"] < 1:
        raise Wrong("duration_ms must be a whole number, 1 or more.")
    return made


class Players:
    """All players of a world."""

    def __init__(self, world: World) -> None:
        self.world = world

    def make(self, user: str, playlist: list[Json], *, playing: bool) -> None:
        """Give somebody a player, in place of the one they had; a silent one shows nothing."""
        self.list_tracks(playlist)
        state = {
            "playlist": playlist,
            "index": 0,
            "aside": None,
            "shown": playing and bool(playlist),
            "playing": playing and bool(playlist),
            "private": False,
            "started_at": self.world.now(),
            "paused_ms": 0,
            "history": [],
        }
        self.world.put(KIND, user, state)

    def list_tracks(self, items: list[Json]) -> None:
        """Put tracks into the catalogue, where anybody finds them by their ISRC."""
        for item in items:
            if item["kind"] == "track":
                self.world.put(CATALOGUE, "\0".join((item["title"], *item["artists"], item["isrc"] or "")), item)

    def catalogue(self) -> list[Json]:
        """All tracks that there are."""
        return list(self.world.all(CATALOGUE).values())

    def look(self, user: str) -> Json:
        """Bring somebody's player to the present, and give its state.

        Raises:
            Wrong: They have none.
        """
        state = self.world.get(KIND, user)
        if state is None:
            raise Wrong("There is no such player.")
        if self._advance(state):
            self.world.put(KIND, user, state)
        return state

    def present(self, state: Json) -> Json | None:
        """The item that plays or is paused; None when there is nothing."""
        if not state["shown"]:
            return None
        if state["aside"] is not None:
            return dict(state["aside"])
        return dict(state["playlist"][state["index"]]) if state["playlist"] else None

    def position(self, state: Json) -> int:
        """How far the present item is, in milliseconds."""
        if not state["playing"]:
            return int(state["paused_ms"])
        started_at: float = state["started_at"]
        return max(0, round((self.world.now() - started_at) * 1000))

    def _advance(self, state: Json) -> bool:
        changed = False
        while state["playing"] and (item := self.present(state)) is not None:
            if self.position(state) < item["duration_ms"]:
                break
            changed = True
            ended_at = state["started_at"] + item["duration_ms"] / 1000
            self._note_heard(state, item, item["duration_ms"], ended_at)
            self._step(state, 1)
            state["started_at"] = ended_at
            self._skip_whole_rounds(state)
        return changed

    def _skip_whole_rounds(self, state: Json) -> None:
        """After months without a look, only the rounds that fill the history are gone through one by one."""
        length = sum(item["duration_ms"] for item in state["playlist"]) / 1000
        if not length:
            return
        rounds = int((self.world.now() - state["started_at"]) / length)
        needed = KEPT_HISTORY // len(state["playlist"]) + 2
        state["started_at"] += max(0, rounds - needed) * length

    def _step(self, state: Json, by: int) -> None:
        """Go to another item, from its beginning. The list is a ring; what was beside it is over."""
        state["aside"] = None
        if state["playlist"]:
            state["index"] = (state["index"] + by) % len(state["playlist"])
        else:
            state["shown"] = state["playing"] = False
        state["started_at"], state["paused_ms"] = self.world.now(), 0

    def _note_heard(self, state: Json, item: Json, heard_ms: int, at: float) -> None:
        enough = min(HEARD_MS, item["duration_ms"])
        if item["kind"] == "track" and heard_ms >= enough and not state["private"]:
            state["history"] = [{"item": item, "at_ms": round(at * 1000)}, *state["history"]][:KEPT_HISTORY]

    # What people do

    def act(self, user: str, deed: str, value: Json) -> Json:
        """Do something with somebody's player; returns its new state.

        Raises:
            Wrong: It cannot be done.
        """
        if deed not in self.DEEDS:
            raise Wrong(f"A player knows {', '.join(sorted(self.DEEDS))}.")
        state = self.look(user)
        self.DEEDS[deed](self, state, value)
        self.world.put(KIND, user, state)
        return state

    def _play(self, state: Json, value: Json) -> None:
        """Go on; or begin `track`, which joins the list; or begin the one at `index`; at `position_ms` if that is said."""
        if "track" in value:
            track = read_item(value["track"])
            self.list_tracks([track])
            self._leave(state)
            state["playlist"].append(track)
            state["index"] = len(state["playlist"]) - 1
        elif "index" in value:
            if type(value["index"]) is not int or not 0 <= value["index"] < len(state["playlist"]):
                raise Wrong("index must be one of the list's.")
            self._leave(state)
            state["index"] = value["index"]
        if not state["playlist"] and state["aside"] is None:
            raise Wrong("The list is empty.")
        at = value.get("position_ms", self.position(state))
        state["shown"] = state["playing"] = True
        self._go_to(state, at)

    def _pause(self, state: Json, value: Json) -> None:
        state["paused_ms"], state["playing"] = self.position(state), False

    def _skip(self, state: Json, value: Json) -> None:
        self._leave(state)
        self._step(state, 1)

    def _previous(self, state: Json, value: Json) -> None:
        self._leave(state)
        self._step(state, -1)

    def _leave(self, state: Json) -> None:
        """End the present item here and now."""
        item = self.present(state)
        if item is not None:
            self._note_heard(state, item, self.position(state), self.world.now())
        state["aside"], state["started_at"], state["paused_ms"] = None, self.world.now(), 0

    def _seek(self, state: Json, value: Json) -> None:
        self._go_to(state, value.get("position_ms"))

    def _go_to(self, state: Json, position_ms: object) -> None:
        item = self.present(state)
        if item is None or not isinstance(position_ms, int) or not 0 <= position_ms < item["duration_ms"]:
            raise Wrong("position_ms must be a whole number within what plays.")
        state["started_at"], state["paused_ms"] = self.world.now() - position_ms / 1000, position_ms

    def _hide(self, state: Json, value: Json) -> None:
        state["private"] = True

    def _show(self, state: Json, value: Json) -> None:
        state["private"] = False

    def _aside(self, state: Json, item: Json) -> None:
        self._leave(state)
        state["aside"], state["shown"], state["playing"] = item, True, True

    def _ad(self, state: Json, value: Json) -> None:
        self._aside(state, read_item(value, kind="ad", title="Advertisement", duration_ms=AD_MS))

    def _local(self, state: Json, value: Json) -> None:
        preset = {"title": "Basement demo 3", "artists": ["Me"], "album": "On my disk"}
        self._aside(state, read_item(value, kind="local", **preset))

    def _episode(self, state: Json, value: Json) -> None:
        preset = {"title": "Talking drums", "artists": ["Example Radio"], "album": "The long break"}
        self._aside(state, read_item(value, kind="episode", **preset))

    def _nothing(self, state: Json, value: Json) -> None:
        self._leave(state)
        state["shown"] = state["playing"] = False

    DEEDS: ClassVar[dict[str, Deed]] = {
        "play": _play,
        "pause": _pause,
        "skip": _skip,
        "previous": _previous,
        "seek": _seek,
        "private": _hide,
        "public": _show,
        "ad": _ad,
        "local": _local,
        "episode": _episode,
        "nothing": _nothing,
    }
