"""What the vendors know: documents, calls, and that they survive a kill."""

import asyncio
import subprocess
import sys

import httpx
import pytest

from integrations.sandbox import world as module
from integrations.sandbox.world import World
from tests.fleet import ROOT
from tests.sandbox.process import registration

OURS = registration()
NUMBERS = [f"+4915100000{number:03d}" for number in range(200)]


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path / "deep" / "world.sqlite")
    yield made
    made.close()


def test_documents_are_put_read_and_taken(world):
    assert world.get("user", "mina") is None
    world.put("user", "mina", {"name": "Mina", "n": [1, None]})
    world.put("user", "theo", {"name": "Theo"})
    world.put("token", "mina", {"is": "another kind"})
    world.put("user", "mina", {"name": "Mina K."})
    assert world.get("user", "mina") == {"name": "Mina K."}
    assert list(world.all("user")) == ["mina", "theo"], "in the order in which they came first"
    assert world.take("user", "mina") == {"name": "Mina K."}
    assert world.take("user", "mina") is None
    assert (world.delete("user", "theo"), world.delete("user", "theo")) == (1, 0)
    assert world.all("user") == {}
    assert world.delete("token") == 1


def test_a_document_is_a_copy(world):
    world.put("user", "mina", {"name": "Mina"})
    world.get("user", "mina")["name"] = "changed"
    assert world.get("user", "mina") == {"name": "Mina"}


def test_a_transaction_is_whole_or_not_at_all(world):
    world.put("a", "kept", {})
    with pytest.raises(ZeroDivisionError), world.transaction():
        world.put("a", "lost", {})
        with world.transaction():
            world.delete("a", "kept")
        raise ZeroDivisionError
    assert list(world.all("a")) == ["kept"]
    with world.transaction(), world.transaction():
        world.put("a", "new", {})
    assert list(world.all("a")) == ["kept", "new"]
    with world.transaction():
        with pytest.raises(ZeroDivisionError), world.transaction():
            raise ZeroDivisionError
        world.put("a", "after", {})
    assert list(world.all("a")) == ["kept", "new", "after"]


def test_two_processes_see_one_world_and_one_takes(world, tmp_path):
    for number in range(300):
        world.put("prize", str(number), {})
    code = (
        "import sys, pathlib; from integrations.sandbox.world import World;"
        "w = World(pathlib.Path(sys.argv[1]));"
        "print(sum(w.take('prize', str(n)) is not None for n in range(300)))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "deep" / "world.sqlite")]
    racing = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert sum(int(each.communicate()[0]) for each in racing) == 300
    assert world.all("prize") == {}


def note(world, host="a.example", path="/v1/me", body=b""):
    return world.note_call(host=host, method="GET", path=path, query="", authorization="", body=body)


def test_calls_are_noted_found_and_bounded(world, monkeypatch):
    monkeypatch.setattr(module, "KEPT_CALLS", 50)
    ids = [note(world, host=f"{number % 2}.example") for number in range(80)]
    assert [call["id"] for call in world.calls()] == ids[30:]
    assert [call["id"] for call in world.calls(since=ids[70])] == ids[71:]
    assert [call["id"] for call in world.calls(host="1.example", since=ids[70])] == ids[71::2]
    assert [call["id"] for call in world.calls(limit=2)] == ids[-2:]
    assert world.count_calls(host="0.example") == 25
    assert "body" not in world.calls(bodies=False)[0]
    note(world, path="/v1/me/player")
    assert world.count_calls(path="/v1/me/*") == 1
    world.reset()
    assert world.calls() == []
    assert note(world) == world.last_call() == ids[-1] + 2, "numbers go on, so that `since` holds"


def test_long_bodies_and_answers_are_cut_and_bytes_are_no_trouble(world):
    call = note(world, body=b"\xff\x00" * 100_000)
    world.end_call(call, who="mina", status=200, seconds=0.1, answer=b"\xfe" * 9_999, fault=None)
    [found] = world.calls()
    assert len(found["body"]) == 64 * 1024
    assert len(found["answer"]) == 4 * 1024
    assert (found["who"], found["status"]) == ("mina", 200)


def test_the_shifted_clock_is_kept(world, tmp_path):
    world.offset = 3600
    again = World(tmp_path / "deep" / "world.sqlite")
    assert again.now() - world.now() < 1
    assert again.offset == 3600
    again.close()


async def test_state_survives_kill_9(mortal_sandbox):
    """Whatever the vendor had answered is still so after it was killed in the middle of requests."""
    sandbox = mortal_sandbox
    auth = (OURS.twilio_account_sid, OURS.twilio_auth_token)
    path = f"/verify.twilio.com/v2/Services/{OURS.twilio_service_sid}"
    await sandbox.fault("delay", path="/nothing", seconds=1)
    await sandbox.advance(100)
    answered = []

    async def ask(number):
        try:
            answer = await sandbox.http.post(f"{path}/Verifications", data={"To": number, "Channel": "sms"}, auth=auth)
        except httpx.TransportError:
            return
        answered.append((number, answer.json()["sid"]))

    asking = [asyncio.create_task(ask(number)) for number in NUMBERS]
    while len(answered) < 40:
        await asyncio.sleep(0.005)
    await sandbox.kill()
    await asyncio.gather(*asking)
    assert 40 <= len(answered) < len(NUMBERS), "it was killed in the middle"
    await sandbox.start()
    texts = {sms["to"]: sms["code"] for sms in await sandbox.inbox()}
    noted = {call["who"] for call in await sandbox.calls("verify.twilio.com") if call["status"] == 201}
    assert {number for number, _ in answered} <= set(texts)
    assert {number for number, _ in answered} <= noted
    for number, sid in answered:
        answer = await sandbox.http.post(
            f"{path}/VerificationCheck", data={"To": number, "Code": texts[number]}, auth=auth
        )
        assert (answer.json()["sid"], answer.json()["status"]) == (sid, "approved")
    assert (await sandbox.control("GET", "/clock"))["offset"] == 100
    assert len((await sandbox.control("GET", "/faults"))["faults"]) == 1
