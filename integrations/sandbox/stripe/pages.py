"""Stripe's pages for people: `checkout.stripe.com` to pay at, `connect.stripe.com` to become somebody who is paid.

A test does what a person does: POST `decision=pay|decline|dispute` to the address of a checkout or a payment link, and
`decision=complete|later` to that of an account link. The answer leads back as Stripe's would (303).
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from integrations.sandbox.forms import read_form
from integrations.sandbox.registration import Registration
from integrations.sandbox.stripe import accounts, checkouts
from integrations.sandbox.stripe.books import Desk
from integrations.sandbox.stripe.refusals import Json, Refused
from integrations.sandbox.world import World

PAGE: Final = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width"><style>
:root{{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}}body{{max-width:26rem;margin:3rem auto;padding:0 1rem}}
button{{font:inherit;padding:.5rem 1rem;margin:.25rem .5rem .25rem 0}}.sum{{font-size:2rem}}</style></head>
<body><h1>{title}</h1>{body}</body></html>"""
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
METHODS: Final = {"pay": "pm_card_visa", "decline": "pm_card_chargeDeclined", "dispute": "pm_card_visa"}
DISPUTED_AFTER: Final = 20.0
"""Seconds until a payment is disputed that was made with `dispute`."""

NO_DECIMALS: Final = frozenset({"jpy"})
ID: Final = "{name:str}"


def checkout(world: World, registration: Registration) -> list[Route]:
    """Make the doors of `checkout.stripe.com`."""
    pages = Pages(world, registration)
    return [
        Route(f"/c/pay/{ID}", pages.show_session, methods=["GET"]),
        Route(f"/c/pay/{ID}", pages.decide_session, methods=["POST"]),
        Route(f"/l/{ID}", pages.visit_link, methods=["GET", "POST"]),
        Route(f"/receipts/{ID}", pages.show_receipt, methods=["GET"]),
    ]


def connect(world: World, registration: Registration) -> list[Route]:
    """Make the doors of `connect.stripe.com`."""
    pages = Pages(world, registration)
    return [
        Route("/setup/e/{account}/{token}", pages.show_setup, methods=["GET"]),
        Route("/setup/e/{account}/{token}", pages.decide_setup, methods=["POST"]),
        Route("/express/{account}/{token}", pages.show_dashboard, methods=["GET"]),
    ]


class Pages:
    """What people see."""

    def __init__(self, world: World, registration: Registration) -> None:
        """Take the world that all of it is in."""
        self.world = world
        self.registration = registration

    def _desk(self, request: Request) -> Desk:
        site = f"{request.url.scheme}://{request.headers['host']}"
        return Desk(self.world, self.registration, site)

    async def show_session(self, request: Request) -> Response:
        """Show what is to be paid, and three buttons."""
        desk = self._desk(request)
        try:
            with self.world.transaction():
                session = checkouts.look(desk, request.path_params["name"])
        except Refused as refusal:
            return _page("Sandbox Stripe", _text(str(refusal)), 404)
        return _session_page(session)

    async def decide_session(self, request: Request) -> Response:
        """Pay, or try to."""
        form = await read_form(request)
        return self._pay(request, form, lambda _: str(request.path_params["name"]))

    async def visit_link(self, request: Request) -> Response:
        """Begin a session at a payment link; a POST decides at once."""
        name = request.path_params["name"]
        if request.method == "POST":
            form = await read_form(request)
            return self._pay(request, form, lambda desk: str(checkouts.visit_link(desk, name)["id"]))
        desk = self._desk(request)
        try:
            with self.world.transaction():
                session = checkouts.visit_link(desk, name)
        except Refused as refusal:
            return _page("Sandbox Stripe", _text(str(refusal)), 404)
        return RedirectResponse(session["url"], 303)

    def _pay(self, request: Request, form: dict[str, str], find: Callable[[Desk], str]) -> Response:
        decision = form.get("decision", "pay")
        method = form.get("payment_method") or METHODS.get(decision)
        if method is None:
            return _page("Sandbox Stripe", _text("That is no decision."), 400)
        desk = self._desk(request)
        with self.world.transaction():
            # What a declined card leaves behind stays: nothing is rolled back.
            try:
                name = find(desk)
                session = checkouts.pay(desk, name, method, form.get("email"))
            except Refused as refusal:
                return _page("Sandbox Stripe", _text(str(refusal)), 402 if refusal.status == 402 else 400)
            if decision == "dispute":
                intent = desk.find("payment_intent", session["payment_intent"])
                desk.later(DISPUTED_AFTER, "dispute", intent["latest_charge"])
        if session["success_url"] is None:
            return _page("Paid", _text("Thank you. You may close this page."))
        return RedirectResponse(session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"]), 303)

    async def show_receipt(self, request: Request) -> Response:
        """Show that something was paid."""
        charge = self._desk(request).look(request.path_params["name"])
        if charge is None or charge["object"] != "charge":
            return _page("Sandbox Stripe", _text("There is no such receipt."), 404)
        return _page("Receipt", _sum(charge["amount"], charge["currency"]))

    async def show_setup(self, request: Request) -> Response:
        """Show what Stripe wants to know; an address that was used or is too old leads to where a new one is made."""
        token = request.path_params["token"]
        with self.world.transaction():
            setup = self._setup(request)
            if setup is None:
                return _page("Sandbox Stripe", _text("There is no such page."), 404)
            if setup["seen"] or setup["expires_at"] <= self.world.now():
                return RedirectResponse(setup["refresh_url"], 303)
            self.world.put(accounts.SETUP, token, setup | {"seen": True})
        account = self._desk(request).find("account", setup["account"])
        due = "".join(f"<li>{escape(each)}</li>" for each in account["requirements"]["currently_due"])
        wanted = _text(f"{account['email'] or account['id']}, Stripe wants to know:") + f"<ul>{due}</ul>"
        buttons = _buttons(("complete", "Tell everything"), ("later", "Not now"))
        return _page("Sandbox Stripe: be paid", wanted + buttons)

    async def decide_setup(self, request: Request) -> Response:
        """Tell everything or nothing, and go back."""
        form = await read_form(request)
        desk = self._desk(request)
        with self.world.transaction():
            setup = self._setup(request)
            if setup is None:
                return _page("Sandbox Stripe", _text("There is no such page."), 404)
            if setup.get("done") or setup["expires_at"] <= self.world.now():
                return RedirectResponse(setup["refresh_url"], 303)
            self.world.put(accounts.SETUP, request.path_params["token"], setup | {"seen": True, "done": True})
            if form.get("decision", "complete") == "complete":
                accounts.complete(desk, desk.find("account", setup["account"]))
        return RedirectResponse(setup["return_url"], 303)

    def _setup(self, request: Request) -> Json | None:
        setup = self.world.get(accounts.SETUP, request.path_params["token"])
        return setup if setup is not None and setup["account"] == request.path_params["account"] else None

    async def show_dashboard(self, request: Request) -> Response:
        """Show somebody's dashboard, such as it is."""
        return _page("Sandbox Stripe Express", _text(f"The dashboard of {request.path_params['account']}."))


def _session_page(session: Json) -> Response:
    if session["status"] != "open":
        words = {"complete": "This is paid.", "expired": "This page has expired."}[session["status"]]
        return _page("Sandbox Stripe", _text(words), 410 if session["status"] == "expired" else 200)
    names = ", ".join(str(each["description"]) for each in session["line_items"]["data"])
    buttons = _buttons(("pay", "Pay"), ("decline", "Decline"), ("dispute", "Pay and dispute later"))
    back = f'<p><a href="{escape(session["cancel_url"])}">Go back</a></p>' if _is_web(session["cancel_url"]) else ""
    return _page(
        "Sandbox Stripe: pay", _text(names) + _sum(session["amount_total"], session["currency"]) + buttons + back
    )


def _is_web(url: str | None) -> bool:
    return url is not None and url.startswith(("http://", "https://"))


def _sum(amount: int, currency: str) -> str:
    shown = str(amount) if currency in NO_DECIMALS else f"{amount // 100}.{amount % 100:02d}"
    return f'<p class="sum">{shown} {escape(currency.upper())}</p>'


def _text(words: str) -> str:
    return f"<p>{escape(words)}</p>"


def _buttons(*rows: tuple[str, str]) -> str:
    made = "".join(f'<button name="decision" value="{value}">{escape(words)}</button>' for value, words in rows)
    return f'<form method="post">{made}</form>'


def _page(title: str, body: str, status: int = 200) -> Response:
    return HTMLResponse(PAGE.format(title=escape(title), body=body), status, HEADERS)
