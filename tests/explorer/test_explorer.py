"""The explorer in a real browser, against the real server, with the rest of the network cut."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

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

    def count(self, text: str) -> int:
        """How many messages of the server on a WebSocket held a text."""
        return sum(text in frame for frame in self.frames)

    async def hears(self, text: str, times: int = 1) -> None:
        for _ in range(100):
            if self.count(text) >= times:
                return
            await asyncio.sleep(0.1)
        pytest.fail(f"{text!r} came {self.count(text)} times, not {times}.")

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
async def room(make):
    """The room that the explorer's tabs open with; its curator belongs to the demo, by the address."""
    curator = await make.user("mina", display_name="Mina", email="mina@demo.example")
    return await make.room(curator, title="Midnight house")


@pytest.fixture
async def visit(browser: Browser, server: str, room) -> AsyncIterator[Visit]:
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


async def test_opens_with_tabs_that_run_as_they_are(visit: Visit) -> None:
    tabs = visit.page.locator(".graphiql-tab")
    await expect(tabs).to_have_count(7)
    for name in await tabs.all_inner_texts():
        await visit.open_tab(name)
        await visit.run()
        await visit.shows('"data":')
        await visit.shows_no('"errors":')


async def test_runs_a_query(visit: Visit) -> None:
    await visit.run()
    await visit.shows('"totalCount": 1')
    await visit.shows("Midnight house")


async def test_shows_a_room_move(visit: Visit, make, room) -> None:
    await visit.open_tab("BroadcastEvents")
    await visit.run()
    await visit.shows("cursor")
    assert "BroadcastSnapshot" in "".join(visit.frames)
    await make.message(room, text="Good evening")
    await visit.shows("Good evening")
    await visit.shows_no("BroadcastSnapshot")
    assert [json.loads(frame)["type"] for frame in visit.frames if "Good evening" in frame] == ["next"]
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


async def test_subscribes_as_the_person_who_is_picked_meanwhile(visit: Visit, make, room) -> None:
    await visit.open_tab("BroadcastEvents")
    await visit.run()
    await visit.shows("cursor")
    assert visit.count("connection_ack") == 1
    await visit.page.locator(".sign-in-button").click()
    await visit.page.get_by_role("menuitem").first.click()
    await visit.hears("connection_ack", times=2)
    await make.message(room, text="Hello, whoever you are now")
    await visit.shows("Hello, whoever you are now")
    assert visit.count("Hello, whoever you are now") == 1


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
