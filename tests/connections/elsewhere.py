"""Somebody who uses their accounts elsewhere in every way, and notes all secrets that play a part in it."""

import asyncio

import httpx
import pytest

from tests.client import Api, operation
from tests.connections.conftest import ACCOUNTS, APPLE, BEGIN, CONNECT, END, SIGN_IN, VERIFIER, challenge_of, query_of
from tests.connections.conftest import REFRESH as RENEW

START = operation("StartBroadcast")
VENDORS = (
    *("SPOTIFY_CLIENT_ID", "SPOTIFY_CLIENT_SECRET", "SPOTIFY_ACCOUNTS_URL", "SPOTIFY_API_URL"),
    *("SERATO_CLIENT_ID", "SERATO_CLIENT_SECRET", "SERATO_URL"),
    *("APPLE_TEAM_ID", "APPLE_KEY_ID", "APPLE_PRIVATE_KEY", "APPLE_CLIENT_ID", "APPLE_ID_URL", "APPLE_MUSIC_URL"),
    *("PRIVY_APP_ID", "PRIVY_URL"),
)
"""The settings that lead to the vendors."""


class Elsewhere:
    """The part of a visit that is about other people's houses: `url`, `secret`, `ask` and `note` are the visit's."""

    async def come_back(self, address):
        """Open our callback at this house, whose public address is another's."""
        async with httpx.AsyncClient(verify=False) as client:
            answer = await client.get(self.url + address[address.index("/oauth/") :], follow_redirects=False)
        return query_of(answer.headers["location"])

    async def connect(self, sandbox, token, provider):
        """Connect, and come back twice with the same state."""
        page = (await self.ask(CONNECT, token, provider=provider))["authorizationUrl"]
        self.secret[f"state of {provider}"] = query_of(page)["state"]
        address = (await sandbox.decide(page, "mina")).headers["location"]
        assert (await self.come_back(address))["status"] == "CONNECTED"
        async with httpx.AsyncClient(verify=False) as client:
            assert (await client.get(self.url + address[address.index("/oauth/") :])).status_code == 400
        with pytest.raises(KeyError):
            await self.come_back(f"{address}&code=another")

    async def sign_in_elsewhere(self, sandbox):
        """Sign in with Spotify, and with Privy."""
        page = (await self.ask(BEGIN, provider="SPOTIFY", codeChallenge=challenge_of(VERIFIER)))["authorizationUrl"]
        self.secret["state of a sign-in"], self.secret["verifier"] = query_of(page)["state"], VERIFIER
        ticket = (await self.come_back((await sandbox.decide(page, "theo")).headers["location"]))["ticket"]
        self.secret["ticket"] = ticket
        spent = {"ticket": ticket, "codeVerifier": VERIFIER}
        self.note((await self.ask(SIGN_IN, oauth=spent))["session"], "by ticket")
        await self.ask(SIGN_IN, oauth=spent)
        made = await sandbox.control("POST", "/privy/tokens", json={"email": "canary.privy@example.com"})
        tokens = {"accessToken": made["access_token"], "identityToken": made["identity_token"]}
        self.note((await self.ask(SIGN_IN, privy=tokens))["session"], "by Privy")
        await self.ask(SIGN_IN, privy={"accessToken": made["access_token"][:-4] + "AAAA"})

    async def live_elsewhere(self, sandbox, token):
        """Connect everything, renew it, have it polled, let it fail, be revoked, and end it."""
        for provider in ("SPOTIFY", "SERATO"):
            await self.connect(sandbox, token, provider)
        music = (await sandbox.control("POST", "/apple_music/users/mina/token", json={}))["token"]
        await self.ask(APPLE, token, musicUserToken=music)
        await self.ask(APPLE, token, musicUserToken=music[:-4] + "AAAA")
        await self.ask(START, token, title="Under watch")
        until = asyncio.get_running_loop().time() + 20
        while not await sandbox.calls("api.spotify.com", "/v1/me/player/currently-playing"):
            assert asyncio.get_running_loop().time() < until, "nobody polls"
            await asyncio.sleep(0.1)
        listed = await Api(self.url, token)(ACCOUNTS)
        accounts = {each["provider"]: each["id"] for each in listed["viewer"]["connectedAccounts"]}
        for account_id in accounts.values():
            await self.ask(RENEW, token, accountId=account_id)
        for kind in ("half_json", "html"):
            await sandbox.fault(kind=kind, path="*token", times=1)
            page = (await self.ask(CONNECT, token, provider="SERATO"))["authorizationUrl"]
            self.secret[f"state of {kind}"] = query_of(page)["state"]
            assert "error" in await self.come_back((await sandbox.decide(page, "theo")).headers["location"])
        await sandbox.control("POST", "/spotify/users/mina/revoke")
        await self.ask(RENEW, token, accountId=accounts["SPOTIFY"])
        await self.ask(END, token, accountId=accounts["SERATO"])
        while not await sandbox.calls("serato.example", "/oauth/revoke"):
            await asyncio.sleep(0.1)

    async def note_issued(self, sandbox):
        """Note every secret that the vendors have given out."""
        for number, issued in enumerate((await sandbox.control("GET", "/tokens"))["tokens"]):
            self.secret[f"{issued['vendor']}'s {issued['kind']} {number}"] = issued["secret"]
