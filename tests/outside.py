"""The sandbox as tests use it: its control API, and a browser that says yes on its pages."""

import asyncio
import time

import httpx


class Sandbox:
    """The outside world of the tests."""

    def __init__(self, url):
        self.url = url
        self.http = httpx.AsyncClient(base_url=url, timeout=20)
        self.last = 0

    async def close(self):
        await self.http.aclose()

    async def answers(self):
        """Whether it has begun to listen."""
        try:
            return (await self.http.get("/control/clock")).is_success
        except httpx.TransportError:
            return False

    async def control(self, method, path, /, json=None, **params):
        """Use the control API: `await sandbox.control("POST", "/spotify/players/mina/skip")`."""
        answer = await self.http.request(method, f"/control{path}", json=json, params=params)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    async def reset(self):
        """Forget everything; calls are counted from here."""
        self.last = (await self.control("POST", "/reset"))["last"]

    async def fault(self, **rule):
        """Let something go wrong: see integrations/sandbox/faults.py."""
        return await self.control("POST", "/faults", json=rule)

    async def calm(self):
        """Let nothing go wrong any more."""
        await self.control("DELETE", "/faults")

    async def calls(self, host, path=None):
        """What a vendor was asked since the test began."""
        params = {"host": host, "since": self.last} | ({"path": path} if path else {})
        return (await self.control("GET", "/calls", **params))["calls"]

    async def messages(self, to):
        """Mails and SMS to somebody, oldest first."""
        return (await self.control("GET", "/inbox", to=to))["messages"]

    async def code_for(self, to, within=10.0):
        """The code of the newest message to somebody, once there is one."""
        until = time.monotonic() + within
        while time.monotonic() < until:
            codes = [message["code"] for message in await self.messages(to) if message["code"]]
            if codes:
                return codes[-1]
            await asyncio.sleep(0.02)
        raise AssertionError(f"no code came to {to}")

    async def decide(self, authorization_url, user, decision="allow"):
        """Say yes or no on a vendor's page as one of its users; gives the answer that leads back to us, not followed."""
        form = {"user": user, "decision": decision}
        return await self.http.post(authorization_url, data=form, follow_redirects=False)
