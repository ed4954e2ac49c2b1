"""The sandbox's page in a real browser, with the rest of the network cut."""

import os
from pathlib import Path

import httpx
import pytest
from playwright.async_api import async_playwright, expect

from tests.sandbox.process import registration

CHROMIUM = Path(os.environ.get("TEST_CHROMIUM", "/usr/bin/chromium"))
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
OURS = registration()
NUMBER = "+4915112345678"


@pytest.fixture(scope="module")
def chromium():
    if not CHROMIUM.exists():
        pytest.skip(f"NO CHROMIUM at {CHROMIUM}: the sandbox's page was NOT tested in a browser.")
    return CHROMIUM


@pytest.fixture(scope="module")
async def browser(chromium):
    async with async_playwright() as playwright:
        made = await playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield made
        await made.close()


@pytest.fixture
async def page(browser, sandbox):
    """The page, which complains of nothing and asks nobody else."""
    context = await browser.new_context(
        viewport={"width": 1360, "height": 1000}, permissions=["clipboard-read", "clipboard-write"]
    )
    made = await context.new_page()
    strangers, complaints = [], []

    async def guard(route):
        if route.request.url.startswith((f"{sandbox.url}/", "data:")):
            await route.continue_()
        else:
            strangers.append(route.request.url)
            await route.abort()

    await context.route("**/*", guard)
    made.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    made.on("pageerror", lambda error: complaints.append(str(error)))
    await made.goto(sandbox.url)
    await expect(made.get_by_role("status").filter(has_text="Live")).to_be_visible()
    yield made
    await context.close()
    assert strangers == []
    assert complaints == []


async def send_code(sandbox):
    path = f"{sandbox.at('verify.twilio.com')}/v2/Services/{OURS.twilio_service_sid}/Verifications"
    async with httpx.AsyncClient(auth=(OURS.twilio_account_sid, OURS.twilio_auth_token)) as client:
        return await client.post(path, data={"To": NUMBER, "Channel": "sms"})


async def player(sandbox, user="mina"):
    players = (await sandbox.control("GET", "/spotify/players"))["players"]
    return next(each for each in players if each["user"] == user)


async def test_a_code_comes_is_announced_and_copied(page, sandbox):
    await send_code(sandbox)
    [sms] = await sandbox.inbox()
    await expect(page.locator("#heard")).to_have_text(f"Code for {NUMBER}: {sms['code']}")
    await page.get_by_role("button", name=f"Copy the code {sms['code']} of {NUMBER}").click()
    assert await page.evaluate("navigator.clipboard.readText()") == sms["code"]
    await page.get_by_role("button", name="Empty").click()
    await expect(page.get_by_text("No mail and no SMS yet")).to_be_visible()
    assert await sandbox.inbox() == []


async def test_a_player_is_worked_by_keyboard_and_keeps_the_focus(page, sandbox):
    card = page.get_by_role("article").filter(has_text="Mina")
    before = await player(sandbox)
    skip = card.get_by_role("button", name="Skip")
    await skip.focus()
    await page.keyboard.press("Enter")
    await expect(card).not_to_contain_text(before["title"])
    assert (await player(sandbox))["title"] != before["title"]
    await page.wait_for_timeout(1500)
    await expect(skip).to_be_focused()
    await card.get_by_role("button", name="Pause").click()
    await expect(card).to_contain_text("Paused")
    await card.get_by_role("button", name="Play", exact=True).click()
    await card.get_by_role("button", name="Private session").click()
    await expect(card.get_by_role("button", name="Private session", pressed=True)).to_be_visible()
    assert (await player(sandbox))["private"] is True
    await card.get_by_role("button", name="Private session").click()
    await card.get_by_role("button", name="Ad", exact=True).click()
    await expect(card).to_contain_text("Advertisement")
    await card.get_by_role("button", name="Nothing").click()
    await expect(card).to_contain_text("Nothing plays")
    assert (await player(sandbox))["kind"] == "nothing"


async def test_seeking_with_the_arrow_keys(page, sandbox):
    card = page.get_by_role("article").filter(has_text="Mina")
    bar = card.get_by_role("slider")
    before = (await player(sandbox))["progress_ms"]
    await bar.focus()
    for _ in range(20):
        await page.keyboard.press("ArrowRight")
    await page.wait_for_timeout(700)
    assert (await player(sandbox))["progress_ms"] > before + 10_000


async def test_faults_are_switched_on_and_off(page, sandbox):
    await page.get_by_label("Break it by").select_option(label="refusing with a status")
    await page.get_by_label("at", exact=True).fill("verify.twilio.com")
    await page.get_by_label("with status").fill("429")
    await page.get_by_label("times", exact=True).fill("2")
    await page.get_by_role("button", name="Switch on").click()
    await expect(page.locator("#fault-list")).to_contain_text("429, at verify.twilio.com, 2 more times")
    assert (await send_code(sandbox)).status_code == 429
    await expect(page.locator("#fault-list")).to_contain_text("1 more time")
    await page.get_by_role("button", name="Switch off").click()
    await expect(page.get_by_text("Everything works.")).to_be_visible()
    assert (await send_code(sandbox)).status_code == 201


async def test_calls_are_shown_as_they_go_on(page, sandbox):
    await sandbox.fault("delay", seconds=2, times=1)
    await sandbox.http.get("/verify.twilio.com/v2/x", params={"a": "<b>b</b>"})
    call = page.locator(".call").first
    await expect(call).to_contain_text("401")
    await call.locator("summary").click()
    await expect(call).to_contain_text("a=%3Cb%3Eb%3C%2Fb%3E")
    await expect(call).to_contain_text("delay")
    await page.get_by_label("Vendor").select_option("verify.twilio.com")
    await expect(page.locator(".call")).to_have_count(1)


async def test_what_others_wrote_is_shown_as_text(page, sandbox):
    await sandbox.control("POST", "/spotify/users", {"id": "x", "display_name": "<img src=x onerror=alert(1)>"})
    await expect(page.get_by_role("heading", name="<img src=x onerror=alert(1)>")).to_be_visible()


async def test_starting_afresh_wants_a_yes(page, sandbox):
    await send_code(sandbox)
    page.once("dialog", lambda dialog: dialog.dismiss())
    await page.get_by_role("button", name="Start afresh").click()
    assert len(await sandbox.inbox()) == 1
    page.once("dialog", lambda dialog: dialog.accept())
    await page.get_by_role("button", name="Start afresh").click()
    await expect(page.get_by_text("No vendor has been asked")).to_be_visible()
    assert await sandbox.inbox() == []


async def test_everything_that_can_be_pressed_has_a_name(page, sandbox):
    await send_code(sandbox)
    await sandbox.fault("drop", host="nobody.example")
    await expect(page.locator(".code button")).to_be_visible()
    nameless = await page.evaluate(
        """() => [...document.querySelectorAll("button, input, select")].filter((each) =>
             !(each.ariaLabel || each.textContent.trim() || each.labels?.length)).map((each) => each.outerHTML)"""
    )
    assert nameless == []


async def test_a_dj_plays_a_set_by_hand(page, sandbox):
    card = page.locator("#deck-list .deck", has_text="Mina Okafor")
    await card.get_by_label("Title").fill("Roses")
    await card.get_by_label("Artist").fill("Nova")
    await card.get_by_role("button", name="Play a set with it").click()
    await expect(card.locator(".played li").first).to_contain_text("Nova - Roses, deck 1")
    (deck,) = [each for each in (await sandbox.control("GET", "/serato/decks"))["decks"] if each["user"] == "mina"]
    assert len(deck["plays"]) == 5
    assert deck["plays"][-1]["title"] == "Roses"
    await card.get_by_label("Title").fill("Yebo")
    await card.get_by_role("button", name="Play now").click()
    await expect(card.locator(".played li").first).to_contain_text("Yebo, deck 1, on now")
