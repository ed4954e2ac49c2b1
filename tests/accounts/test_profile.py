"""What people say of themselves."""

import asyncio

import pytest
from sqlalchemy import select

from db.tables import MusicPreferences, User
from domain.errors import ErrorCode
from resolvers.accounts import profile
from tests.accounts.conftest import refusal
from tests.client import operation

UPDATE, VIEWER = operation("UpdateProfile"), "{ viewer { user { username displayName bio genreTags } } }"

FULL = {
    "displayName": "Mina 🎧",
    "bio": "Lagos nights.\r\nAll vinyl.",
    "genreTags": ["Amapiano", " amapiano ", "Afro House"],
    "instagramHandle": "@Mina.Plays",
    "location": {"city": "Lagos", "countryCode": "ng", "latitude": 6.5244, "longitude": 3.3792},
    "favoriteGenres": ["Dub"],
    "explicitContent": False,
}
KEPT = {
    "displayName": "Mina 🎧",
    "bio": "Lagos nights.\nAll vinyl.",
    "genreTags": ["amapiano", "afro house"],
    "instagramHandle": "mina.plays",
    "location": {"city": "Lagos", "countryCode": "NG", "latitude": 6.5244, "longitude": 3.3792},
}


def shown(payload):
    return {name: payload["user"][name] for name in KEPT}


async def test_all_of_a_profile_is_kept_as_it_was_meant(api, make):
    mina = await make.user("mina")
    payload = await api(mina).do(UPDATE, **FULL)
    assert shown(payload) == KEPT
    assert payload["musicPreferences"] == {"favoriteGenres": ["dub"], "explicitContent": False}


async def test_what_is_left_out_stays_and_null_takes_away(api, make):
    mina = await make.user("mina")
    await api(mina).do(UPDATE, **FULL)
    payload = await api(mina).do(UPDATE, bio="New")
    assert shown(payload) == {**KEPT, "bio": "New"}
    assert payload["musicPreferences"] == {"favoriteGenres": ["dub"], "explicitContent": False}
    cleared = dict.fromkeys(
        ("bio", "genreTags", "instagramHandle", "location", "favoriteGenres", "explicitContent", "profilePhotoUploadId")
    )
    payload = await api(mina).do(UPDATE, **cleared)
    assert shown(payload) == {
        "displayName": "Mina 🎧",
        "bio": None,
        "genreTags": [],
        "instagramHandle": None,
        "location": None,
    }
    assert payload["musicPreferences"] == {"favoriteGenres": [], "explicitContent": True}
    assert (await api(mina).do(UPDATE))["user"]["displayName"] == "Mina 🎧"


@pytest.mark.parametrize("name", ["مينا", "מינה ✡", "👩🏾‍🎤", "Ǹgọ́zí", "美奈", "a\u200fb", "x" * 60, "é"])
async def test_names_in_any_script(api, make, name):
    mina = await make.user("mina")
    assert (await api(mina).do(UPDATE, displayName=f"  {name} "))["user"]["displayName"] == name


async def test_two_spellings_of_a_letter_are_one(api, make):
    mina = await make.user("mina")
    assert (await api(mina).do(UPDATE, displayName="e\u0301"))["user"]["displayName"] == "\u00e9"


BAD = [
    ("displayName", None),
    ("displayName", ""),
    ("displayName", " \u200b "),
    ("displayName", "x" * 61),
    ("displayName", "a\u202eb"),
    ("displayName", "a\u2066b"),
    ("displayName", "a\nb"),
    ("displayName", "a\u0007b"),
    ("username", None),
    ("username", "ab"),
    ("username", "x" * 31),
    ("username", "_mina"),
    ("username", "mi..na"),
    ("username", "mi na"),
    ("username", "мina"),  # A Cyrillic letter.
    ("username", "mina\u0301"),
    ("username", "mi\u200dna"),
    ("username", "ad.min"),
    ("username", "Back_Line"),
    ("bio", "x" * 501),
    ("bio", "a\u202db"),
    ("genreTags", ["x"] * 11),
    ("instagramHandle", "mina plays"),
    ("instagramHandle", ".mina"),
    ("favoriteGenres", [str(number) for number in range(21)]),
]


@pytest.mark.parametrize(("field", "value"), BAD)
async def test_bad_input_is_refused_by_name_and_changes_nothing(api, make, field, value):
    mina = await make.user("mina", bio="Old")
    error = await api(mina).refused(UPDATE, **{"bio": "New", field: value})
    assert (error["code"], error["field"]) == ("INVALID_INPUT", [field])
    assert (await api(mina)(VIEWER))["viewer"]["user"] == {
        "username": "mina",
        "displayName": "Mina",
        "bio": "Old",
        "genreTags": [],
    }


@pytest.mark.parametrize(
    ("location", "field"),
    [
        ({"latitude": 1.0}, "longitude"),
        ({"longitude": 1.0}, "latitude"),
        ({"latitude": 91, "longitude": 0}, "latitude"),
        ({"latitude": 0, "longitude": -180.5}, "longitude"),
        ({"countryCode": "XX"}, "countryCode"),
        ({"countryCode": "Nigeria"}, "countryCode"),
        ({"city": "x" * 81}, "city"),
    ],
)
async def test_bad_places_are_refused_by_name(api, make, location, field):
    mina = await make.user("mina")
    error = await api(mina).refused(UPDATE, location=location)
    assert (error["code"], error["field"]) == ("INVALID_INPUT", ["location", field])


async def test_a_bad_tag_is_named_by_its_place(api, make):
    mina = await make.user("mina")
    error = await api(mina).refused(UPDATE, genreTags=["fine", "x" * 41])
    assert error["field"] == ["genreTags", "1"]
    assert (await api().refused(UPDATE, bio="x"))["code"] == "UNAUTHENTICATED"


async def rename(api, person, name):
    return (await api(person).do(UPDATE, username=name))["user"]["username"]


async def test_a_username_is_read_as_people_type_it(api, make):
    mina = await make.user("mina")
    assert await rename(api, mina, " @\uff2d\uff29\uff2e\uff21.Plays_1 ") == "mina.plays_1"
    for typed in ("mina.plays_1", "@Mina.PLAYS_1"):
        found = await api()("query ($name: String!) { user(username: $name) { username } }", name=typed)
        assert found["user"]["username"] == "mina.plays_1"
    assert (await api()('{ user(username: "mina") { id } }')) == {"user": None}


async def test_a_username_changes_once_a_day(api, make, door):
    mina = await make.user("mina")
    await rename(api, mina, "mina1")
    error = await api(mina).refused(UPDATE, username="mina2")
    assert (error["code"], error["field"]) == ("RATE_LIMITED", ["username"])
    assert 86_000 < error["retryAfterSeconds"] <= 86_400
    assert await rename(api, mina, "mina1") == "mina1"  # The same name is no change.
    await door.sql("UPDATE users SET username_changed_at = now() - interval '24 hours'")
    assert await rename(api, mina, "mina2") == "mina2"


async def test_a_name_that_was_given_up_is_kept_for_thirty_days(api, make, door):
    mina, other = await make.user("mina"), await make.user("other")
    await rename(api, mina, "mina1")
    error = await api(other).refused(UPDATE, username="mina")
    assert (error["code"], error["field"]) == ("CONFLICT", ["username"])
    taken = await api(other).refused(UPDATE, username="mina1")
    assert taken["message"] == error["message"]
    await door.sql("UPDATE users SET username_changed_at = NULL")
    assert await rename(api, mina, "mina") == "mina"  # Her own name she can have back.
    await door.sql("UPDATE users SET username_changed_at = NULL")
    await rename(api, mina, "mina2")
    await door.sql("UPDATE released_usernames SET released_at = now() - interval '30 days'")
    assert await rename(api, other, "mina") == "mina"


async def test_of_ten_who_want_a_name_at_once_one_gets_it(api, make):
    people = [await make.user() for _ in range(10)]
    outcomes = await asyncio.gather(*(api(person)(UPDATE, input={"username": "wanted"}) for person in people))
    errors = [outcome["updateProfile"]["userErrors"] for outcome in outcomes]
    assert [error["code"] for each in errors for error in each] == ["CONFLICT"] * 9
    assert await make.count(User, User.username == "wanted") == 1


async def test_a_name_given_up_in_this_moment_is_kept_too(web, make):
    mina, other = await make.user("mina"), await make.user("other")

    async def take():
        async with web.database.transaction() as tx:
            await profile.update(tx, other.actor, {"username": "mina"})

    async with web.database.transaction() as tx:
        await profile.update(tx, mina.actor, {"username": "mina1"})
        taking = asyncio.create_task(take())
        await asyncio.sleep(0.2)
        assert not taking.done()
    assert (await refusal(taking)).code is ErrorCode.CONFLICT
    async with web.database.session() as session:
        names = set((await session.execute(select(User.username))).scalars())
    assert names == {"mina1", "other"}


async def test_a_generated_name_is_no_kept_one(web, make, door):
    mina = await make.user("amber_otter_42")
    async with web.database.transaction() as tx:
        await profile.update(tx, mina.actor, {"username": "mina"})
    async with web.database.transaction() as tx:
        assert await profile.accounts.add(tx.session, username="amber_otter_42", display_name="x") is None
        assert await profile.accounts.add(tx.session, username="mina", display_name="x") is None
        assert await profile.accounts.add(tx.session, username="amber_otter_43", display_name="x") is not None


async def test_preferences_of_strangers_to_the_setting_are_the_defaults(api, make):
    mina = await make.user("mina")
    ask = "{ viewer { musicPreferences { favoriteGenres explicitContent } } }"
    assert (await api(mina)(ask))["viewer"]["musicPreferences"] == {"favoriteGenres": [], "explicitContent": True}
    await api(mina).do(UPDATE, favoriteGenres=["dub"])
    assert (await api(mina)(ask))["viewer"]["musicPreferences"] == {"favoriteGenres": ["dub"], "explicitContent": True}
    assert await make.count(MusicPreferences) == 1
