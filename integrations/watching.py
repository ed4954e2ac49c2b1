"""Who is told of the server at work: Prometheus always, OpenTelemetry where it has an address."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from domain.sight import Watchers
from integrations.prometheus import Prometheus


class TracingMissing(Exception):
    """Traces are wanted, and the packages for them are not installed."""


@asynccontextmanager
async def watching(endpoint: str | None, *, name: str, version: str) -> AsyncIterator[Watchers]:
    """Make the watchers of a process.

    Args:
        endpoint: Where traces go; None for nowhere.
        name: What this process is called there.
        version: The software's.

    Raises:
        TracingMissing: There is an address, but no packages.
    """
    if endpoint is None:
        yield Watchers(Prometheus())
        return
    try:
        # Not imported above: the packages are an extra, and they are large.
        tracing = importlib.import_module("integrations.tracing").Tracing(endpoint, name=name, version=version)
    except ImportError as error:
        raise TracingMissing(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, but OpenTelemetry is not installed: "
            "pip install --require-hashes -r requirements-tracing.txt, or leave it empty."
        ) from error
    try:
        yield Watchers(Prometheus(), traces=True, others=(tracing,))
    finally:
        await asyncio.to_thread(tracing.close)
