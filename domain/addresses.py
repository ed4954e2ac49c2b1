"""Where people are reached: e-mail addresses and telephone numbers, written in one way only."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumberType

from domain.accounts import Channel
from domain.errors import InvalidInput

ATEXT: Final = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
LOCAL_PART: Final = re.compile(rf"{ATEXT}(?:\.{ATEXT})*")
"""A dot-string of RFC 5321; quoted ones are allowed there and used by nobody but attackers."""

MAX_EMAIL: Final = 254
"""What fits into the path of RFC 5321, 4.5.3.1.3."""

LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
DOMAIN: Final = re.compile(rf"(?:{LABEL}\.)+(?!\d+$){LABEL}")

REACHED_BY_SMS: Final = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})
"""Fixed lines get no message, and premium numbers are what fraudsters earn on."""


@dataclass(frozen=True)
class Address:
    """Where somebody is reached.

    Attributes:
        channel: How.
        text: The e-mail address in lower case, or the number in E.164, such as ``+4915112345678``.
        country: The calling code of a number, without the plus; None for e-mail.
    """

    channel: Channel
    text: str
    country: int | None = None


def clean_email(text: str, *field: str) -> Address:
    """Read an e-mail address: lower-cased, with an international domain in its ASCII form.

    Raises:
        InvalidInput: It is none.
    """
    local, at, domain = text.strip().lower().rpartition("@") if len(text) <= MAX_EMAIL else ("", "", "")
    try:
        ascii_domain = domain.encode("idna").decode()
    except UnicodeError:
        ascii_domain = ""
    fits = len(local) <= 64 and len(local) + 1 + len(ascii_domain) <= MAX_EMAIL
    if not (at and fits and LOCAL_PART.fullmatch(local) and DOMAIN.fullmatch(ascii_domain)):
        raise InvalidInput("This is not an e-mail address.", *field)
    return Address(Channel.EMAIL, f"{local}@{ascii_domain}")


def clean_phone(text: str, *field: str) -> Address:
    """Read the number of a mobile telephone, with its country: spaces, dashes and brackets do not matter.

    Raises:
        InvalidInput: It is none, its country is missing, or it gets no short messages.
    """
    try:
        number = phonenumbers.parse(text if len(text) <= 40 else "", None)
    except phonenumbers.NumberParseException:
        raise InvalidInput("Write the number with its country, such as +49 151 12345678.", *field) from None
    if not phonenumbers.is_valid_number(number):
        raise InvalidInput("There is no such telephone number.", *field)
    if phonenumbers.number_type(number) not in REACHED_BY_SMS or number.extension:
        raise InvalidInput("This number gets no short messages; give that of a mobile telephone.", *field)
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Address(Channel.SMS, written, number.country_code)


def network_of(address: str) -> str:
    """The part of a network address that one customer of a provider has: all of IPv4, the first 64 bits of IPv6.

    What is no such address (a unix socket's, say) stays as it is.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((int(found) >> 64 << 64, 64)))
    return str(found)
