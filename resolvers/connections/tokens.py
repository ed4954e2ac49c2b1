"""What a provider gave us, on its way to the database and back: sealed, and bound to its row."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Final
from uuid import UUID

from db.queries.connections import Held
from db.tables import ConnectedAccount
from domain.connections import CONNECTS_BY, AccountProvider, Tokens
from domain.errors import DomainError
from domain.ports import Cipher, Services

log = logging.getLogger(__name__)

FORGETTING_SECONDS: Final = 5.0


def seal(cipher: Cipher, account_id: UUID, tokens: Tokens) -> Held:
    """Seal tokens for the row of their account."""
    plain = json.dumps({"access": tokens.access_token, "refresh": tokens.refresh_token})
    return Held(cipher.seal(plain, bound_to=str(account_id)), tokens.scopes, tokens.expires_at)


def unseal(cipher: Cipher, account: ConnectedAccount) -> Tokens:
    """Read the tokens of an account.

    Raises:
        ValueError: They were erased, or sealed with a key that is gone or for another row.
    """
    if account.sealed_tokens is None:
        raise ValueError("The tokens of this account were erased.")
    found = json.loads(cipher.open(account.sealed_tokens, bound_to=str(account.id)))
    return Tokens(found["access"], found["refresh"], account.expires_at, tuple(account.scopes))


async def forget(services: Services, provider: AccountProvider, tokens: Tokens) -> None:
    """Let go of tokens that are kept nowhere: the provider is told once, and if it does not hear, they end by their age."""
    vendor = CONNECTS_BY.get(provider)
    if vendor is None:
        return
    try:
        async with asyncio.timeout(FORGETTING_SECONDS):
            await services.oauth[vendor].revoke(tokens)
    except (DomainError, TimeoutError) as fault:
        log.info("%s was not told that tokens are of no use any more (%s).", provider.value, type(fault).__name__)
