"""The explorer's doors without a browser: what is served to whom, and what is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request

from domain.demo import Person, Token
from domain.errors import NotFound, RateLimited
from web.explorer import HEADERS, page, routes, wants_page

ENDS = datetime(2026, 5, 4, 12, 10, tzinfo=UTC)
OURS = {"Sec-Fetch-Site": "same-origin"}


async def cast() -> list[Person]:
    return [Person("ada", "Ada 🎧", "Curator"), Person("busy", "Busy", "Signs in too often")]


async def sign_in(username: str) -> Token:
    if username == "busy":
        raise RateLimited("Too many sign-ins.", retry_after_seconds=3)
    if username != "ada":
        raise NotFound("The demo has nobody of that name.", "username")
    return Token(f"token of {username}", ENDS)


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    (tmp_path / "dist" / "assets").mkdir(parents=True)
    (tmp_path / "dist" / "index.html").write_text('<html data-people="hidden"><p>explorer</p></html>')
    (tmp_path / "dist" / "secret.js").write_text("secret")
    for name in ("index-1a2b.js", "index-3c4d.css", "codicon.ttf", "notes.txt"):
        (tmp_path / "dist" / "assets" / name).write_text(name)
    return tmp_path / "dist"


@pytest.fixture
async def demo(dist: Path) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(Starlette(routes=routes(dist, cast, sign_in)))
    async with httpx.AsyncClient(transport=transport, base_url="http://backline.test:8000") as client:
        yield client


def request(accept: str, method: str = "GET") -> Request:
    return Request({"type": "http", "method": method, "headers": [(b"accept", accept.encode())]})


def test_only_a_browser_that_opens_a_page_gets_one() -> None:
    assert wants_page(request("text/html,application/xhtml+xml,*/*;q=0.8"))
    assert wants_page(request("Text/HTML", "HEAD"))
    assert not wants_page(request("text/html", "POST"))
    assert not wants_page(request("application/graphql-response+json, application/json"))
    assert not wants_page(request("*/*"))


def test_the_page_says_whether_there_are_people(dist: Path) -> None:
    assert b'data-people="shown"' in page(dist, with_people=True).body
    served = page(dist, with_people=False)
    assert b'data-people="hidden"' in served.body
    assert served.headers["vary"] == "Accept"
    policy = served.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-eval" not in policy
    assert "blob:" not in policy


def test_the_page_says_how_to_build_it(tmp_path: Path) -> None:
    served = page(tmp_path / "nowhere", with_people=True)
    assert served.status_code == 503
    assert b"python explorer/build.py" in served.body
    assert served.headers["content-security-policy"] == HEADERS["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("name", "content_type"),
    [("index-1a2b.js", "text/javascript"), ("index-3c4d.css", "text/css"), ("codicon.ttf", "font/ttf")],
)
async def test_files_are_typed_and_kept_for_good(demo: httpx.AsyncClient, name: str, content_type: str) -> None:
    response = await demo.get(f"/explorer/assets/{name}")
    assert response.text == name
    assert response.headers["content-type"].split(";")[0] == content_type
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.headers.items() >= {key.lower(): value for key, value in HEADERS.items()}.items()


@pytest.mark.parametrize(
    "name",
    ["missing.js", "notes.txt", "..", "../secret.js", "..%2Fsecret.js", "%2e%2e%2fsecret.js", "..%5Csecret.js", "."],
)
async def test_nothing_else_is_served(demo: httpx.AsyncClient, name: str) -> None:
    response = await demo.get(f"/explorer/assets/{name}")
    assert response.status_code == 404
    assert "secret" not in response.text


async def test_files_before_the_first_build_are_missing(tmp_path: Path) -> None:
    transport = httpx.ASGITransport(Starlette(routes=routes(tmp_path / "nowhere", None, None)))
    async with httpx.AsyncClient(transport=transport, base_url="http://backline.test") as client:
        assert (await client.get("/explorer/assets/index-1a2b.js")).status_code == 404


async def test_the_demo_lists_its_people_and_signs_in_as_one(demo: httpx.AsyncClient) -> None:
    people = await demo.get("/explorer/people")
    assert people.json()[0] == {"username": "ada", "displayName": "Ada 🎧", "about": "Curator"}
    session = await demo.post("/explorer/session", json={"username": "ada"}, headers=OURS)
    assert session.json() == {"accessToken": "token of ada", "expiresAt": "2026-05-04T12:10:00+00:00"}
    assert session.headers["cache-control"] == "no-store"


async def test_outside_the_demo_there_are_no_people(dist: Path) -> None:
    transport = httpx.ASGITransport(Starlette(routes=routes(dist, None, None)))
    async with httpx.AsyncClient(transport=transport, base_url="http://backline.test") as client:
        assert (await client.get("/explorer/people")).status_code == 404
        assert (await client.post("/explorer/session", json={"username": "ada"}, headers=OURS)).status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://backline.test:8000"},
        {"Origin": "https://evil.test"},
        {"Origin": "http://backline.test"},
        {"Origin": "null"},
        {"Origin": ""},
    ],
)
async def test_other_sites_get_no_token(demo: httpx.AsyncClient, headers: dict[str, str]) -> None:
    response = await demo.post("/explorer/session", json={"username": "ada"}, headers=headers)
    assert response.status_code == 403
    assert response.json()["code"] == "FORBIDDEN"
    assert "token of" not in response.text


async def test_an_older_browser_is_known_by_its_origin(demo: httpx.AsyncClient) -> None:
    headers = {"Origin": "http://backline.test:8000"}
    assert (await demo.post("/explorer/session", json={"username": "ada"}, headers=headers)).status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"username": "nobody"}', 404, "NOT_FOUND"),
        (b'{"username": "busy"}', 429, "RATE_LIMITED"),
        (b'{"username": ["ada"]}', 400, "INVALID_INPUT"),
        (b'{"username": null}', 400, "INVALID_INPUT"),
        (b'["ada"]', 400, "INVALID_INPUT"),
        (b"{", 400, "INVALID_INPUT"),
        (b"", 400, "INVALID_INPUT"),
        (b"\xff\xfe", 400, "INVALID_INPUT"),
        (b'{"username": "ada", "more": "' + b"x" * 2000 + b'"}', 400, "INVALID_INPUT"),
    ],
)
async def test_a_wrong_body_is_refused_in_words(demo: httpx.AsyncClient, body: bytes, status: int, code: str) -> None:
    response = await demo.post("/explorer/session", content=body, headers=OURS)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.json()["message"].endswith((".", "}"))


async def test_a_session_is_started_by_post_alone(demo: httpx.AsyncClient) -> None:
    assert (await demo.get("/explorer/session", headers=OURS)).status_code == 405
