"""The sandbox in a process of its own, for its own tests: start it, kill it, break it, ask it what it got.

`python -m tests.sandbox.process FOLDER PORT SMTP_PORT` runs it until SIGTERM.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from integrations.sandbox.registration import Client, Registration
from integrations.sandbox.run import run
from tests.fleet import ROOT, free_port

STARTED_WITHIN = 20.0
APPLE_KEY_NUMBER = 0x5EED_0F_AB1E
"""The private number of the key that tests sign with for Apple; it is the same in every process."""


def apple_key():
    """The private key, to sign with."""
    return ec.derive_private_key(APPLE_KEY_NUMBER, ec.SECP256R1())


def apple_private_pem():
    """The same in PEM (PKCS 8), as Apple hands it out."""
    key, pkcs8 = apple_key(), serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, pkcs8, serialization.NoEncryption()).decode()


def registration():
    """What the tests' installation has registered; one redirect URI each."""
    public = apple_key().public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return Registration(
        spotify=Client("test-spotify-client", "test-spotify-secret", ("http://127.0.0.1:8000/oauth/spotify/callback",)),
        serato=Client("test-serato-client", "test-serato-secret", ("http://127.0.0.1:8000/oauth/serato/callback",)),
        apple_sign_in=Client("example.backline.test", "", ("http://127.0.0.1:8000/oauth/apple/callback",)),
        apple_team_id="TESTTEAM01",
        apple_key_id="TESTKEY001",
        apple_public_key=pem.decode(),
        privy_app_id="test-privy-app",
        twilio_account_sid="AC" + "1" * 32,
        twilio_auth_token="test-twilio-token",
        twilio_service_sid="VA" + "2" * 32,
        demo_people=("mina", "theo"),
    )


class SandboxProcess:
    """The sandbox's process: `url`, and `at("api.spotify.com")` for a vendor's address."""

    def __init__(self, folder):
        """Take the folder of its state and its log."""
        self.port, self.smtp_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.command = (sys.executable, "-m", "tests.sandbox.process", folder, str(self.port), str(self.smtp_port))
        self.log = folder / "log"
        self.process = None
        self.http = httpx.AsyncClient(base_url=self.url, timeout=30)

    def at(self, host):
        """Where a vendor is."""
        return f"{self.url}/{host}"

    async def start(self):
        """Start it, also again after a kill: the same ports, the same state."""
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(*self.command, cwd=ROOT, stdout=log, stderr=log)
        async with asyncio.timeout(STARTED_WITHIN):
            while not await self._answers():
                assert self.process.returncode is None, self.log.read_text()
                await asyncio.sleep(0.02)

    async def kill(self):
        """Kill it as the kernel would."""
        await self._end(signal.SIGKILL)

    async def stop(self):
        """Ask it to end; returns its status."""
        return await self._end(signal.SIGTERM)

    async def _end(self, number):
        if self.process is None or self.process.returncode is not None:
            return None
        os.kill(self.process.pid, number)
        return await self.process.wait()

    async def close(self):
        """End it; it must have had nothing to complain of."""
        await self.http.aclose()
        await self.kill()
        assert self.log.read_text() == ""

    async def _answers(self):
        try:
            return (await self.http.get("/control/clock")).status_code == 200
        except httpx.TransportError:
            return False

    # What one does with it

    async def control(self, method, path, /, json=None, **query):
        """Ask the control API, such as `control("GET", "/inbox")`; gives its JSON."""
        answer = await self.http.request(method, f"/control{path}", json=json, params=query)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def fault(self, kind, **rule):
        """Switch a fault on; see integrations/sandbox/faults.py. Gives its id."""
        made = await self.control("POST", "/faults", {"kind": kind, **rule})
        return made["faults"][0]["id"]

    async def heal(self):
        """Switch all faults off."""
        await self.control("DELETE", "/faults")

    async def mark(self):
        """The number of the newest call, to ask for `since`."""
        return (await self.control("GET", "/calls/count"))["last"]

    async def calls(self, host=None, path=None, since=0):
        """What vendors got, oldest first."""
        query = {name: value for name, value in (("host", host), ("path", path)) if value}
        return (await self.control("GET", "/calls", since=since, **query))["calls"]

    async def inbox(self, to=None):
        """The mails and SMS to somebody or to all, oldest first."""
        return (await self.control("GET", "/inbox", **({"to": to} if to else {})))["messages"]

    async def advance(self, seconds):
        """Let the vendors' clock go on."""
        await self.control("POST", "/clock", {"advance": seconds})

    async def reset(self):
        """Let it forget everything."""
        await self.control("POST", "/reset")


async def main():
    folder, port, smtp_port = sys.argv[1:]
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    world = Path(folder) / "sandbox.sqlite"
    await run(world, registration(), host="127.0.0.1", port=int(port), smtp_port=int(smtp_port), stop=stop)


if __name__ == "__main__":
    asyncio.run(main())
