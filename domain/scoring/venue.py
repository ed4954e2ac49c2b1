"""Whether the place where something was played is the place that was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from math import asin, cos, isfinite, radians, sin, sqrt
from typing import Final

from rapidfuzz import fuzz

from domain.scoring.normalise import figures, fold, joined, words_of
from domain.scoring.words import VenueMatch

NEAR_METRES: Final = 500.0
"""Up to where two positions are one place: a house, its yard, and what a telephone is off indoors."""
FAR_METRES: Final = 2_000.0
"""From where on they are two, whatever the names; between the two figures the names decide."""
SAME_NAME: Final = 90.0
"""From where on two names are one, of a hundred; `fuzz.ratio` without spaces."""
OTHER_NAME: Final = 60.0
"""Up to where two names are two. Between the two figures nobody knows."""

_OFTEN: Final = (
    "the a at club nightclub night bar venue hall arena stadium theatre theater lounge disco festival rooftop and of"
)
_GENERIC: Final = frozenset(_OFTEN.split())
_EARTH: Final = 6_371_008.8


@dataclass(frozen=True)
class Place:
    """A place, as far as somebody named it.

    Attributes:
        name: What it is called.
        city: Where it is.
        latitude: Degrees north.
        longitude: Degrees east.
    """

    name: str | None = None
    city: str | None = None
    latitude: float | None = None
    longitude: float | None = None


def match_venue(wanted: Place, heard: Place) -> VenueMatch:
    """Compare two places, by their positions first and by their names where those do not decide.

    UNKNOWN is everything that is neither clearly the one nor clearly another: no place at all, a name that says less or more, a
    position some streets away.
    """
    metres = distance(wanted, heard)
    if metres is not None and metres <= NEAR_METRES:
        return VenueMatch.MATCH
    if metres is not None and metres > FAR_METRES:
        return VenueMatch.MISMATCH
    return _match_names(wanted, heard)


def distance(one: Place, other: Place) -> float | None:
    """How far two places are apart, in metres on the sphere; None unless both have a position."""
    first, second = _position(one), _position(other)
    if first is None or second is None:
        return None
    (lat, long), (other_lat, other_long) = first, second
    half = sin((other_lat - lat) / 2) ** 2 + cos(lat) * cos(other_lat) * sin((other_long - long) / 2) ** 2
    return 2 * _EARTH * asin(min(1.0, sqrt(half)))


def _position(place: Place) -> tuple[float, float] | None:
    latitude, longitude = place.latitude, place.longitude
    if latitude is None or longitude is None or not (isfinite(latitude) and isfinite(longitude)):
        return None
    if abs(latitude) > 90 or abs(longitude) > 180:
        return None
    return radians(latitude), radians(longitude)


def _match_names(wanted: Place, heard: Place) -> VenueMatch:
    mine, theirs = words_of(fold(wanted.name or "")), words_of(fold(heard.name or ""))
    if not mine or not theirs:
        return VenueMatch.UNKNOWN
    city, other_city = words_of(fold(wanted.city or "")), words_of(fold(heard.city or ""))
    if city and other_city and joined(city) != joined(other_city):
        return VenueMatch.UNKNOWN if fuzz.ratio(joined(city), joined(other_city)) > OTHER_NAME else VenueMatch.MISMATCH
    towns = set(city) | set(other_city)
    name, other = _own(mine, towns), _own(theirs, towns)
    alike = fuzz.ratio(joined(name), joined(other))
    if figures(name) == figures(other) and alike >= SAME_NAME:
        return VenueMatch.MATCH
    if set(name) <= set(other) or set(other) <= set(name) or alike > OTHER_NAME:
        return VenueMatch.UNKNOWN
    return VenueMatch.MISMATCH


def _own(words: tuple[str, ...], towns: set[str]) -> tuple[str, ...]:
    """The words that are a place's own: without its town and what many places are called; all of them if none is left."""
    own = tuple(word for word in words if word not in towns and word not in _GENERIC)
    return own or words
