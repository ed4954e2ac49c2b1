"""Somebody at the till: tips, links and pages to pay at, with a sandbox whose webhooks come over real HTTP."""

import asyncio
import dataclasses
import hashlib
import hmac
import itertools
import json
import time

import pytest
from sqlalchemy import func, select, update

from db import tables
from db.queries import books
from domain.accounts import Role
from domain.jobs import JobKind
from domain.money import AccountKind, Currency, Money
from domain.payments import RefundStatus
from resolvers.payments.send_refund import record_refund
from tests.client import operation

TIP, LINK, ROOM = (operation(name) for name in ("SendTip", "CreatePaymentLink", "BroadcastRoom"))
CHECKOUT = """query ($id: ID!) { node(id: $id) { ... on Checkout {
  id status amount { amount currencyCode } url clientSecret x402ResourceUrl expiresAt
  subject { __typename id ... on Tip { tipStatus: status } }
  payments { id amount { amount currencyCode } refunded { amount } refunds { id status reason failureCode }
    disputes { status reason } } } } }"""
REFUND = """mutation ($input: RefundPaymentInput!) { refundPayment(input: $input) {
  refund { id status amount { amount } failureCode } payment { id refunded { amount } }
  userErrors { code field message } } }"""
END_LINK = """mutation ($input: DeactivatePaymentLinkInput!) { deactivatePaymentLink(input: $input) {
  paymentLink { id active } userErrors { code field message } } }"""
keys = itertools.count(1)


class Till:
    """What people and Stripe do."""

    def __init__(self, web, sandbox, make, api):
        self.database, self.services, self.settings = web.database, web.services, web.settings
        self.sandbox, self.make, self.api = sandbox, make, api
        self.secret = web.settings.stripe_webhook_secret

    async def tip(self, sender, room, amount="5.00", *, currency="USD", key=None, **more):
        """Begin a tip; gives it."""
        given = {"broadcastId": room.wire, "amount": amount, "currencyCode": currency, **more}
        return (await self.api(sender).do(TIP, **given, idempotencyKey=key or f"key-{next(keys)}"))["tip"]

    async def link(self, owner, splits, amount="10.00", *, key=None, title="A mix"):
        """Make a payment link; `splits` are shares by person."""
        given = [{"recipientId": person.wire, "share": share} for person, share in splits]
        given = {"title": title, "amount": amount, "splits": given, "idempotencyKey": key or f"key-{next(keys)}"}
        return (await self.api(owner).do(LINK, **given))["paymentLink"]

    async def refund(self, operator, payment_id, **more):
        """Give back what was paid."""
        given = {"paymentId": payment_id, "note": "Asked for", "idempotencyKey": f"key-{next(keys)}", **more}
        return await self.api(operator).do(REFUND, **given)

    async def decide(self, url, decision="pay"):
        """Do what a person does on a page of Stripe's; gives the answer, not followed."""
        return await self.sandbox.http.post(url, data={"decision": decision}, follow_redirects=False)

    async def pay(self, url):
        """Pay, and let everything happen that follows."""
        answer = await self.decide(url)
        assert answer.status_code in (200, 303), answer.text
        await self.settle()
        return answer

    async def settle(self, within=20.0):
        """Wait until Stripe has told everything and everything that is due is done."""
        until = time.monotonic() + within
        while (await self.stripe("GET", "/outbox"))["data"]:
            assert time.monotonic() < until, "Stripe cannot get rid of its events"
            await asyncio.sleep(0.05)
        await self.make.run_jobs()
        if (await self.stripe("GET", "/outbox"))["data"]:
            await self.settle(within)

    async def stripe(self, method, path, /, json=None):
        """Use the controls of the sandbox's Stripe."""
        return await self.sandbox.control(method, f"/stripe{path}", json=json)

    async def all_at_stripe(self, kind):
        """Every object of a kind there, oldest first."""
        return (await self.stripe("GET", f"/all/{kind}"))["data"]

    async def checkout(self, person, checkout_id):
        """How a checkout stands, as its payer sees it."""
        return (await self.api(person)(CHECKOUT, id=checkout_id))["node"]

    async def payment(self, person, tip):
        """What was paid for a tip."""
        return (await self.checkout(person, tip["checkout"]["id"]))["payments"][0]

    @staticmethod
    def money(minor):
        """Dollars."""
        return Money(minor, Currency.USD)

    async def fail_refund(self, found):
        """Let the payer's bank send a refund back, as Stripe would tell it."""
        failed = dataclasses.replace(found, status=RefundStatus.FAILED)
        await record_refund(self.database, self.services, failed)

    async def of(self, person, kind=AccountKind.AVAILABLE):
        """What somebody has in one of their accounts."""
        row = tables.LedgerAccount
        statement = select(row.balance_minor).where(row.owner_id == person.id, row.kind == kind)
        async with self.database.session() as session:
            return (await session.execute(statement)).scalar_one_or_none() or 0

    async def rows(self, table):
        """All rows of a table, in the order of their ids."""
        async with self.database.session() as session:
            return (await session.execute(select(table).order_by(table.id))).scalars().all()

    async def ring(self, kind, at=None):
        """Let the jobs of a kind be due now, or at a moment."""
        async with self.database.transaction() as tx:
            waiting = (tables.JobRow.kind == kind, tables.JobRow.status == "PENDING")
            await tx.session.execute(
                update(tables.JobRow).where(*waiting).values(run_at=func.now() if at is None else at)
            )

    async def follow(self):
        """Let every checkout be looked after now."""
        await self.ring(JobKind.FOLLOW_CHECKOUT)
        await self.make.run_jobs()

    def signed(self, event, *, secret=None, ago=0):
        """An event's bytes and the header that Stripe would send with them."""
        content = json.dumps(event).encode()
        at = int(time.time()) - ago
        digest = hmac.new((secret or self.secret).encode(), f"{at}.".encode() + content, hashlib.sha256).hexdigest()
        return content, f"t={at},v1={digest}"

    async def post(self, content, signature, path="/webhooks/stripe"):
        """Send something to our door; gives the answer."""
        headers = {"content-type": "application/json"} | ({"stripe-signature": signature} if signature else {})
        return await self.sandbox.http.post(f"{self.settings.public_url}{path}", content=content, headers=headers)

    async def check(self):
        """Books without a fault."""
        async with self.database.session() as session:
            assert await books.check_books(session) == []
            assert (await books.read_trial_balance(session)).balanced


def event(kind, subject_kind, subject_id, name="evt_made_up"):
    """An event as Stripe would word it."""
    subject = {"id": subject_id, "object": subject_kind}
    return {"id": name, "object": "event", "type": kind, "created": int(time.time()), "data": {"object": subject}}


@pytest.fixture
async def till(web, sandbox, make, api):
    """The till; the books are checked after each test."""
    made = Till(web, sandbox, make, api)
    yield made
    await made.settle()
    await made.check()


@pytest.fixture
async def room(make):
    return await make.room(await make.user("mina"))


@pytest.fixture
async def kofi(make):
    return await make.user("kofi")


@pytest.fixture
async def operator(make):
    return await make.user("ines", roles=(Role.LISTENER, Role.OPERATOR))
