"""What Spotify's Web API calls things: the JSON of tracks, episodes, local files and people, as its OpenAPI file has it.

An item of a player is `{kind, title, artists, album, duration_ms, explicit, isrc}`; kind is track, episode, local or ad.
"""

from __future__ import annotations

import hashlib
import string
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote_plus

API: Final = "https://api.spotify.com/v1"
OPEN: Final = "https://open.spotify.com"
COVERS: Final = "https://covers.example"
MARKETS: Final = ("DE", "FR", "GB", "GH", "NG", "US", "ZA")
ID_ALPHABET: Final = string.digits + string.ascii_letters
RELEASED: Final = "2026-01-09"

SCOPES: Final = frozenset(
    {
        "app-remote-control",
        "playlist-modify-private",
        "playlist-modify-public",
        "playlist-read-collaborative",
        "playlist-read-private",
        "streaming",
        "ugc-image-upload",
        "user-follow-modify",
        "user-follow-read",
        "user-library-modify",
        "user-library-read",
        "user-modify-playback-state",
        "user-read-currently-playing",
        "user-read-email",
        "user-read-playback-position",
        "user-read-playback-state",
        "user-read-private",
        "user-read-recently-played",
        "user-top-read",
    }
)

Json = dict[str, Any]


def make_id(*parts: str) -> str:
    """Make an id of 22 characters that is always the same for the same thing."""
    number = int.from_bytes(hashlib.sha256("\0".join(parts).encode()).digest()[:16])
    digits = ""
    while len(digits) < 22:
        number, digit = divmod(number, 62)
        digits += ID_ALPHABET[digit]
    return digits


def id_of(item: Json) -> str:
    """The id of a track or an episode."""
    return make_id(item["kind"], item["title"], *item["artists"], item["isrc"] or "")


def iso(seconds: float) -> str:
    """A time as Spotify writes it."""
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def item(value: Json) -> Json:
    """What a player's item looks like."""
    return {"track": track, "local": local, "episode": episode}[value["kind"]](value)


def track(value: Json) -> Json:
    """A track of the catalogue."""
    key = id_of(value)
    artists = [_artist(name) for name in value["artists"]]
    return {
        "album": _album(value, artists),
        "artists": artists,
        "available_markets": list(MARKETS),
        "disc_number": 1,
        "duration_ms": value["duration_ms"],
        "explicit": value["explicit"],
        "external_ids": {"isrc": value["isrc"]} if value["isrc"] else {},
        **_names("track", key),
        "is_local": False,
        "is_playable": True,
        "name": value["title"],
        "popularity": 12,
        "preview_url": None,
        "track_number": 1,
        "type": "track",
    }


def _names(kind: str, key: str) -> Json:
    return {
        "external_urls": {"spotify": f"{OPEN}/{kind}/{key}"},
        "href": f"{API}/{kind}s/{key}",
        "id": key,
        "uri": f"spotify:{kind}:{key}",
    }


def _artist(name: str) -> Json:
    return {**_names("artist", make_id("artist", name)), "name": name, "type": "artist"}


def _images(key: str) -> list[Json]:
    return [{"url": f"{COVERS}/{key}/{size}.jpg", "height": size, "width": size} for size in (640, 300, 64)]


def _album(value: Json, artists: list[Json]) -> Json:
    key = make_id("album", value["album"], *value["artists"])
    return {
        "album_type": "album",
        "artists": artists,
        "available_markets": list(MARKETS),
        **_names("album", key),
        "images": _images(key),
        "name": value["album"],
        "release_date": RELEASED,
        "release_date_precision": "day",
        "total_tracks": 1,
        "type": "album",
    }


def local(value: Json) -> Json:
    """A file of the listener's own: Spotify knows no more of it than its tags say, the rest is null or empty."""
    nothing: Json = {"external_urls": {}, "href": None, "id": None, "uri": None}
    artists = [{**nothing, "name": name, "type": "artist"} for name in value["artists"]]
    album = {
        **nothing,
        "album_type": None,
        "artists": [],
        "available_markets": [],
        "images": [],
        "name": value["album"],
        "release_date": None,
        "release_date_precision": None,
        "total_tracks": 0,
        "type": "album",
    }
    tags = (", ".join(value["artists"]), value["album"], value["title"], str(value["duration_ms"] // 1000))
    return {
        **nothing,
        "album": album,
        "artists": artists,
        "available_markets": [],
        "disc_number": 0,
        "duration_ms": value["duration_ms"],
        "explicit": False,
        "external_ids": {},
        "is_local": True,
        "name": value["title"],
        "popularity": 0,
        "preview_url": None,
        "track_number": 0,
        "type": "track",
        "uri": "spotify:local:" + ":".join(quote_plus(tag) for tag in tags),
    }


def episode(value: Json) -> Json:
    """An episode of a show; the show's name is in `album`, who makes it in `artists`."""
    key = id_of(value)
    return {
        "audio_preview_url": None,
        "description": value["title"],
        "html_description": f"<p>{value['title']}</p>",
        "duration_ms": value["duration_ms"],
        "explicit": value["explicit"],
        **_names("episode", key),
        "images": _images(key),
        "is_externally_hosted": False,
        "is_playable": True,
        "language": "en",
        "languages": ["en"],
        "name": value["title"],
        "release_date": RELEASED,
        "release_date_precision": "day",
        "show": _show(value),
        "type": "episode",
    }


def _show(value: Json) -> Json:
    key = make_id("show", value["album"])
    return {
        "available_markets": list(MARKETS),
        "copyrights": [],
        "description": value["album"],
        "html_description": f"<p>{value['album']}</p>",
        "explicit": False,
        **_names("show", key),
        "images": _images(key),
        "is_externally_hosted": False,
        "languages": ["en"],
        "media_type": "audio",
        "name": value["album"],
        "publisher": ", ".join(value["artists"]),
        "total_episodes": 1,
        "type": "show",
    }


def playlist(owner: str) -> Json:
    """Where somebody plays from."""
    return {
        "type": "playlist",
        **{k: v for k, v in _names("playlist", make_id("playlist", owner)).items() if k != "id"},
    }


def person(user: Json, scope: frozenset[str]) -> Json:
    """Somebody's own profile; what is personal is there only when it was asked for."""
    key = user["id"]
    profile: Json = {
        "account_id": user["account_id"],
        "display_name": user["display_name"],
        "external_urls": {"spotify": f"{OPEN}/user/{key}"},
        "followers": {"href": None, "total": 3},
        "href": f"{API}/users/{key}",
        "id": key,
        "images": [],
        "type": "user",
        "uri": f"spotify:user:{key}",
    }
    if "user-read-private" in scope:
        explicit = {"filter_enabled": False, "filter_locked": False}
        profile |= {"country": user["country"], "explicit_content": explicit, "product": user["product"]}
    if "user-read-email" in scope:
        profile["email"] = user["email"]
    return profile
