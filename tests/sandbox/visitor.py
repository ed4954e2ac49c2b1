"""Somebody who goes through an authorization server's doors as a browser and a client would."""

import base64
import hashlib
import html
import re
import secrets
from urllib.parse import parse_qs, urlsplit

VERIFIER = "verifier-" + "v" * 40


def challenge(verifier=VERIFIER):
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


class Visitor:
    """A client at one vendor: `authorize` gives the query that came back, `token` the answer."""

    def __init__(self, http, base, client, *, authorize="/authorize", token="/api/token"):
        self.http, self.base, self.client = http, base, client
        self.authorize_at, self.token_at = base + authorize, base + token

    def query(self, **changes):
        asked = {
            "response_type": "code",
            "client_id": self.client.client_id,
            "redirect_uri": self.client.redirect_uris[0],
            "state": secrets.token_hex(8),
            "code_challenge": challenge(),
            "code_challenge_method": "S256",
            **changes,
        }
        return {name: text for name, text in asked.items() if text is not None}

    async def decide(self, user, decision="allow", **changes):
        """POST a decision; gives the answer itself."""
        asked = self.query(**changes)
        return await self.http.post(self.authorize_at, params=asked, data={"user": user, "decision": decision})

    async def authorize(self, user, decision="allow", **changes):
        """Decide, and give what came back to the redirect URI."""
        answer = await self.decide(user, decision, **changes)
        assert answer.status_code == 303, answer.text
        assert answer.headers["location"].startswith(self.client.redirect_uris[0] + "?")
        return returned(answer)

    async def token(self, auth=True, **form):
        basic = (self.client.client_id, self.client.client_secret) if auth is True else auth
        return await self.http.post(self.token_at, data=form, auth=basic or None)

    async def redeem(self, code, **changes):
        return await self.token(
            **{
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": self.client.redirect_uris[0],
                "code_verifier": VERIFIER,
                **changes,
            }
        )

    async def refresh(self, refresh_token):
        return await self.token(grant_type="refresh_token", refresh_token=refresh_token)

    async def sign_in(self, user, **changes):
        """All of it; gives the tokens."""
        answer = await self.redeem((await self.authorize(user, **changes))["code"])
        assert answer.status_code == 200, answer.text
        return answer.json()


def returned(answer):
    """The query of the address that an answer leads to."""
    found = parse_qs(urlsplit(answer.headers["location"]).query, keep_blank_values=True, strict_parsing=True)
    assert all(len(values) == 1 for values in found.values())
    return {name: values[0] for name, values in found.items()}


def form_fields(page):
    """The hidden fields of a page whose form sends itself."""
    fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
    return {name: html.unescape(value) for name, value in fields}


def refusal(answer):
    """The status and the error of an answer."""
    return answer.status_code, answer.json()["error"]
