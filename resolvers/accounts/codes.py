"""Codes to sign in with: asking for one, and sending it."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from db.queries import codes
from db.session import Database
from db.tables import SignInCode
from domain.accounts import CODE_DIGITS, CODE_MINUTES, Channel
from domain.actors import Caller
from domain.addresses import Address, clean_email, clean_phone, network_of
from domain.errors import InvalidInput
from domain.ids import new_id
from domain.jobs import Job, JobKind, Queue
from domain.limits import (
    CODES_BY_CALLER,
    CODES_TO_ADDRESS_DAILY,
    CODES_TO_COUNTRY,
    CODES_TO_EMAIL,
    CODES_TO_PHONE,
)
from domain.ports import Services
from resolvers.accounts.hashes import hash_address, hash_code
from resolvers.limits import spend

log = logging.getLogger(__name__)

FORGOTTEN_AFTER_HOURS: Final = 24


def clean_address(email: str | None, phone: str | None, *field: str) -> Address:
    """Read the one address that was given.

    Raises:
        InvalidInput: None was given, or both, or it is not an address.
    """
    if (email is None) == (phone is None):
        raise InvalidInput("Give an e-mail address or a telephone number, one of the two.", *field)
    return clean_email(email, *field, "email") if email is not None else clean_phone(phone or "", *field, "phone")


async def request_code(
    database: Database, services: Services, caller: Caller, *, email: str | None = None, phone: str | None = None
) -> datetime:
    """Have a new code sent to an address. The answer is the same whether somebody has an account there or not.

    Returns:
        Until when the code holds.

    Raises:
        InvalidInput: It is not an address.
        RateLimited: Too many codes were asked for from here, to this address, or to numbers of its country.
        NotConfigured: This installation sends no mail, or no short messages.
    """
    address = clean_address(email, phone)
    by_mail = address.channel is Channel.EMAIL
    (services.mailer if by_mail else services.telephones).require()
    await _spend_places(services, caller, address)
    code_id = new_id()
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    async with database.transaction() as tx:
        expires_at = await codes.add(
            tx.session,
            code_id=code_id,
            channel=address.channel,
            address=address.text,
            # Those that go to telephones are made by the carrier, who checks them too.
            code_hash=hash_code(services.secret, code_id, code) if by_mail else None,
            sealed_code=services.cipher.seal(code, bound_to=str(code_id)) if by_mail else None,
        )
        await tx.later(Job(JobKind.SEND_SIGN_IN_CODE, str(code_id), {"codeId": str(code_id)}, queue=Queue.URGENT))
    return expires_at


async def send_code(database: Database, services: Services, payload: Mapping[str, Any]) -> None:
    """Send a code that was asked for, or have the carrier make and send one, and forget it.

    Called again after a crash it may send the same code once more.

    Args:
        database: The database.
        services: For the mail server or carrier, and the cipher.
        payload: ``codeId``, the code's id.

    Raises:
        Unavailable: The mail server or carrier does not answer; try again.
        RateLimited: The carrier sends nothing more to this number just now; try again.
        NotConfigured: There is none.
    """
    code_id = UUID(str(payload["codeId"]))
    async with database.session() as session:
        found = await codes.find_unsent(session, code_id)
    if found is not None:
        try:
            await _send(services, found)
        except InvalidInput:
            log.info("Sign-in code %s cannot be sent: nobody is reached there.", code_id)
    async with database.transaction() as tx:
        await codes.erase(tx.session, code_id)


async def forget_old(database: Database) -> int:
    """Remove codes that expired a day ago; returns how many."""
    async with database.transaction() as tx:
        return await codes.forget(tx.session, hours=FORGOTTEN_AFTER_HOURS)


async def _send(services: Services, found: SignInCode) -> None:
    if found.sealed_code is None:
        await services.telephones.send_code(found.address)
        return
    code = services.cipher.open(found.sealed_code, bound_to=str(found.id))
    text = (
        f"Your Backline code is {code}\n\n"
        f"It holds for {CODE_MINUTES} minutes. Somebody gave this address to sign in; if it was not you, there is "
        "nothing to do: without the code nobody gets in.\n"
    )
    await services.mailer.send(to=found.address, subject="Your code to sign in to Backline", text=text)


async def _spend_places(services: Services, caller: Caller, address: Address) -> None:
    limiter, name = services.limiter, hash_address(services.secret, address.text)
    kind = "email" if address.channel is Channel.EMAIL else "phone"
    often = "Too many codes were asked for here. Use the last one, or wait."
    await spend(limiter, f"codes:by:{network_of(caller.address)}", CODES_BY_CALLER, often)
    limit = CODES_TO_EMAIL if address.channel is Channel.EMAIL else CODES_TO_PHONE
    await spend(limiter, f"codes:to:{name}", limit, often, kind)
    await spend(limiter, f"codes:daily:{name}", CODES_TO_ADDRESS_DAILY, often, kind)
    if address.country is not None:
        busy = "Too many codes go to numbers of this country just now."
        await spend(limiter, f"codes:country:{address.country}", CODES_TO_COUNTRY, busy, kind)
