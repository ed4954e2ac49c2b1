"""Somebody with a browser, who leaves for providers' pages and comes back."""

import base64
import hashlib
import html
import re
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from sqlalchemy import func, select, update

from db import tables
from db.tables import ConnectedAccount, Identity, JobRow, Notification, OAuthSession, StatusChange
from domain.connections import AccountProvider
from resolvers.connections.access import open_access
from tests.client import operation

CONNECT, REFRESH, END = (operation(name) for name in ("ConnectAccount", "RefreshConnectedAccount", "DisconnectAccount"))
APPLE = operation("ConnectAppleMusic")
ACCOUNTS = "{ viewer { connectedAccounts { id provider status username displayName connectedAt expiresAt } } }"
HOSTS = {"SPOTIFY": "accounts.spotify.com", "SERATO": "serato.example"}
TOKEN_PATHS = {"SPOTIFY": "/api/token", "SERATO": "/oauth/token"}


SIGN_IN = operation("SignIn")
BEGIN = """mutation ($input: BeginOAuthSignInInput!) {
  beginOAuthSignIn(input: $input) { authorizationUrl userErrors { code field message } }
}"""
VERIFIER = "the-apps-own-verifier-" + "v" * 43


def challenge_of(verifier):
    """What an app shows of its verifier (S256)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def query_of(address):
    """The query of an address, each name once."""
    pairs = parse_qsl(urlsplit(address).query, keep_blank_values=True)
    assert len(dict(pairs)) == len(pairs), pairs
    return dict(pairs)


class Browser:
    """Goes where people send it; follows nothing by itself."""

    def __init__(self, sandbox, api):
        self.sandbox, self.api = sandbox, api
        self.http = httpx.AsyncClient(timeout=30, verify=False)

    async def leave(self, person, provider="SPOTIFY", **more):
        """Begin to connect; gives the provider's page."""
        return (await self.api(person).do(CONNECT, provider=provider, **more))["authorizationUrl"]

    async def agree(self, page, user="mina", decision="allow"):
        """Decide on a provider's page; gives the address of ours that it sends people to."""
        answer = await self.sandbox.decide(page, user, decision)
        assert answer.status_code in {302, 303}, answer.text
        return answer.headers["location"]

    async def agree_at_apple(self, page, user="mina", decision="allow"):
        """Decide on Apple's page, which sends people back by a form: gives where it goes and its fields."""
        answer = await self.sandbox.decide(page, user, decision)
        assert answer.status_code == 200, answer.text
        action = html.unescape(re.search(r'action="([^"]+)"', answer.text)[1])
        fields = re.findall(r'name="([^"]+)" value="([^"]*)"', answer.text)
        return action, {name: html.unescape(value) for name, value in fields}

    async def begin(self, provider="SPOTIFY", verifier=VERIFIER, **more):
        """Leave to sign in; gives the provider's page."""
        asked = {"provider": provider, "codeChallenge": challenge_of(verifier), **more}
        return (await self.api().do(BEGIN, **asked))["authorizationUrl"]

    async def ticket(self, user="mina", provider="SPOTIFY", verifier=VERIFIER):
        """Go to the provider's page and back to sign in; gives the ticket."""
        page = await self.begin(provider, verifier)
        if provider == "APPLE":
            action, fields = await self.agree_at_apple(page, user)
            answer = await self.http.post(action, data=fields, follow_redirects=False)
            said = query_of(answer.headers["location"])
        else:
            _, said = await self.come_back(await self.agree(page, user))
        assert set(said) == {"provider", "ticket"}, said
        return said["ticket"]

    async def enter(self, user="mina", provider="SPOTIFY", client=None):
        """Sign in all the way; gives the payload."""
        ticket = await self.ticket(user, provider)
        return await (client or self.api()).do(SIGN_IN, oauth={"ticket": ticket, "codeVerifier": VERIFIER})

    async def open(self, address, **more):
        """Open an address of ours."""
        return await self.http.get(address, follow_redirects=False, **more)

    async def come_back(self, address):
        """Open the callback; gives where it leads and what it says."""
        answer = await self.open(address)
        assert answer.status_code == 303, answer.text
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        target = answer.headers["location"]
        return target.partition("?")[0], query_of(target)

    async def connect(self, person, provider="SPOTIFY", user="mina", **more):
        """Go all the way; gives what our page says."""
        page = await self.leave(person, provider, **more)
        _, said = await self.come_back(await self.agree(page, user))
        return said

    async def connected(self, person, provider="SPOTIFY", user="mina"):
        """Go all the way, and give the account's row."""
        assert await self.connect(person, provider, user) == {"provider": provider, "status": "CONNECTED"}
        return await self.account(person, provider)

    async def account(self, person, provider="SPOTIFY"):
        """The row of the newest account of a person."""
        async with self.database.session() as session:
            statement = select(ConnectedAccount).where(
                ConnectedAccount.user_id == person.id, ConnectedAccount.provider == provider
            )
            return (await session.execute(statement.order_by(ConnectedAccount.id.desc()).limit(1))).scalar_one()

    async def row(self, account):
        """The row as it is now."""
        async with self.database.session() as session:
            return await session.get(ConnectedAccount, account.id)

    async def list(self, person):
        """What the person sees."""
        return (await self.api(person)(ACCOUNTS))["viewer"]["connectedAccounts"]

    async def change(self, account, **facts):
        """Change an account's row by hand, such as to make time pass."""
        async with self.database.transaction() as tx:
            statement = update(ConnectedAccount).where(ConnectedAccount.id == account.id)
            await tx.session.execute(statement.values(**facts))

    async def grow_old(self, account):
        """Let the access token be too old for us."""
        await self.change(account, expires_at=func.now())

    async def access(self, account, **more):
        """Open access as a poller would."""
        return await open_access(self.database, self.services, account.id, **more)

    async def token_calls(self, provider="SPOTIFY", grant="refresh_token"):
        """How often the provider was asked for tokens."""
        calls = await self.sandbox.calls(HOSTS[provider], TOKEN_PATHS[provider])
        return [call for call in calls if f"grant_type={grant}" in call["body"]]

    async def history(self, account):
        """The moves of an account: from, to, why."""
        async with self.database.session() as session:
            statement = (
                select(StatusChange.from_status, StatusChange.to_status, StatusChange.reason)
                .where(StatusChange.subject_id == account.id)
                .order_by(StatusChange.id)
            )
            return [tuple(row) for row in await session.execute(statement)]


KEPT = (ConnectedAccount, OAuthSession, Identity, JobRow, Notification, StatusChange, tables.User, tables.Session)


@pytest.fixture
async def browser(sandbox, api, web):
    made = Browser(sandbox, api)
    made.database, made.services = web.database, web.services
    yield made
    await made.http.aclose()


@pytest.fixture
def counts(make):
    """How many rows there are of all that this could write: `await counts()`."""

    async def count():
        return {table.__tablename__: await make.count(table) for table in KEPT}

    return count


@pytest.fixture
async def mina(make):
    return await make.user("mina")


PROVIDERS = [provider.value for provider in AccountProvider if provider is not AccountProvider.APPLE_MUSIC]
