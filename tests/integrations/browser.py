"""Somebody's browser on a provider's page in the sandbox."""

from __future__ import annotations

import html
import re
from urllib.parse import parse_qs, urlsplit

import httpx

from domain.connections import FlowPurpose

VERIFIER = "v" * 43


async def come_back(adapter, user, purpose=FlowPurpose.CONNECT, decision="allow", verifier=VERIFIER, nonce="nonce"):
    """Go to the provider's page as somebody and decide; gives what comes back in the address."""
    url = adapter.authorization_url(purpose, state="st8", code_verifier=verifier, nonce=nonce)
    async with httpx.AsyncClient(verify=False) as browser:
        answer = await browser.post(url, data={"user": user, "decision": decision})
    if "location" in answer.headers:
        back = {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}
    else:
        fields = re.findall(r'name="([^"]*)" value="([^"]*)"', answer.text)
        back = {html.unescape(name): html.unescape(value) for name, value in fields}
    assert back["state"] == "st8"
    return back


async def connect(adapter, user, **more):
    back = await come_back(adapter, user, **more)
    adapter.check_issuer(back.get("iss"))
    return await adapter.exchange(back["code"], code_verifier=VERIFIER, nonce="nonce")
