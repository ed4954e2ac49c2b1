"""Photos: from the permission to send one to the picture that everybody sees."""

import asyncio
import io
from urllib.parse import urlsplit

import httpx
from PIL import Image
from sqlalchemy import select

from db.tables import JobRow, Upload, User
from domain.ids import new_id, to_wire
from resolvers import uploads
from tests.accounts.conftest import picture, put
from tests.client import operation

CREATE, UPDATE = operation("CreateUploads"), operation("UpdateProfile")
COMPLETE = """
mutation ($input: CompleteUploadsInput!) {
  completeUploads(input: $input) {
    uploads { id filename purpose status failure { code message } }
    userErrors { code message field retryAfterSeconds }
  }
}
"""
PHOTO = "{ viewer { user { profilePhotoUrl } } }"


def facts(content, filename="me.png", kind="image/png"):
    return {"filename": filename, "contentType": kind, "byteSize": len(content)}


async def targets(api, person, *contents):
    files = [facts(content, f"photo {place}.png") for place, content in enumerate(contents)]
    return (await api(person).do(CREATE, purpose="PROFILE_PHOTO", files=files))["uploads"]


async def send(api, person, content):
    (target,) = await targets(api, person, content)
    assert (await put(target, content)).is_success
    return target["id"]


async def complete(api, person, *ids):
    return (await api(person).do(COMPLETE, uploadIds=list(ids)))["uploads"]


async def stored(api, person, content=None):
    upload_id = await send(api, person, content or picture())
    (upload,) = await complete(api, person, upload_id)
    assert upload["status"] == "STORED", upload
    return upload_id


async def fetch(url):
    async with httpx.AsyncClient(verify=False) as client:
        return await client.get(url)


async def test_a_photo_on_its_whole_way(api, make, web, run_jobs):
    mina = await make.user("mina")
    content = picture("JPEG", size=(900, 600))
    (target,) = await targets(api, mina, content)
    assert (target["method"], target["partSize"], target["filename"]) == ("PUT", None, "photo 0.png")
    target["headers"] = [{"name": "Content-Type", "value": "image/png"}]
    assert (await put(target, content)).is_success
    (upload,) = await complete(api, mina, target["id"])
    assert (upload["status"], upload["purpose"], upload["failure"]) == ("STORED", "PROFILE_PHOTO", None)
    assert await complete(api, mina, target["id"]) == [upload]
    url = (await api(mina).do(UPDATE, profilePhotoUploadId=target["id"]))["user"]["profilePhotoUrl"]
    answer = await fetch(url)
    assert answer.headers["content-type"] == "image/webp"
    with Image.open(io.BytesIO(answer.content)) as image:
        assert (image.format, image.size) == ("WEBP", (512, 512))
    assert (await api()('{ user(username: "mina") { profilePhotoUrl } }'))["user"]["profilePhotoUrl"] == url
    (again,) = await complete(api, mina, target["id"])
    assert again["status"] == "USED"


async def test_the_old_photo_is_removed(api, make, run_jobs):
    mina = await make.user("mina")
    urls = []
    for _ in range(2):
        upload_id = await stored(api, mina)
        urls.append((await api(mina).do(UPDATE, profilePhotoUploadId=upload_id))["user"]["profilePhotoUrl"])
    assert (await fetch(urls[0])).is_success
    assert await run_jobs() == 1
    assert (await fetch(urls[0])).status_code == 404
    assert (await fetch(urls[1])).is_success
    await api(mina).do(UPDATE, profilePhotoUploadId=None)
    assert (await api(mina)(PHOTO))["viewer"]["user"]["profilePhotoUrl"] is None
    await run_jobs()
    assert (await fetch(urls[1])).status_code == 404


async def test_what_was_sent_is_removed_when_the_permission_is_over(api, make, web, run_jobs, door):
    mina = await make.user("mina")
    content = picture()
    upload_id = await stored(api, mina, content)
    async with web.database.session() as session:
        (job,) = (await session.execute(select(JobRow))).scalars()
        upload = (await session.execute(select(Upload))).scalar_one()
    assert job.payload == {"keys": [f"uploads/{upload.id}"]}
    assert await run_jobs() == 0
    assert await web.services.files.read(f"uploads/{upload.id}", limit=10**6) == content
    await door.sql("UPDATE jobs SET run_at = now()")
    assert await run_jobs() == 1
    assert (await fetch(web.services.files.sign_download(f"uploads/{upload.id}"))).status_code == 404
    assert (await fetch(web.services.files.sign_download(upload.storage_key))).is_success
    assert (await complete(api, mina, upload_id))[0]["status"] == "STORED"


def polyglots():
    plain = picture("PNG")
    zipped = b"PK\x05\x06" + bytes(18)
    moving = io.BytesIO()
    frames = [Image.new("RGB", (20, 20), color) for color in ("red", "blue")]
    frames[0].save(moving, "PNG", save_all=True, append_images=frames[1:])
    return {
        "a page": b"<html><script>alert(1)</script></html>",
        "a picture and an archive": plain + zipped,
        "a picture and a page": plain + b"<script>alert(1)</script>",
        "half a picture": plain[: len(plain) // 2],
        "a moving picture": moving.getvalue(),
        "a GIF": picture("GIF"),
        "nothing but zeros": bytes(100),
    }


async def test_what_is_not_just_a_picture_fails_and_the_rest_goes_on(api, make, web):
    mina = await make.user("mina")
    contents = [*polyglots().values(), picture()]
    made = await targets(api, mina, *contents)
    for target, content in zip(made, contents, strict=True):
        assert (await put(target, content)).is_success
    done = await complete(api, mina, *(target["id"] for target in made))
    assert [each["status"] for each in done] == ["FAILED"] * (len(contents) - 1) + ["STORED"]
    assert {each["failure"]["code"] for each in done[:-1]} == {"UNUSABLE"}
    assert all(each["failure"]["message"] for each in done[:-1])
    for each in done[:-1]:
        error = await api(mina).refused(UPDATE, profilePhotoUploadId=each["id"])
        assert (error["code"], error["field"]) == ("CONFLICT", ["profilePhotoUploadId"])


async def test_a_bomb_is_refused_before_it_is_unpacked(api, make):
    mina = await make.user("mina")
    bomb = picture("PNG", size=(8000, 8000), color="black")
    (upload,) = await complete(api, mina, await send(api, mina, bomb))
    assert (upload["status"], upload["failure"]["code"]) == ("FAILED", "UNUSABLE")


async def test_bytes_that_never_came(api, make):
    mina = await make.user("mina")
    (target,) = await targets(api, mina, picture())
    (upload,) = await complete(api, mina, target["id"])
    assert (upload["status"], upload["failure"]["code"]) == ("FAILED", "MISSING")


async def test_other_bytes_than_were_announced_are_not_taken(api, make):
    mina = await make.user("mina")
    content = picture()
    (target,) = await targets(api, mina, content)
    assert (await put(target, content + b"x")).is_client_error
    assert (await put(target, content, **{"Content-Type": "text/html"})).is_client_error
    assert (await put({**target, "url": target["url"][:-4] + "AAAA"}, content)).is_client_error
    assert (await put(target, content)).is_success
    assert (await put(target, content)).is_client_error


async def test_all_that_is_wrong_with_files_is_said_at_once(api, make):
    mina = await make.user("mina")
    files = [
        facts(picture()),
        {"filename": "a/b.png", "contentType": "image/png", "byteSize": 5},
        {"filename": "ok.png", "contentType": "image/gif", "byteSize": 0},
        {"filename": " ", "contentType": "image/png", "byteSize": 10 * 1024 * 1024 + 1},
        {"filename": "ok.png", "contentType": "IMAGE/PNG ", "byteSize": 10 * 1024 * 1024},
        {"filename": "..", "contentType": "image/png", "byteSize": -1},
    ]
    payload = (await api(mina)(CREATE, input={"purpose": "PROFILE_PHOTO", "files": files}))["createUploads"]
    assert payload["uploads"] is None
    assert [error["field"] for error in payload["userErrors"]] == [
        ["files", "1", "filename"],
        ["files", "2", "contentType"],
        ["files", "2", "byteSize"],
        ["files", "3", "filename"],
        ["files", "3", "byteSize"],
        ["files", "5", "filename"],
        ["files", "5", "byteSize"],
    ]
    assert {error["code"] for error in payload["userErrors"]} == {"INVALID_INPUT"}
    for count in (0, 21):
        error = await api(mina).refused(CREATE, purpose="PROFILE_PHOTO", files=[facts(picture())] * count)
        assert error["field"] == ["files"]
    assert await make.count(Upload) == 0
    assert (await api().refused(CREATE, purpose="PROFILE_PHOTO", files=[facts(b"x")]))["code"] == "UNAUTHENTICATED"


async def test_twenty_files_at_once(api, make):
    mina = await make.user("mina")
    made = await targets(api, mina, *[picture() for _ in range(20)])
    assert len({target["id"] for target in made}) == 20
    assert [target["filename"] for target in made] == [f"photo {place}.png" for place in range(20)]


async def test_ten_calls_at_once_and_no_eleventh(api, make):
    mina, other = await make.user("mina"), await make.user("other")
    for _ in range(10):
        await targets(api, mina, picture())
    error = await api(mina).refused(CREATE, purpose="PROFILE_PHOTO", files=[facts(picture())])
    assert error["code"] == "RATE_LIMITED"
    assert 50 < error["retryAfterSeconds"] <= 60
    await targets(api, other, picture())


async def test_uploads_of_others_do_not_exist(api, make):
    mina, other = await make.user("mina"), await make.user("other")
    own, foreign = await send(api, mina, picture()), await stored(api, other)
    for bad in (foreign, to_wire("upload", new_id()), mina.wire, ""):
        error = await api(mina).refused(COMPLETE, uploadIds=[own, bad])
        assert (error["code"], error["field"]) == ("NOT_FOUND", ["uploadIds", "1"])
        error = await api(mina).refused(UPDATE, profilePhotoUploadId=bad)
        assert (error["code"], error["field"]) == ("NOT_FOUND", ["profilePhotoUploadId"])
    assert await make.count(Upload, Upload.status == "STORED") == 1
    ask = "query ($id: ID!) { node(id: $id) { id } }"
    assert await api(mina)(ask, id=foreign) == {"node": None}


async def test_a_photo_is_used_once_by_one_of_many(api, make):
    mina = await make.user("mina")
    upload_id = await stored(api, mina)
    outcomes = await asyncio.gather(*(api(mina)(UPDATE, input={"profilePhotoUploadId": upload_id}) for _ in range(5)))
    errors = [error["code"] for outcome in outcomes for error in outcome["updateProfile"]["userErrors"]]
    assert errors == ["CONFLICT"] * 4
    assert (await api(mina)(PHOTO))["viewer"]["user"]["profilePhotoUrl"] is not None


async def test_looking_five_times_at_once_stores_one_photo(api, make, web, run_jobs):
    mina = await make.user("mina")
    upload_id = await send(api, mina, picture())
    outcomes = await asyncio.gather(*(complete(api, mina, upload_id) for _ in range(5)))
    assert {upload["status"] for (upload,) in outcomes} == {"STORED"}
    await run_jobs()
    url = (await api(mina).do(UPDATE, profilePhotoUploadId=upload_id))["user"]["profilePhotoUrl"]
    assert (await fetch(url)).is_success
    async with web.database.session() as session:
        jobs = (await session.execute(select(JobRow.payload))).scalars()
        removed = [key for job in jobs for key in job["keys"] if key.startswith("photos/")]
    assert len(removed) <= 4
    assert urlsplit(url).path not in {f"/files/{key}" for key in removed}


async def test_what_is_not_used_in_time_is_given_up(api, make, web, run_jobs, door):
    mina = await make.user("mina")
    waiting, finished = await send(api, mina, picture()), await stored(api, mina)
    used = await stored(api, mina)
    await api(mina).do(UPDATE, profilePhotoUploadId=used)
    assert await uploads.expire(web.database) == 0
    await door.sql("UPDATE uploads SET expires_at = now() - interval '1 second'")
    (late,) = await complete(api, mina, waiting)
    assert late["status"] == "EXPIRED"
    assert (await api(mina).refused(UPDATE, profilePhotoUploadId=finished))["code"] == "CONFLICT"
    async with web.database.session() as session:
        keys = {row.id: row.storage_key for row in await session.execute(select(Upload.id, Upload.storage_key))}
    assert await uploads.expire(web.database) == 1
    await run_jobs()
    statuses = [each["status"] for each in await complete(api, mina, waiting, finished, used)]
    assert statuses == ["EXPIRED", "EXPIRED", "USED"]
    kept = {to_wire("upload", upload_id): key for upload_id, key in keys.items()}
    assert (await fetch(web.services.files.sign_download(kept[finished]))).status_code == 404
    assert (await fetch(web.services.files.sign_download(kept[used]))).is_success
    assert await make.count(User, User.photo_key == kept[used]) == 1
