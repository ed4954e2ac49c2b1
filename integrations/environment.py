"""Settings as the operating system and a `.env` file give them: texts under names, read into values."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, field, fields
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit
from zoneinfo import ZoneInfo

from domain.money import Currency
from domain.payouts import PayoutMethodKind

ENTRY: Final = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)")
MOST: Final = 1_000_000
COMMENT: Final = re.compile(r"\s#.*")

Parse = Callable[[str], Any]


def setting(name: str, parse: Parse, *, default: object = None, secret: bool = False) -> Any:
    """Declare a field of a settings dataclass.

    Args:
        name: The variable it comes from.
        parse: Makes the value of the text, or raises ValueError with what the text must be, such as
            ``must be a whole number``.
        default: The value when the variable is unset or empty.
        secret: Whether the value must never be shown.
    """
    return field(default=default, repr=not secret, metadata={"name": name, "parse": parse, "secret": secret})


def read_settings(shape: type, texts: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """Read all fields of a settings dataclass.

    Returns:
        The values that were given, by field, and a sentence for each that cannot be used.
    """
    values: dict[str, Any] = {}
    faults: list[str] = []
    for each in fields(shape):
        name = each.metadata.get("name")
        text = texts.get(name, "").strip() if name else ""
        if not text:
            continue
        try:
            values[each.name] = each.metadata["parse"](text)
        except ValueError as fault:
            shown = "" if each.metadata["secret"] else f"; it is {text[:100]!r}"
            faults.append(f"{name} {fault}{shown}.")
    return values, faults


def names_of(shape: type) -> frozenset[str]:
    """List the variables behind the fields of a settings dataclass."""
    return frozenset(each.metadata["name"] for each in fields(shape) if "name" in each.metadata)


def defaults_of(shape: type) -> dict[str, Any]:
    """List the values that fields have when nothing is given."""
    return {each.name: each.default for each in fields(shape) if each.default is not MISSING}


def read_dotenv(path: Path) -> tuple[dict[str, str], list[str]]:
    """Read a file of ``NAME=value`` lines: ``#`` comments, ``export`` and quotes are understood, nothing is expanded.

    Returns:
        The texts by name, and a sentence for each line that cannot be read. A file that is not there holds nothing.
    """
    if not path.is_file():
        return {}, []
    texts: dict[str, str] = {}
    faults: list[str] = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        bare = line.strip()
        if not bare or bare.startswith("#"):
            continue
        entry = ENTRY.fullmatch(bare)
        if entry is None:
            faults.append(f"Line {number} of {path.name} must look like NAME=value.")
        else:
            texts[entry[1]] = _unquoted(entry[2])
    return texts, faults


def _unquoted(text: str) -> str:
    bare = text.strip()
    for quote in "\"'":
        if bare.startswith(quote):
            return bare[1:].partition(quote)[0]
    return COMMENT.sub("", text).strip()


def text(value: str) -> str:
    """Take any text."""
    return value


def switch(value: str) -> bool:
    """Read on or off."""
    lowered = value.lower()
    if lowered in {"1", "true", "yes", "on"}:
        return True
    if lowered in {"0", "false", "no", "off"}:
        return False
    raise ValueError("must be 1 or 0")


def whole(low: int, high: int, *, times: int = 1) -> Parse:
    """Read a whole number within bounds; the value is `times` as much (megabytes to bytes, say)."""

    def parse(value: str) -> int:
        if not value.isascii() or not value.isdigit() or not low <= int(value) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(value) * times

    return parse


def hundredths(high: int) -> Parse:
    """Read a decimal number with up to two decimals as a count of hundredths: 5 percent as 500 basis points."""

    def parse(value: str) -> int:
        try:
            number = Decimal(value).scaleb(2)
        except ArithmeticError:
            number = Decimal(-1)
        if not number.is_finite() or not 0 <= number <= high * 100 or number != int(number):
            raise ValueError(f"must be a number from 0 to {high} with at most two decimals")
        return int(number)

    return parse


def one_of(*values: str) -> Parse:
    """Read one of a few words."""

    def parse(value: str) -> str:
        if value not in values:
            raise ValueError(f"must be {' or '.join(values)}")
        return value

    return parse


def matching(pattern: str, what: str) -> Parse:
    """Read a text of a certain form."""

    def parse(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"must be {what}")
        return value

    return parse


def secret(shortest: int) -> Parse:
    """Read a secret that is not too short to guess."""

    def parse(value: str) -> str:
        if len(value.encode()) < shortest:
            raise ValueError(f"must have {shortest} bytes or more; `openssl rand -base64 48` makes a good one")
        return value

    return parse


def _split(value: str, schemes: tuple[str, ...]) -> SplitResult:
    example = f"must be an address that begins with {' or '.join(f'{scheme}://' for scheme in schemes)}"
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        raise ValueError(example) from None
    if parts.scheme not in schemes or not (parts.netloc or parts.path.strip("/")):
        raise ValueError(example)
    return parts


def address(*schemes: str) -> Parse:
    """Read an address with one of the schemes; a slash at its end is dropped."""

    def parse(value: str) -> str:
        _split(value, schemes)
        return value.rstrip("/")

    return parse


def postgres_url(value: str) -> str:
    """Read a PostgreSQL address; libpq's way of writing it becomes the one that SQLAlchemy and asyncpg understand."""
    parts = _split(value, ("postgresql", "postgres", "postgresql+asyncpg"))
    if not parts.path.strip("/"):
        raise ValueError("must name a database, such as postgresql://user:password@host/backline")
    given = dict(parse_qsl(parts.query))
    if "sslmode" in given:
        given["ssl"] = given.pop("sslmode")
    query = f"?{urlencode(given, safe='/')}" if given else ""
    return f"postgresql+asyncpg://{parts.netloc}{parts.path}{query}"


def valkey_url(value: str) -> str:
    """Read the address of a Valkey or Redis server."""
    parts = _split(value, ("redis", "rediss", "unix", "valkey", "valkeys"))
    return value.replace("valkey", "redis", 1) if parts.scheme.startswith("valkey") else value


def origin(value: str) -> str:
    """Read the origin of a browser app: scheme, host and port, nothing after them."""
    parts = _split(value.rstrip("/"), ("https", "http"))
    if parts.path or parts.query or parts.username:
        raise ValueError("must be origins such as https://app.example.com, with nothing after the host")
    return f"{parts.scheme}://{parts.netloc}".lower()


def return_address(value: str) -> str:
    """Read an address that browsers may be sent back to: a page, or an app's own scheme such as ``backline://connected``."""
    parts = urlsplit(value)
    known = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1", "::1"})
    app = "." in parts.scheme or parts.scheme not in {"", "http", "javascript", "data", "file", "blob", "vbscript"}
    if (
        not (known or (app and parts.scheme != "https"))
        or not parts.netloc
        or parts.query
        or parts.fragment
        or "@" in parts.netloc
    ):
        raise ValueError("must be https addresses or an app's own, such as backline://connected, without ? and #")
    return value


def network(value: str) -> str:
    """Read an IP address or a network."""
    try:
        return str(ipaddress.ip_network(value, strict=False))
    except ValueError:
        raise ValueError("must be IP addresses or networks such as 10.0.0.0/8") from None


def many(parse: Parse) -> Parse:
    """Read a list with commas between its parts."""

    def parse_all(value: str) -> tuple[Any, ...]:
        return tuple(parse(part.strip()) for part in value.split(",") if part.strip())

    return parse_all


def zone(value: str) -> ZoneInfo:
    """Read a time zone by its IANA name."""
    try:
        return ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ValueError("must be a time zone such as Europe/Berlin") from None


def payout_thresholds(value: str) -> dict[str, tuple[int, int]]:
    """Read the least that can be asked for and the least that is paid by itself, of currencies that need their own."""
    found: dict[str, tuple[int, int]] = {}
    for part in (each.strip() for each in value.split(",") if each.strip()):
        code, *amounts = part.split(":")
        try:
            minimum, automatic = (hundredths(MOST)(each) for each in amounts)
        except ValueError:
            minimum, automatic = 0, 0
        if code not in Currency.__members__ or not 0 < minimum <= automatic:
            raise ValueError("must be currencies with two amounts, the smaller first, such as JPY:7500:15000")
        found[code] = minimum, automatic
    return found


def payout_fees(value: str) -> dict[str, int]:
    """Read what roads out cost, in percent."""
    found: dict[str, int] = {}
    for part in (each.strip() for each in value.split(",") if each.strip()):
        kind, _, percent = part.partition(":")
        if kind not in PayoutMethodKind.__members__:
            raise ValueError(f"must name {', '.join(PayoutMethodKind)}, such as ZELLE:1.5")
        found[kind] = hundredths(50)(percent)
    return found


def resolve_aliases(texts: dict[str, str]) -> list[str]:
    """Put REDIS_URL together of REDIS_HOST and REDIS_PORT where it is not given."""
    host, port = texts.get("REDIS_HOST", "").strip(), texts.get("REDIS_PORT", "").strip() or "6379"
    if texts.get("REDIS_URL") or not (host or texts.get("REDIS_PORT")):
        return []
    try:
        whole(1, 65535)(port)
    except ValueError as fault:
        return [f"REDIS_PORT {fault}; it is {port[:100]!r}."]
    texts["REDIS_URL"] = f"redis://{host or 'localhost'}:{port}"
    return []
