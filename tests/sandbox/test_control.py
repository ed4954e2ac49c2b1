"""The control API, and who may use it."""

import time

import pytest

HOSTS = [
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "evil.example:80@127.0.0.1.nip.example",
    "10.0.0.1",
    "0.0.0.0",
    "",
    "[::ffff:10.0.0.1]",
]


async def test_a_fresh_sandbox_has_nothing(sandbox):
    assert await sandbox.calls() == []
    assert await sandbox.inbox() == []
    assert await sandbox.control("GET", "/faults") == {"faults": []}


@pytest.mark.parametrize("host", HOSTS)
async def test_a_foreign_name_of_this_machine_is_refused(sandbox, host):
    for path in ("/", "/control/inbox", "/verify.twilio.com/v2/"):
        answer = await sandbox.http.get(path, headers={"Host": host})
        assert answer.status_code in {400, 421}, path
    refused = await sandbox.http.post("/control/faults", json={"kind": "drop"}, headers={"Host": host})
    assert refused.status_code in {400, 421}
    assert await sandbox.control("GET", "/faults") == {"faults": []}
    assert await sandbox.calls() == []


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "127.3.2.1", "[::1]", "sandbox.localhost"])
async def test_names_of_this_machine_are_welcome(sandbox, name):
    answer = await sandbox.http.get("/control/inbox", headers={"Host": f"{name}:{sandbox.port}"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1:8000"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_pages_of_other_sites_are_refused(sandbox, headers):
    for method, path in [
        ("POST", "reset"),
        ("POST", "faults"),
        ("DELETE", "inbox"),
        ("GET", "inbox"),
        ("GET", "calls"),
    ]:
        answer = await sandbox.http.request(method, f"/control/{path}", headers=headers, json={"kind": "drop"})
        assert answer.status_code == 403, (method, path)
        assert "access-control-allow-origin" not in answer.headers
    assert await sandbox.control("GET", "/faults") == {"faults": []}


async def test_its_own_page_is_welcome(sandbox):
    headers = {"Origin": sandbox.url, "Sec-Fetch-Site": "same-origin"}
    answer = await sandbox.http.post("/control/faults", json={"kind": "drop"}, headers=headers)
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("rule", "word"),
    [
        ({}, "kind"),
        ({"kind": "meteor"}, "kind"),
        ({"kind": "drop", "tims": 1}, "tims"),
        ({"kind": "drop", "times": 0}, "times"),
        ({"kind": "drop", "times": True}, "times"),
        ({"kind": "drop", "times": "2"}, "times"),
        ({"kind": "drop", "probability": 2}, "probability"),
        ({"kind": "delay", "seconds": -1}, "seconds"),
        ({"kind": "delay", "seconds": 1e9}, "seconds"),
        ({"kind": "status", "status": 99}, "status"),
        ({"kind": "status", "headers": {"a": 1}}, "headers"),
        ({"kind": "status", "headers": {"a": "x\r\ny: z"}}, "headers"),
        ({"kind": "status", "headers": {"a b": "x"}}, "headers"),
        ({"kind": ["drop"]}, "kind"),
        ("drop", "object"),
        (None, "object"),
    ],
)
async def test_a_rule_that_makes_no_sense_is_refused_whole(sandbox, rule, word):
    answer = await sandbox.http.post("/control/faults", json=[{"kind": "drop"}, rule])
    assert answer.status_code == 400
    assert word in answer.json()["error"]
    assert await sandbox.control("GET", "/faults") == {"faults": []}, "the good one beside it was not taken either"


async def test_rules_are_listed_and_switched_off(sandbox):
    first = await sandbox.fault("drop", host="a.example")
    second = await sandbox.fault("delay", seconds=1)
    listed = (await sandbox.control("GET", "/faults"))["faults"]
    assert [rule["id"] for rule in listed] == [first, second]
    assert await sandbox.control("DELETE", f"/faults/{first}") == {"removed": 1}
    assert await sandbox.control("DELETE", f"/faults/{first}") == {"removed": 0}
    assert await sandbox.control("DELETE", "/faults") == {"removed": 1}


async def test_the_clock_can_be_shifted(sandbox):
    await sandbox.advance(3600)
    await sandbox.advance(60)
    found = await sandbox.control("GET", "/clock")
    assert found["offset"] == 3660
    assert abs(found["now"] - time.time() - 3660) < 5
    for wrong in ({"offset": "x"}, {"offset": 1e300}, {"advance": -1e300}, {"offset": True}, {}, []):
        assert (await sandbox.http.post("/control/clock", json=wrong)).status_code == 400
    assert (await sandbox.control("GET", "/clock"))["offset"] == 3660
    await sandbox.reset()
    assert (await sandbox.control("GET", "/clock"))["offset"] == 0


@pytest.mark.parametrize(
    "query", ["calls?since=x", "calls?limit=x", "calls/count?since=x", "inbox?since=x", "inbox?since=nan"]
)
async def test_questions_that_make_no_sense_are_refused(sandbox, query):
    assert (await sandbox.http.get(f"/control/{query}")).status_code == 400


async def test_the_page_runs_nothing_from_elsewhere(sandbox):
    page = await sandbox.http.get("/")
    assert page.headers["content-type"].startswith("text/html")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    for word in ("<script>", "onclick", "style=", "http://", "https://"):
        assert word not in page.text
    for file in ("/page.css", "/page.js"):
        assert (await sandbox.http.get(file)).status_code == 200


async def test_numbers_beyond_reason_are_no_trouble(sandbox):
    assert await sandbox.control("GET", "/calls", since=10**30, limit=-5) == {"calls": [], "last": await sandbox.mark()}
    assert (await sandbox.control("GET", "/calls/count", since=-(10**30)))["count"] == 0
