"""Parameters as Stripe's clients send them, `a[b][0]=c`, read by the shapes that its own library declares."""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from stripe import params as stripe_params
from stripe.params import checkout as checkout_params
from typing_extensions import is_typeddict

from integrations.sandbox.stripe.refusals import Json, Refused, lacking

OPTIONS: Final = frozenset(
    {
        "api_key",
        "content_type",
        "headers",
        "idempotency_key",
        "max_network_retries",
        "stripe_account",
        "stripe_context",
        "stripe_version",
    }
)
"""What the library declares beside the parameters: how to send them."""

DEEPEST: Final = 8
MOST_FIELDS: Final = 1_000
UNIONS: Final = (typing.Union, types.UnionType)


def nest(pairs: Iterable[tuple[str, str]]) -> Json:
    """Make one object of names with brackets.

    Raises:
        Refused: The names contradict each other.
    """
    tree: Json = {}
    for count, (name, value) in enumerate(pairs):
        head, *rest = name.replace("]", "").split("[")
        if len(rest) > DEEPEST or count >= MOST_FIELDS:
            raise Refused("Invalid request: too many parameters.", begun=False)
        _place(tree, [head, *rest], value, name)
    return {name: _listed(value) for name, value in tree.items()}


def _place(tree: Json, path: list[str], value: str, name: str) -> None:
    for place, step in enumerate(path):
        key = step or str(len(tree))
        if place == len(path) - 1:
            tree[key] = value
            return
        tree = tree.setdefault(key, {})
        if not isinstance(tree, dict):
            raise Refused(f"Invalid {name}.", param=name, begun=False)


def _listed(value: Any) -> Any:
    """Make a list of what has the keys 0, 1, 2 ..., at every depth."""
    if not isinstance(value, dict):
        return value
    inner = {key: _listed(each) for key, each in value.items()}
    if inner and all(key.isascii() and key.isdigit() for key in inner):
        return [inner[key] for key in sorted(inner, key=int)]
    return inner


def read(shape: str, given: Json) -> Json:
    """Read what was sent by the shape of that name, such as `TransferCreateParams`.

    Raises:
        Refused: A name is not known, something must be there, or a value is none of its kind.
    """
    return _object(find_shape(shape), given, "")


def find_shape(name: str) -> type:
    """Find a shape of the library; those of Checkout are written `checkout.SessionCreateParams`."""
    room, _, bare = name.rpartition(".")
    found: type = getattr(checkout_params if room == "checkout" else stripe_params, bare)
    return found


@functools.cache
def fields(shape: type) -> dict[str, Any]:
    """The parameters of a shape and their types; those about sending, whose types are not all there, left out."""
    own = {name: kind for name, kind in shape.__annotations__.items() if name not in OPTIONS}
    return typing.get_type_hints(type(shape.__name__, (), {"__annotations__": own, "__module__": shape.__module__}))


def _object(shape: type, given: Json, path: str) -> Json:
    known = fields(shape)
    read_values: Json = {}
    for name, value in given.items():
        whole = f"{path}[{name}]" if path else name
        if name not in known:
            raise Refused(f"Received unknown parameter: {whole}", code="parameter_unknown", param=whole, begun=False)
        read_values[name] = _value(known[name], value, whole)
    required: frozenset[str] = getattr(shape, "__required_keys__", frozenset())
    for name in sorted(required - OPTIONS - set(given)):
        raise lacking(f"{path}[{name}]" if path else name)
    return read_values


def _value(kind: Any, value: Any, path: str) -> Any:
    origin = typing.get_origin(kind)
    if origin in UNIONS:
        return _union(typing.get_args(kind), value, path)
    if is_typeddict(kind) and isinstance(value, dict):
        return _object(kind, value, path)
    if origin is list and isinstance(value, list):
        [inner] = typing.get_args(kind)
        return [_value(inner, each, f"{path}[{place}]") for place, each in enumerate(value)]
    if origin is dict and isinstance(value, dict | list):
        # Keys of a person's own may be numbers, which look like a list.
        pairs = value.items() if isinstance(value, dict) else ((str(place), each) for place, each in enumerate(value))
        return {name: _value(typing.get_args(kind)[1], each, f"{path}[{name}]") for name, each in pairs}
    if isinstance(value, str):
        return _scalar(kind, value, path)
    raise Refused(f"Invalid {_word(kind)}.", param=path, begun=False)


def _union(kinds: tuple[Any, ...], value: Any, path: str) -> Any:
    """Read the one of several kinds that fits; an open list of words is read as a closed one, as Stripe does."""
    if isinstance(value, dict | list):
        fitting = [kind for kind in kinds if is_typeddict(kind) or typing.get_origin(kind) in {dict, list}]
    else:
        words = [word for kind in kinds for word in _words(kind)]
        if value in words:
            return value
        plain = [kind for kind in kinds if kind in {bool, int, float}]
        closed = any(word for word in words)
        fitting = plain or ([kind for kind in kinds if not _words(kind) and not closed] or [kinds[0]])
    if not fitting:
        raise Refused(f"Invalid value for {path}.", param=path, begun=False)
    return _value(fitting[0], value, path)


def _words(kind: Any) -> tuple[Any, ...]:
    return typing.get_args(kind) if typing.get_origin(kind) is typing.Literal else ()


def _scalar(kind: Any, value: str, path: str) -> Any:
    if kind is str:
        return value
    if kind is int:
        bare = value.removeprefix("-")
        if not (bare.isascii() and bare.isdigit() and len(bare) < 19):
            raise Refused(f"Invalid integer: {value}", code="parameter_invalid_integer", param=path, begun=False)
        return int(value)
    if kind is bool and value in {"true", "false"}:
        return value == "true"
    if kind in {float, Decimal}:
        try:
            return str(Decimal(value))
        except InvalidOperation:
            pass
    if value in _words(kind):
        return value
    allowed = f": must be one of {', '.join(map(str, _words(kind)))}" if _words(kind) else ""
    raise Refused(f"Invalid {path}{allowed}", param=path, begun=False)


def _word(kind: Any) -> str:
    return "array" if typing.get_origin(kind) is list else "object" if is_typeddict(kind) else "string"
