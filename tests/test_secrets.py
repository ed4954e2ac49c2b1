"""Secrets go through the whole server, and are looked for afterwards wherever something is kept or told."""

import asyncio
import base64
import json
import re
import secrets
from contextlib import asynccontextmanager, suppress

import httpx
import pytest
from aiosmtpd.controller import Controller
from redis.exceptions import RedisError
from sqlalchemy import text

from db.tables import Row
from integrations import valkey
from tests.accounts.conftest import picture, put, wrong
from tests.client import Api, operation
from tests.connections.elsewhere import VENDORS, Elsewhere
from tests.fleet import Fleet, free_port

EMAIL = "canary.bird@example.com"
REFUSED = "later.canary@example.com"
PUSH = "canary-push-token-" + "p" * 40
KEPT = {
    "JWT_SECRET": "canary-jwt-" + secrets.token_hex(32),
    "JWT_REFRESH_SECRET": "canary-own-" + secrets.token_hex(32),
}
KEY = secrets.token_bytes(32)
ASK, ENTER, REFRESH = (operation(name) for name in ("RequestSignInCode", "SignIn", "RefreshSession"))
CREATE, DEVICE, TOKEN = (operation(name) for name in ("CreateUploads", "RegisterDevice", "CreateApiToken"))
NEWS = "subscription { notificationReceived { cursor } }"
COMPLETE = "mutation ($input: CompleteUploadsInput!) { completeUploads(input: $input) { userErrors { code } } }"
PHOTO = "mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { userErrors { code } } }"


async def eventually(holds, within=20.0):
    """Wait until something holds."""
    async with asyncio.timeout(within):
        while not holds():
            await asyncio.sleep(0.02)


class Letterbox:
    """A mail server that keeps what it is given, and puts some people off."""

    def __init__(self):
        self.letters = []

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802 -- aiosmtpd calls it so
        if address.startswith("later"):
            return "451 come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 -- as above
        self.letters.append(envelope.content.decode())
        return "250 OK"

    async def code(self, number):
        """The digits in the letter of this number, counted from 1."""
        await eventually(lambda: len(self.letters) >= number)
        return re.search(r"code is (\d{6})", self.letters[number - 1])[1]


@pytest.fixture
def letterbox():
    box = Letterbox()
    controller = Controller(box, hostname="localhost", port=free_port())
    controller.start()
    box.port = controller.port
    yield box
    controller.stop(no_assert=True)


@pytest.fixture
async def house(environment, settings, sandbox, letterbox, tmp_path):
    """A web process and a worker as they run in earnest, not in the demo, with all that they say in a file."""
    names = {name: environment[name] for name in ("DATABASE_URL", "REDIS_URL", "PUBLIC_URL")}
    names |= {**KEPT, "BACKLINE_KEYS": f"k1:{base64.b64encode(KEY).decode()}", "BACKLINE_DATA": str(tmp_path / "data")}
    names |= {"SMTP_URL": f"smtp://localhost:{letterbox.port}", "MAIL_FROM": "Backline <hello@backline.example>"}
    # The vendors are the sandbox's, but everything is set as an operator would set it.
    names |= {name: getattr(settings, name.lower()) for name in VENDORS}
    fleet = Fleet({"BACKLINE_DEMO": "", **names}, afresh=True)
    with (tmp_path / "log").open("w") as log:
        found = await fleet.start("web", log)
        await fleet.start("worker", log)
        found.said = tmp_path / "log"
        yield found
        await fleet.end()


@asynccontextmanager
async def overheard(url):
    """Every command that Valkey gets meanwhile."""
    heard = []
    client = valkey.connect(url)

    async def listen():
        async with client.monitor() as monitor:
            heard.append("")
            async for command in monitor.listen():
                heard.append(command["command"])

    # A quiet moment is no reason to stop listening.
    async def keep():
        while True:
            with suppress(RedisError):
                await listen()

    task = asyncio.create_task(keep())
    await eventually(lambda: heard)
    yield heard
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await client.aclose()


async def kept_rows(database):
    """All rows of all tables as text."""
    async with database.session() as session:
        names = [table.name for table in Row.metadata.sorted_tables if not table.info.get("view")]
        return {name: "\n".join(await session.scalars(text(f"SELECT t::text FROM {name} t"))) for name in names}


async def fail_inside(database, attempt):
    """Let PostgreSQL break the connection of somebody who signs in, in the middle of a statement with what they typed."""
    async with database.transaction() as tx:
        await tx.session.execute(text("SELECT 1 FROM sign_in_codes FOR UPDATE"))
        task = asyncio.create_task(attempt)
        ended = None
        async with asyncio.timeout(4):
            while not ended:
                await asyncio.sleep(0.05)
                waits = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                ended = (await tx.session.execute(text(waits))).scalar()
        return await task


class Visit(Elsewhere):
    """Somebody who does everything in which a secret plays a part; `secret` collects them by what they are."""

    def __init__(self, url, letterbox):
        self.url = url
        self.letterbox = letterbox
        self.secret = {**KEPT, "key": base64.b64encode(KEY).decode(), "push token": PUSH}
        self.answers = []

    async def ask(self, document, token=None, /, **input):
        answer = await Api(self.url, token).answer(document, {"input": input})
        self.answers.append(answer)
        return answer.get("data") and next(iter(answer["data"].values()))

    async def enter(self, number):
        await self.ask(ASK, email=EMAIL)
        code = self.secret[f"code {number}"] = await self.letterbox.code(number)
        await self.ask(ENTER, code={"email": EMAIL, "code": wrong(code)})
        session = (await self.ask(ENTER, code={"email": EMAIL, "code": code}))["session"]
        return self.note(session, f"of visit {number}")

    def note(self, session, number):
        self.secret[f"access token {number}"] = session["accessToken"]
        self.secret[f"refresh token {number}"] = session["refreshToken"]
        return session

    async def refresh(self, session, number):
        return self.note((await self.ask(REFRESH, refreshToken=session["refreshToken"]))["session"], number)

    async def send_photo(self, token):
        content = picture()
        facts = {"filename": "me.png", "contentType": "image/png", "byteSize": len(content)}
        (target,) = (await self.ask(CREATE, token, purpose="PROFILE_PHOTO", files=[facts]))["uploads"]
        self.secret["signature"] = re.search(r"signature=([^&]+)", target["url"])[1]
        target["url"] = self.url + target["url"][target["url"].index("/files/") :]
        assert (await put(target, content)).status_code == 201
        await self.ask(COMPLETE, token, uploadIds=[target["id"]])
        await self.ask(PHOTO, token, profilePhotoUploadId=target["id"])

    async def misuse(self, session):
        """Put secrets where they do not belong."""
        for value in (session["refreshToken"], session["accessToken"]):
            await self.ask(REFRESH, session["accessToken"], refreshToken=value)
            await self.ask(ENTER, code={"email": EMAIL, "code": value})
            await self.ask(COMPLETE, value, uploadIds=[value])
        async with httpx.AsyncClient() as client:
            for path in ("/graphql", "/files/x", "/nowhere"):
                await client.get(self.url + path, params={"token": session["accessToken"], "query": "{"})
        await self.ask(ENTER.replace("signIn(", "signIm("), code={"email": EMAIL, "code": "123456"})


def found(secret, kept):
    """Which secrets a text holds, as they are or in hexadecimal."""
    names = []
    for name, value in secret.items():
        inside = value in kept or value.encode().hex() in kept.lower()
        if name.startswith("code"):
            # Six digits alone: not as part of a time or of a hash.
            inside = re.search(rf"(?<![0-9a-f.]){value}(?![0-9a-f])", kept) is not None
        if inside:
            names.append(name)
    return names


async def test_no_secret_is_kept_or_told(house, letterbox, database, settings, sandbox):
    visit = Visit(house.url, letterbox)
    async with overheard(settings.redis_url) as heard:
        first = await visit.enter(1)
        token = first["accessToken"]
        made = await visit.ask(TOKEN, token, name="A program", scopes=["READ"])
        visit.secret["API token"] = made["secret"]
        await visit.ask(DEVICE, token, platform="IOS", token=PUSH)
        await visit.send_photo(token)
        async with Api(house.url, visit.secret["API token"]).subscribe(NEWS) as stream:
            assert await stream.silent(0.3)
        await visit.live_elsewhere(sandbox, token)
        await visit.sign_in_elsewhere(sandbox)
        await visit.note_issued(sandbox)
        visit.secret |= {name: getattr(settings, name.lower()) for name in VENDORS if "SECRET" in name}
        visit.secret["Apple's key"] = settings.apple_private_key.split("-----")[2].strip()[:60]
        kinds = {name.rpartition(" ")[0] for name in visit.secret if "'s " in name}
        assert {"spotify's refresh", "serato's access", "apple_music's music_user_token"} <= kinds, kinds
        second = await visit.refresh(first, "of its refresh")
        await visit.misuse(second)
        await visit.enter(2)
        await visit.ask(ASK, email=EMAIL)
        code = visit.secret["code 3"] = await letterbox.code(3)
        broken = visit.ask(ENTER, code={"email": EMAIL.title(), "code": code})
        assert await fail_inside(database, broken) is None
        await visit.ask(ASK, email=REFUSED)
        await eventually(lambda: "SEND_SIGN_IN_CODE" in house.said.read_text())
    rows = await kept_rows(database)
    assert {name: found(visit.secret, kept) for name, kept in rows.items() if found(visit.secret, kept)} == {}
    assert found(visit.secret, "\n".join(heard)) == []
    assert len(heard) > 20
    answers = [str(answer) for answer in visit.answers]
    told = {name for answer in answers for name in found(visit.secret, answer)}
    assert told == {name for name in visit.secret if re.match("access|refresh|API|signature|state", name)}
    errors = str([answer.get("errors") for answer in visit.answers])
    assert found(visit.secret, errors) == []
    assert "INTERNAL" in errors
    said = house.said.read_text()
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    faults = [line for line in lines if line["logger"] == "engine.masking"]
    assert faults
    assert all(line["request"] and line["operation"] for line in faults)
    assert found(visit.secret, said) == []
    assert EMAIL not in said
    assert REFUSED not in said
    assert PUSH[:20] not in "".join([said, *heard, *rows.values()])
