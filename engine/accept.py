"""Which form an answer takes: what the client accepts, by weight, against what there is.

A query or a mutation is one JSON text. A subscription is a stream, and so is anything for a client that accepts nothing but
a stream.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from graphql import OperationType

from engine.requests import JSON, RESPONSE_JSON, BadRequest

EVENT_STREAM: Final = "text/event-stream"
MULTIPART: Final = "multipart/mixed"
SINGLE: Final = (RESPONSE_JSON, JSON)
STREAMS: Final = (EVENT_STREAM, MULTIPART)
WEIGHT: Final = re.compile(r"[01](\.[0-9]{0,3})?")
DEFER: Final = "deferSpec=20220824"
INCREMENTAL: Final = "incrementalSpec=v0.2"
MOST_REMEMBERED, LONGEST_REMEMBERED = 256, 256
PARTS: Final = frozenset({"subscriptionspec", "deferspec", "incrementalspec"})


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a client accepts.

    Attributes:
        single: The type of one JSON text; None when the client takes none.
        stream: The type of a stream; None when the client takes none.
        streams_only: Whether a stream is preferred even for what has one answer.
        parameters: Parameters of the accepted `multipart/mixed`, by name in lower case. It is a type of subscriptions
            only with `subscriptionSpec=1.0`.
    """

    single: str | None
    stream: str | None
    streams_only: bool
    parameters: dict[str, str]

    @property
    def incremental(self) -> str | None:
        """The format of answers in parts that the client understands."""
        if self.parameters.get("incrementalspec") == "v0.2":
            return INCREMENTAL
        return DEFER if self.parameters.get("deferspec") == "20220824" else None

    def streams(self, kind: OperationType | None) -> bool:
        """Whether an operation of that type is answered by a stream; None is one that cannot be run."""
        if self.stream is None or (kind is None and self.single is not None):
            return False
        return self.streams_only or kind is OperationType.SUBSCRIPTION


PLAIN: Final = Accepted(JSON, None, streams_only=False, parameters={})


def read_accept(header: str | None) -> Accepted:
    """Read what a client accepts.

    Args:
        header: The header `Accept`, or None.

    Returns:
        The best of each kind; plain JSON where the client does not care.

    Raises:
        BadRequest: The client accepts nothing that there is.
    """
    if not header or header == "*/*":
        return PLAIN
    # An app sends the same one each time.
    return _read_remembered(header) if len(header) <= LONGEST_REMEMBERED else _read(header)


def _read(header: str) -> Accepted:
    weights, named, parameters = _weigh(header)
    # Who names the newer type knows it, so it goes before at equal weights; who says "anything" may be of any age.
    single = max(SINGLE, key=lambda kind: (weights[kind], kind in named, kind == JSON and kind not in named))
    stream = max(STREAMS, key=lambda kind: weights[kind])
    accepted = Accepted(
        single=single if weights[single] > 0 else None,
        stream=stream if weights[stream] > 0 else None,
        streams_only=weights[stream] > weights[single],
        parameters=parameters,
    )
    if not (accepted.single or accepted.stream or accepted.incremental):
        kinds = f"{JSON} or {RESPONSE_JSON}, streams as {EVENT_STREAM} or {MULTIPART};subscriptionSpec=1.0"
        raise BadRequest(406, "NOT_ACCEPTABLE", f"Answers come as {kinds}.")
    return accepted


_read_remembered = lru_cache(MOST_REMEMBERED)(_read)


def _weigh(header: str) -> tuple[dict[str, float], set[str], dict[str, str]]:
    """Give each type the weight of the most specific range that it is in. Streams must be named."""
    weights = dict.fromkeys((*SINGLE, *STREAMS), 0.0)
    ranges = dict.fromkeys(weights, 0)
    parameters: dict[str, str] = {}
    for part in header.split(","):
        media_type, *given = (piece.strip() for piece in part.split(";"))
        media_type = media_type.lower()
        pairs = {name.strip().lower(): value.strip().strip('"') for name, _, value in (p.partition("=") for p in given)}
        weight = _weight(pairs.pop("q", "1"))
        if media_type == MULTIPART and weight > 0:
            parameters.update((name, value) for name, value in pairs.items() if name in PARTS)
            weight *= pairs.get("subscriptionspec") == "1.0"
        precision = 3 if media_type in weights else {"application/*": 2, "*/*": 1}.get(media_type, 0)
        for kind in (media_type,) if precision == 3 else SINGLE if precision else ():
            if precision > ranges[kind] or (precision == ranges[kind] and weight > weights[kind]):
                weights[kind], ranges[kind] = weight, precision
    return weights, {kind for kind, precision in ranges.items() if precision == 3}, parameters


def _weight(text: str) -> float:
    return min(float(text), 1.0) if WEIGHT.fullmatch(text) else 0.0
