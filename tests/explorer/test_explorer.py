"""The explorer in a real browser, against the real server, with the rest of the network cut."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, Route, WebSocket, async_playwright, expect

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = Path("/usr/bin/chromium")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
QUIET += ["--disable-sync", "--no-first-run"]


@dataclass
class Visit:
    """A page of the explorer, and everything that must not have happened by its end."""

    page: Page
    strangers: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    frames: list[str] = field(default_factory=list)

    async def open_tab(self, name: str) -> None:
        await self.page.locator(".graphiql-tab", has_text=name).get_by_role("button").first.click()
        # GraphiQL reads a document's operations a moment after it has changed; nobody clicks that fast.
        await self.page.wait_for_timeout(400)

    async def run(self) -> None:
        await self.page.locator(".graphiql-execute-button").click()

    async def shows(self, text: str) -> None:
        await expect(self.page.locator(".result-window")).to_contain_text(text, timeout=10_000)

    async def shows_no(self, text: str) -> None:
        await expect(self.page.locator(".result-window")).not_to_contain_text(text, timeout=10_000)


@pytest.fixture(scope="module")
def chromium() -> Path:
    if not CHROMIUM.exists():
        pytest.skip(f"NO CHROMIUM at {CHROMIUM}: the explorer was NOT tested in a browser.")
    build = [sys.executable, str(ROOT / "explorer" / "build.py")]
    built = subprocess.run(build, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return CHROMIUM


@pytest.fixture(scope="module")
async def browser(chromium: Path) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield browser
        await browser.close()


@pytest.fixture
async def visit(browser: Browser, server: str) -> AsyncIterator[Visit]:
    context = await browser.new_context(viewport={"width": 1440, "height": 860})
    visit = Visit(await context.new_page())

    async def guard(route: Route) -> None:
        if route.request.url.startswith((f"{server}/", "data:")):
            await route.continue_()
        else:
            visit.strangers.append(route.request.url)
            await route.abort()

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: visit.frames.append(str(frame)))

    def complain(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            visit.complaints.append(message.text)

    await context.route("**/*", guard)
    visit.page.on("console", complain)
    visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    visit.page.on("websocket", listen)
    await visit.page.goto(f"{server}/graphql")
    await expect(visit.page.locator(".graphiql-query-editor")).to_contain_text("liveBroadcasts", timeout=20_000)
    yield visit
    await context.close()
    assert visit.strangers == []
    assert visit.complaints == []


async def post(client: httpx.AsyncClient, path: str, body: object, **headers: str) -> dict:
    response = await client.post(path, json=body, headers={"Sec-Fetch-Site": "same-origin", **headers})
    assert response.status_code == 200, response.text
    return response.json()


async def say(server: str, text: str) -> None:
    """Somebody else says something in the room that the explorer opens with, through the explorer's own operation."""
    async with httpx.AsyncClient(base_url=server) as client:
        username = (await client.get("/explorer/people")).json()[-1]["username"]
        token = (await post(client, "/explorer/session", {"username": username}))["accessToken"]
        live = await post(client, "/graphql", {"query": "{ liveBroadcasts(first: 1) { nodes { id } } }"})
        room = {"broadcastId": live["data"]["liveBroadcasts"]["nodes"][0]["id"]}
        operation = {
            "query": (ROOT / "explorer" / "src" / "operations" / "SendMessage.graphql").read_text(),
            "variables": {"room": room, "message": room | {"text": text}},
        }
        for _ in range(3):
            answer = await post(client, "/graphql", operation, Authorization=f"Bearer {token}")
            refusals = answer["data"]["sendMessage"]["userErrors"]
            if not refusals:
                return
            # The demo's people chat on their own; this one may have spoken a moment ago.
            assert refusals[0]["code"] == "RATE_LIMITED", refusals
            await asyncio.sleep(refusals[0]["retryAfterSeconds"])
        pytest.fail("The message was refused three times.")


async def test_opens_with_tabs_that_run_as_they_are(visit: Visit) -> None:
    tabs = visit.page.locator(".graphiql-tab")
    await expect(tabs).to_have_count(7)
    for name in await tabs.all_inner_texts():
        await visit.open_tab(name)
        await visit.run()
        await visit.shows('"data":')
        await visit.shows_no('"errors":')


async def test_runs_a_query(visit: Visit, server: str) -> None:
    async with httpx.AsyncClient(base_url=server) as client:
        answer = await post(client, "/graphql", {"query": "{ liveBroadcasts(first: 1) { nodes { title } } }"})
    await visit.run()
    await visit.shows("totalCount")
    await visit.shows(answer["data"]["liveBroadcasts"]["nodes"][0]["title"].split()[0])


async def test_shows_a_room_move(visit: Visit, server: str) -> None:
    await visit.open_tab("BroadcastEvents")
    await visit.run()
    await visit.shows("cursor")
    assert "BroadcastSnapshot" in "".join(visit.frames)
    text = f"hello {uuid4()}"
    await say(server, text)
    await visit.shows_no("BroadcastSnapshot")
    for _ in range(50):
        if any(text in frame for frame in visit.frames):
            break
        await asyncio.sleep(0.1)
    assert [json.loads(frame)["type"] for frame in visit.frames if text in frame] == ["next"]
    await visit.run()
    await expect(visit.page.locator(".graphiql-execute-button")).to_have_attribute(
        "aria-label", "Execute query (Ctrl-Enter)"
    )


async def test_becomes_a_person_and_nobody_again(visit: Visit, server: str) -> None:
    async with httpx.AsyncClient(base_url=server) as client:
        person = (await client.get("/explorer/people")).json()[0]
    await visit.open_tab("Viewer")
    await visit.run()
    await visit.shows('"viewer": null')

    picker = visit.page.locator(".sign-in-button")
    await picker.click()
    await visit.page.get_by_role("menuitem", name=person["displayName"]).click()
    await expect(picker).to_contain_text(person["displayName"])
    await visit.run()
    await visit.shows(f'"{person["username"]}"')

    await visit.page.reload()
    await expect(picker).to_contain_text(person["displayName"])

    await picker.click()
    await visit.page.get_by_role("menuitem", name="Sign out").click()
    await expect(picker).to_contain_text("Sign in as")
    await visit.run()
    await visit.shows('"viewer": null')


async def test_subscribes_as_the_person_who_is_picked_meanwhile(visit: Visit, server: str) -> None:
    await visit.open_tab("BroadcastEvents")
    await visit.run()
    await visit.shows("cursor")
    connections = [frame for frame in visit.frames if "connection_ack" in frame]
    await visit.page.locator(".sign-in-button").click()
    await visit.page.get_by_role("menuitem").first.click()
    for _ in range(50):
        if sum("connection_ack" in frame for frame in visit.frames) > len(connections):
            break
        await asyncio.sleep(0.1)
    text = f"to somebody {uuid4()}"
    await say(server, text)
    for _ in range(50):
        if any(text in frame for frame in visit.frames):
            break
        await asyncio.sleep(0.1)
    assert sum(text in frame for frame in visit.frames) == 1
    assert sum("connection_ack" in frame for frame in visit.frames) == len(connections) + 1


async def test_lets_nothing_foreign_in_or_out(visit: Visit) -> None:
    await visit.page.evaluate("""async () => {
        const script = document.createElement("script");
        script.textContent = "window.smuggled = true";
        document.body.append(script);
        await fetch("https://elsewhere.test/").catch(() => null);
        document.body.append(Object.assign(new Image(), { src: "https://elsewhere.test/pixel.png" }));
    }""")
    await visit.page.wait_for_timeout(300)
    # Chromium names the directive that it enforced.
    for directive in ("script-src 'self'", "connect-src 'self'", "img-src 'self' data:"):
        assert any(directive in complaint for complaint in visit.complaints), directive
    assert await visit.page.evaluate("window.smuggled") is None
    assert visit.strangers == []
    visit.complaints.clear()
