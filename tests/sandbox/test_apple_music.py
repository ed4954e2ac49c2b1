"""Apple Music's twin: who may ask, what was played, and the catalogue."""

import time

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.sandbox.process import apple_private_pem, registration

OURS = registration()
SONG = {"title": "Slow Ferry", "artist": "Quay 9", "album": "Tides", "isrc": "QZSBX2600701", "duration_ms": 61_000}


def sign(*, key=None, algorithm="ES256", kid=OURS.apple_key_id, lasts=3600, **claims):
    now = int(time.time())
    signed = {"iss": OURS.apple_team_id, "iat": now, "exp": now + lasts, **claims}
    header = {"alg": algorithm, "kid": kid}
    return jwt.encode(header, signed, key or ECKey.import_key(apple_private_pem()), algorithms=[algorithm])


class Fan:
    def __init__(self, sandbox, user):
        self.sandbox, self.user = sandbox, user

    async def get(self, path, token=None, developer=None, headers=None, **query):
        sent = {
            "Authorization": f"Bearer {developer or sign()}",
            "Music-User-Token": token or self.user["music_user_token"],
        }
        return await self.sandbox.http.get(
            f"/api.music.apple.com{path}", params=query or None, headers=sent | (headers or {})
        )

    async def played(self, **song):
        await self.sandbox.control("POST", "/apple_music/users/ann/played", song)

    async def recent(self, **query):
        return (await self.get("/v1/me/recent/played/tracks", **query)).json()


@pytest.fixture
async def ann(sandbox):
    return Fan(sandbox, await sandbox.control("POST", "/apple_music/users", {"id": "ann", "storefront": "ng"}))


def error(answer):
    [found] = answer.json()["errors"]
    assert set(found) >= {"id", "title", "detail", "status", "code"}
    assert found["status"] == str(answer.status_code)
    return answer.status_code


@pytest.mark.parametrize(
    "wrong",
    [
        {"kid": "OTHERKEY01"},
        {"iss": "OTHERTEAM1"},
        {"lasts": -10},
        {"lasts": 15_777_001},
        {"iat": int(time.time()) + 3600},
        {"exp": None},
        {"key": ECKey.generate_key("P-256")},
        {"key": ECKey.generate_key("P-384"), "algorithm": "ES384"},
        {"origin": ["https://app.example"]},
    ],
)
async def test_a_developer_token_that_does_not_hold_opens_nothing(ann, wrong):
    for path in ("/v1/me/storefront", "/v1/catalog/us/songs"):
        assert error(await ann.get(path, developer=sign(**wrong))) == 401


async def test_no_developer_token_opens_nothing(ann):
    assert error(await ann.get("/v1/me/storefront", developer="not.a.token")) == 401
    assert error(await ann.sandbox.http.get("/api.music.apple.com/v1/me/storefront")) == 401


async def test_a_token_for_origins_holds_there_alone(ann):
    token = sign(origin=["https://app.example"])
    answer = await ann.get("/v1/me/storefront", developer=token, headers={"Origin": "https://app.example"})
    assert answer.status_code == 200
    assert error(await ann.get("/v1/me/storefront", developer=token, headers={"Origin": "https://evil.example"})) == 401


async def test_a_persons_token_is_known_and_of_this_team(sandbox, ann):
    found = (await ann.get("/v1/me/storefront")).json()
    assert [front["id"] for front in found["data"]] == ["ng"]
    assert error(await ann.get("/v1/me/storefront", token="unknown")) == 403
    other = await sandbox.control("POST", "/apple_music/users/ann/token", {"team": "OTHERTEAM1"})
    assert error(await ann.get("/v1/me/storefront", token=other["token"])) == 403
    again = await sandbox.control("POST", "/apple_music/users/ann/token", {})
    assert (await ann.get("/v1/me/storefront", token=again["token"])).status_code == 200
    assert (await sandbox.control("POST", "/apple_music/users/ann/revoke"))["revoked"] == 3
    assert error(await ann.get("/v1/me/storefront")) == 403
    listed = {token["secret"] for token in (await sandbox.control("GET", "/tokens"))["tokens"]}
    assert {ann.user["music_user_token"], other["token"], again["token"]} <= listed


async def test_what_is_played_goes_on_top_without_a_time(ann):
    await ann.played(**SONG)
    await ann.played(title="Mine", artist="Me", album="Disk", library=True)
    library, song = (await ann.recent())["data"]
    assert (library["type"], library["attributes"]["name"]) == ("library-songs", "Mine")
    assert {"isrc", "url"}.isdisjoint(library["attributes"])
    assert song["attributes"]["isrc"] == SONG["isrc"]
    assert song["attributes"]["durationInMillis"] == 61_000
    assert not [name for name in song["attributes"] if "played" in name.lower()]
    await ann.played(**SONG)
    assert [each["id"] for each in (await ann.recent())["data"]] == [song["id"], library["id"]]
    assert [each["type"] for each in (await ann.recent(types="library-songs"))["data"]] == ["library-songs"]


async def test_the_list_is_read_page_by_page(ann):
    for number in range(33):
        await ann.played(title=f"Song {number}", artist="A", isrc=f"QZSBX26{60_000 + number}")
    first = await ann.recent(limit=30)
    assert len(first["data"]) == 30
    assert first["next"] == "/v1/me/recent/played/tracks?offset=30"
    rest = (await ann.get(first["next"])).json()
    assert [song["attributes"]["name"] for song in rest["data"]] == ["Song 2", "Song 1", "Song 0"]
    assert "next" not in rest
    assert len((await ann.recent())["data"]) == 10


async def test_the_catalogue_knows_songs_by_isrc(ann):
    await ann.played(**SONG)
    found = (await ann.get("/v1/catalog/fr/songs", **{"filter[isrc]": SONG["isrc"]})).json()
    [song] = found["data"]
    assert song["attributes"]["url"].startswith("https://music.apple.com/fr/song/")
    assert found["meta"]["filters"]["isrc"][SONG["isrc"]][0]["id"] == song["id"]
    assert (await ann.get("/v1/catalog/fr/songs", **{"filter[isrc]": "QZSBX2699999"})).json()["data"] == []


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/v1/me/recent/played/tracks", {"limit": 31}, 400),
        ("/v1/me/recent/played/tracks", {"limit": 0}, 400),
        ("/v1/me/recent/played/tracks", {"offset": "x"}, 400),
        ("/v1/me/recent/played/tracks", {"types": "albums"}, 400),
        ("/v1/catalog/us/songs", {}, 400),
        ("/v1/catalog/zz/songs", {"filter[isrc]": SONG["isrc"]}, 404),
    ],
)
async def test_a_wrong_question_is_refused(ann, path, query, status):
    assert error(await ann.get(path, **query)) == status


async def test_the_demos_people_have_played_something(sandbox, ann):
    users = (await sandbox.control("GET", "/apple_music/users"))["users"]
    mina = Fan(sandbox, next(user for user in users if user["id"] == "mina"))
    assert [song["attributes"]["name"] for song in (await mina.recent())["data"]][-1] == "Taxi to Soweto"
