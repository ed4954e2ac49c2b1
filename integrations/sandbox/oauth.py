"""The authorization server that several twins share: its page, people's decision, tokens, and their end.

A browser sees a page with everybody who has an account there. A program may do without: it POSTs the form's fields,
`user=<id>` and `decision=allow|deny`, to the same address with the same query, and follows the `Location` itself.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any, Final
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit, urlunsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from integrations.sandbox.grants import ACCESS_SECONDS, Asked, Given, Grants, Refused
from integrations.sandbox.registration import Client
from integrations.sandbox.world import World

CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
FORM: Final = "application/x-www-form-urlencoded"
NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
PAGE: Final = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<style>body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:4rem auto;padding:0 1rem}}
button{{font:inherit;padding:.5rem 1rem}}label{{display:block;padding:.2rem 0}}</style></head>
<body><h1>{title}</h1>{body}</body></html>"""
FORM_BODY: Final = """<p><strong>{client}</strong> asks for: {scope}.</p><form method="post">
<fieldset><legend>Sign in as</legend>{people}</fieldset>
<p><button name="decision" value="allow">Allow</button> <button name="decision" value="deny">Deny</button></p></form>"""


class NoWayBack(Exception):
    """A request whose answer can be sent to nobody: the client or the address to return to is wrong."""


class SentBack(Exception):
    """A request that is refused at the client's own address (RFC 6749 §4.1.2.1)."""

    def __init__(self, asked: Asked, error: str, description: str) -> None:
        super().__init__(description)
        self.asked, self.error, self.description = asked, error, description


@dataclass(frozen=True)
class Door:
    """One vendor's authorization server.

    Attributes:
        world: where everything is kept.
        title: of its page.
        client: who is registered.
        grants: its books.
        scopes: what can be asked for.
        needs_pkce: whether a request without a challenge is refused.
        names_itself: whether its answers say where they come from, `iss` of RFC 9207: its own address.
        denied: the error when somebody says no.
        wrong_client: the status when a client cannot prove who it is.
        people: the kind of documents that are its accounts.
    """

    world: World
    title: str
    client: Client
    grants: Grants
    scopes: frozenset[str]
    people: str
    needs_pkce: bool = True
    names_itself: bool = False
    denied: str = "access_denied"
    wrong_client: int = 401

    # The page and the decision

    async def authorize(self, request: Request) -> Response:
        """Show the page, or take the decision made there."""
        form = dict(parse_qsl((await request.body()).decode(errors="replace"), keep_blank_values=True))
        try:
            asked = self.read(dict(request.query_params) | form, address_of(request))
            if request.method != "POST":
                return self._page(asked)
            return self._decide(asked, form.get("user", ""), form.get("decision", ""))
        except NoWayBack as problem:
            return HTMLResponse(PAGE.format(title=self.title, body=f"<p>{escape(str(problem))}</p>"), 400)
        except SentBack as refusal:
            return self.send_back(refusal.asked, {"error": refusal.error, "error_description": refusal.description})

    def read(self, query: Mapping[str, str], issuer: str) -> Asked:
        """Read what a client asks for.

        Raises:
            NoWayBack: The client is not registered, or the address to return to is not exactly one of its own.
            SentBack: Something else is wrong with it.
        """
        if not secrets.compare_digest(query.get("client_id", "").encode(), self.client.client_id.encode()):
            raise NoWayBack("INVALID_CLIENT: Invalid client")
        address = query.get("redirect_uri", "")
        if address not in self.client.redirect_uris:
            raise NoWayBack("INVALID_CLIENT: Invalid redirect URI")
        if not is_safe(address):
            raise NoWayBack("INVALID_CLIENT: Insecure redirect URI")
        challenge, scope = query.get("code_challenge"), query.get("scope", "")
        asked = Asked(
            address,
            scope,
            query.get("state"),
            challenge,
            query.get("nonce"),
            query.get("response_mode") == "form_post",
            issuer if self.names_itself else None,
        )
        if query.get("response_type") != "code":
            raise SentBack(asked, "unsupported_response_type", "response_type must be code")
        if unknown := sorted(set(scope.split()) - self.scopes):
            raise SentBack(asked, "invalid_scope", f"Invalid scope: {' '.join(unknown)}")
        if challenge is None:
            if self.needs_pkce:
                raise SentBack(asked, "invalid_request", "code_challenge required")
        elif query.get("code_challenge_method") != "S256":
            raise SentBack(asked, "invalid_request", "code_challenge_method must be S256")
        elif not CHALLENGE.fullmatch(challenge):
            raise SentBack(asked, "invalid_request", "code_challenge must be the S256 of a verifier")
        return asked

    def _page(self, asked: Asked) -> Response:
        people = "".join(
            f'<label><input type="radio" name="user" value="{escape(key)}"{" checked" if not place else ""}> '
            f"{escape(about.get('display_name') or key)}</label>"
            for place, (key, about) in enumerate(self.world.all(self.people).items())
        )
        body = FORM_BODY.format(
            client=escape(self.client.client_id), scope=escape(asked.scope or "nothing but who you are"), people=people
        )
        # A page like this must not be framed by another, where a click could be stolen.
        headers = {"X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", **NO_STORE}
        return HTMLResponse(PAGE.format(title=f"{self.title}: sign in", body=body), headers=headers)

    def _decide(self, asked: Asked, user: str, decision: str) -> Response:
        if decision == "deny":
            return self.send_back(asked, {"error": self.denied})
        if decision != "allow" or self.world.get(self.people, user) is None:
            raise NoWayBack("Say who you are, and allow or deny.")
        return self.allowed(asked, user)

    def allowed(self, asked: Asked, user: str) -> Response:
        """Answer somebody's yes."""
        return self.send_back(asked, {"code": self.grants.permit(user, asked)})

    def send_back(self, asked: Asked, answer: dict[str, str]) -> Response:
        """Send the browser back to the client with an answer, the state and who answers."""
        return RedirectResponse(extend(asked.redirect_uri, self.answer_fields(asked, answer)), 303, NO_STORE)

    def answer_fields(self, asked: Asked, answer: dict[str, str]) -> dict[str, str]:
        """An answer with all that goes with it."""
        state = {} if asked.state is None else {"state": asked.state}
        return answer | state | ({} if asked.issuer is None else {"iss": asked.issuer})

    # Tokens

    def is_client(self, request: Request) -> bool:
        """Whether a request comes from the client, by HTTP Basic (RFC 6749 §2.3.1)."""
        kind, _, text = request.headers.get("authorization", "").partition(" ")
        try:
            name, _, secret = base64.b64decode(text, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
        right = f"{self.client.client_id}:{self.client.client_secret}".encode()
        given = f"{unquote_plus(name)}:{unquote_plus(secret)}".encode()
        return kind.lower() == "basic" and secrets.compare_digest(given, right)

    async def read_form(
        self, request: Request, check: Callable[[dict[str, str]], bool] | None = None
    ) -> dict[str, str]:
        """Read a form that only the client may send; `check` looks at the form instead of at HTTP Basic.

        Raises:
            Refused: It is not a form, a field comes twice, or it does not come from the client.
        """
        if request.headers.get("content-type", "").partition(";")[0].strip() != FORM:
            raise Refused("invalid_request", f"The body must be {FORM}")
        fields = parse_qsl((await request.body()).decode(errors="replace"), keep_blank_values=True)
        form = dict(fields)
        if len(form) != len(fields):
            raise Refused("invalid_request", "A parameter comes twice")
        if not (check(form) if check else self.is_client(request)):
            raise Refused("invalid_client", "Invalid client secret", self.wrong_client)
        return form

    def exchange(self, form: Mapping[str, str]) -> Given:
        """Give tokens for a code or a refresh token.

        Raises:
            Refused: There are none for it.
        """
        match form.get("grant_type"):
            case "authorization_code":
                if not form.get("code"):
                    raise Refused("invalid_request", "code must be supplied")
                return self.grants.redeem(form["code"], form.get("redirect_uri", ""), form.get("code_verifier"))
            case "refresh_token":
                if not form.get("refresh_token"):
                    raise Refused("invalid_request", "refresh_token must be supplied")
                return self.grants.renew(form["refresh_token"])
            case None | "":
                raise Refused("invalid_request", "grant_type must be supplied")
            case other:
                raise Refused("unsupported_grant_type", f"grant_type {other} is not supported")

    async def token(self, request: Request) -> Response:
        """Be the token endpoint of a vendor that does nothing unusual there."""
        try:
            given = self.exchange(await self.read_form(request))
        except Refused as refusal:
            return refuse(refusal)
        request.state.who = given.user
        return tokens(given)

    async def revoke(self, request: Request) -> Response:
        """Be the revocation endpoint (RFC 7009)."""
        try:
            self.grants.revoke((await self.read_form(request)).get("token", ""))
        except Refused as refusal:
            return refuse(refusal)
        return Response(status_code=200, headers=NO_STORE)


def tokens(given: Given, **more: Any) -> Response:
    """Answer with tokens, and what else there is; None takes a field out."""
    body = {
        "access_token": given.access_token,
        "token_type": "Bearer",
        "expires_in": ACCESS_SECONDS,
        "scope": given.scope,
        "refresh_token": given.refresh_token,
    } | more
    return JSONResponse({name: value for name, value in body.items() if value is not None}, headers=NO_STORE)


def refuse(refusal: Refused) -> Response:
    """Answer with an error of the token endpoint."""
    headers = NO_STORE | ({"WWW-Authenticate": "Basic"} if refusal.status == 401 else {})
    return JSONResponse(
        {"error": refusal.error, "error_description": refusal.description}, refusal.status, headers=headers
    )


def bearer(request: Request) -> str | None:
    """The token that a request comes with."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" and token.strip() else None


def address_of(request: Request) -> str:
    """The address under which a vendor was reached: the sandbox's, with the vendor's host as a folder."""
    return f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}"


def is_safe(address: str) -> bool:
    """Whether a code may be sent there: over TLS, or to this machine by number; never to the word localhost."""
    parts = urlsplit(address)
    if parts.hostname == "localhost":
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in {"127.0.0.1", "::1"})


def extend(address: str, fields: Mapping[str, str]) -> str:
    """Add fields to an address's query."""
    parts = urlsplit(address)
    query = [*parse_qsl(parts.query, keep_blank_values=True), *fields.items()]
    return urlunsplit(parts._replace(query=urlencode(query), fragment=""))
