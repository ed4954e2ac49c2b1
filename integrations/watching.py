"""Who is told of the server at work: Prometheus always, OpenTelemetry where it has an address."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from domain.sight import Watchers
from integrations.prometheus import Prometheus

TRACING = ("opentelemetry.sdk.trace", "opentelemetry.exporter.otlp.proto.http")


def can_trace() -> bool:
    """Whether the packages for traces are installed; they are an extra."""
    try:
        return all(importlib.util.find_spec(name) is not None for name in TRACING)
    except ModuleNotFoundError:
        return False


@asynccontextmanager
async def watching(endpoint: str | None) -> AsyncIterator[Watchers]:
    """Make the watchers of a process.

    Args:
        endpoint: Where traces go; None for nowhere. Then the packages need not be there.
    """
    if endpoint is None:
        yield Watchers(Prometheus())
        return
    # Not imported above: they are large, and most do without.
    tracing = importlib.import_module("integrations.tracing").Tracing(endpoint)
    try:
        yield Watchers(Prometheus(), traces=True, others=(tracing,))
    finally:
        await asyncio.to_thread(tracing.close)
