"""Photos that come with the mutation that takes them into use."""

import io
import json
import re
from pathlib import Path

import httpx
from PIL import Image

from db.tables import Upload, User
from domain.uploads import MAX_PHOTO_BYTES
from tests.accounts.conftest import picture
from tests.accounts.test_uploads import PHOTO, polyglots

ROOT = Path(__file__).parent.parent.parent
SEND = """
mutation ($input: UploadProfilePhotoInput!) {
  uploadProfilePhoto(input: $input) {
    user { id profilePhotoUrl }
    userErrors { code message field retryAfterSeconds }
  }
}
"""


async def send(api, person, content, *facts):
    answer = await api(person).send_file(SEND, content, *facts)
    assert "errors" not in answer, answer
    return answer["data"]["uploadProfilePhoto"]


async def fetch(url):
    async with httpx.AsyncClient(verify=False) as client:
        return await client.get(url)


async def test_a_photo_in_one_request(api, make, run_jobs):
    mina = await make.user("mina")
    first = await send(api, mina, picture("JPEG", size=(900, 600)))
    assert (first["userErrors"], first["user"]["id"]) == ([], mina.wire)
    answer = await fetch(first["user"]["profilePhotoUrl"])
    with Image.open(io.BytesIO(answer.content)) as image:
        assert (image.format, image.size) == ("WEBP", (512, 512))
    assert await make.count(Upload, Upload.status == "USED", Upload.user_id == mina.id) == 1
    second = await send(api, mina, picture(color="red"), "Élan.PNG", "image/PNG")
    await run_jobs()
    assert (await fetch(first["user"]["profilePhotoUrl"])).status_code == 404
    assert (await fetch(second["user"]["profilePhotoUrl"])).is_success


async def test_as_the_documentation_says(api, make):
    mina = await make.user("mina")
    text = (ROOT / "docs/api.md").read_text()
    operations = json.loads(re.search(r"-F 'operations=(.*)' ", text)[1])
    places = re.search(r"-F 'map=(.*?)'", text)[1]
    file = ("me.jpg", picture("JPEG"), "image/jpeg")
    parts = [("operations", (None, json.dumps(operations))), ("map", (None, places)), ("0", file)]
    async with httpx.AsyncClient(verify=False) as client:
        answer = await client.post(f"{api().url}/graphql", files=parts, headers=api(mina).headers)
    assert answer.json()["data"]["uploadProfilePhoto"]["user"]["profilePhotoUrl"]


async def test_what_is_no_photo_changes_nothing(api, make):
    mina = await make.user("mina")
    before = (await send(api, mina, picture()))["user"]["profilePhotoUrl"]
    large = picture() + bytes(MAX_PHOTO_BYTES)
    bad = [(content,) for content in polyglots().values()]
    bad = [*bad[:3], (picture("PNG", size=(8000, 8000), color="black"),)]
    refused_early = [
        (large,),
        (b"",),
        (picture("GIF"), "me.gif", "image/gif"),
        (picture(), "a/b.png"),
        (picture(), "..", "image/png"),
    ]
    for given in (*bad, *refused_early):
        payload = await send(api, mina, *given)
        (error,) = payload["userErrors"]
        assert (payload["user"], error["code"], error["field"]) == (None, "INVALID_INPUT", ["file"]), given[1:]
    assert (await api(mina)(PHOTO))["viewer"]["user"]["profilePhotoUrl"] == before
    assert await make.count(Upload) == 1 + len(bad)
    assert await make.count(Upload, Upload.status == "FAILED") == len(bad)


async def test_ten_photos_and_no_eleventh(api, make):
    mina = await make.user("mina")
    for _ in range(10):
        assert (await send(api, mina, picture(size=(8, 8))))["user"]
    payload = await send(api, mina, picture())
    assert [error["code"] for error in payload["userErrors"]] == ["RATE_LIMITED"]
    assert await make.count(Upload) == 10


async def test_strangers_and_json_send_none(api, make):
    mina = await make.user("mina")
    answer = await api().send_file(SEND, picture())
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["UNAUTHENTICATED"]
    answer = await api(mina).answer(SEND, {"input": {"file": "photos/somebody.webp"}})
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["GRAPHQL_VALIDATION_FAILED"]
    answer = await api(mina).send_file(SEND.replace("profilePhotoUrl", "secret"), picture())
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["GRAPHQL_VALIDATION_FAILED"]
    assert await make.count(Upload) == await make.count(User, User.photo_key.is_not(None)) == 0
