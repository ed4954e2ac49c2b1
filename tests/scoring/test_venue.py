"""Places: the same, another, or nobody knows."""

import pytest

from domain.scoring.venue import Place, distance, match_venue
from domain.scoring.words import VenueMatch

MATCH, MISMATCH, UNKNOWN = VenueMatch.MATCH, VenueMatch.MISMATCH, VenueMatch.UNKNOWN
FABRIC = Place("Fabric", "London", 51.5194, -0.1025)


def north(metres):
    return 51.5194 + metres / 111_195.08


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        (Place(), UNKNOWN),
        (Place("  "), UNKNOWN),
        (Place("fabric"), MATCH),
        (Place("FABRIC, London"), MATCH),
        (Place("Club Fabric"), MATCH),
        (Place("Fabríc Nightclub", "London"), MATCH),
        (Place("Fabric Room 2"), UNKNOWN),
        (Place("Fabrik"), UNKNOWN),
        (Place("Berghain"), MISMATCH),
        (Place("Fabric", "Madrid"), MISMATCH),
        (Place("Ministry of Sound", "London"), MISMATCH),
        (Place(None, None, north(499), -0.1025), MATCH),
        (Place("The Shed", None, north(499), -0.1025), MATCH),
        (Place(None, None, north(501), -0.1025), UNKNOWN),
        (Place("Fabric", None, north(1999), -0.1025), MATCH),
        (Place("Berghain", None, north(1999), -0.1025), MISMATCH),
        (Place("Fabric", "London", north(2001), -0.1025), MISMATCH),
        (Place("Fabric", None, float("nan"), 0.0), MATCH),
        (Place("Fabric", None, 91.0, 0.0), MATCH),
        (Place(None, None, 51.5194, None), UNKNOWN),
    ],
)
def test_places_beside_one(heard, said):
    assert match_venue(FABRIC, heard) is said
    assert match_venue(heard, FABRIC) is said


def test_a_number_makes_another_room():
    assert match_venue(Place("Studio 54"), Place("Studio 45")) is not MATCH
    assert match_venue(Place("Studio 54"), Place("studio 54 club")) is MATCH


def test_names_that_are_only_common_words_are_compared_whole():
    assert match_venue(Place("The Club"), Place("The Bar")) is not MATCH
    assert match_venue(Place("The Club", "Oslo"), Place("Club", "Oslo")) is not MISMATCH


def test_nobody_asked_for_a_place():
    assert match_venue(Place(), FABRIC) is UNKNOWN


def test_distances_are_those_of_the_sphere():
    assert distance(Place(None, None, 0, 179.999), Place(None, None, 0, -179.999)) == pytest.approx(222.4, abs=0.1)
    assert distance(Place(None, None, 90, 0), Place(None, None, -90, 0)) == pytest.approx(20_015_115, abs=10)
    assert distance(FABRIC, FABRIC) == 0
