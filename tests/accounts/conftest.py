"""What tests of people need beside the cast: codes as they were sent, callers, pictures."""

import io
import itertools
from dataclasses import dataclass, replace

import httpx
import pytest
from PIL import Image
from sqlalchemy import select, text

from db.tables import SignInCode
from domain.actors import Caller
from domain.errors import DomainError
from resolvers.accounts import codes, sign_in
from tests.cast import Cast

addresses = itertools.count(1)


@pytest.fixture
def caller():
    """A machine that nobody has called from yet."""
    return Caller(address=f"198.51.100.{next(addresses) % 250}", device="Firefox on Linux", city="Lagos")


@dataclass(frozen=True)
class Door:
    """Signs people in, straight through the resolvers."""

    web: object
    caller: Caller
    sandbox: object

    def by(self, caller):
        return replace(self, caller=caller)

    async def request(self, email=None, phone=None):
        """Ask for a code; nothing is sent yet."""
        await codes.request_code(self.web.database, self.web.services, self.caller, email=email, phone=phone)

    async def ask(self, email=None, phone=None):
        """Ask for a code, and give its digits: of a mail as they wait to be sent, of a message as the carrier sent them."""
        await self.request(email, phone)
        if phone is None:
            return await self.newest()
        await Cast(self.web).run_jobs()
        return await self.sandbox.code_for("".join(each for each in phone if each.isdigit() or each == "+"))

    async def newest(self):
        """The digits of the newest code that waits to be sent."""
        async with self.web.database.session() as session:
            statement = select(SignInCode).where(SignInCode.sealed_code.is_not(None))
            row = (await session.execute(statement.order_by(SignInCode.id.desc()).limit(1))).scalar_one()
        return self.web.services.cipher.open(row.sealed_code, bound_to=str(row.id))

    async def enter(self, code, email=None, phone=None, device=None):
        """Show a code."""
        return await sign_in.sign_in_by_code(
            self.web.database, self.web.services, self.caller, email=email, phone=phone, code=code, device=device
        )

    async def sign_in(self, email):
        """Ask for a code and show it."""
        return await self.enter(await self.ask(email), email)

    async def sql(self, statement, **values):
        """Change rows by hand, such as to make time pass."""
        async with self.web.database.transaction() as tx:
            return await tx.session.execute(text(statement), values)


@pytest.fixture
def door(web, caller, sandbox):
    return Door(web, caller, sandbox)


async def refusal(awaitable):
    """The refusal that a deed raises."""
    with pytest.raises(DomainError) as caught:
        await awaitable
    return caught.value


def wrong(code):
    """Another code than this."""
    return f"{(int(code) + 1) % 1_000_000:06d}"


def picture(kind="PNG", size=(40, 30), color="teal"):
    """The bytes of a small picture."""
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, kind)
    return out.getvalue()


async def put(target, content, **headers):
    """Send a file's bytes where an upload says, and give the answer."""
    sent = {header["name"]: header["value"] for header in target["headers"]} | headers
    async with httpx.AsyncClient(verify=False) as client:
        return await client.request(target["method"], target["url"], content=content, headers=sent)
