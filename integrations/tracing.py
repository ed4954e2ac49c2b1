"""OpenTelemetry: a span for each operation and each attempt at a job, sent by OTLP over HTTP.

Spans are made when what they tell of is over, so that nothing is paid for them before. Their sampling, headers and the like
are OpenTelemetry's own environment variables. The packages are an extra: see docs/operating.md.
"""

from __future__ import annotations

from typing import Any, Final

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from domain.sight import JobOutcome, Seen

NANO: Final = 1_000_000_000
LONGEST_TEXT: Final = 4000
LAST_SECONDS: Final = 3
PROPAGATOR: Final = TraceContextTextMapPropagator()


class Tracing:
    """Makes spans and sends them in the background."""

    def __init__(self, endpoint: str) -> None:
        """Begin.

        Args:
            endpoint: The collector's address, without the path for traces.
        """
        exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
        # OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES go before it.
        resource = Resource({SERVICE_NAME: "backline"}).merge(OTELResourceDetector().detect())
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("backline")

    def operation(self, seen: Seen) -> None:
        """Make the span of an operation, with one for each statement below it."""
        parent = PROPAGATOR.extract({"traceparent": seen.trace_parent}) if seen.trace_parent else Context()
        attributes: dict[str, Any] = {
            "graphql.operation.type": seen.kind,
            "backline.road": seen.road,
            "backline.sql.statements": seen.statements,
            "backline.sql.seconds": seen.sql_seconds,
            "backline.plans.found": seen.plans_found,
            "backline.plans.made": seen.plans_made,
        }
        if seen.name:
            attributes["graphql.operation.name"] = seen.name
        if seen.cost is not None:
            attributes["backline.cost"] = seen.cost
        # A name that any client may choose is an attribute, but no span's name: those are counted.
        title = f"{seen.kind} {seen.name}" if seen.name and seen.trusted else seen.kind
        span = self._tracer.start_span(title, parent, SpanKind.SERVER, attributes, start_time=seen.began_at)
        if seen.codes:
            span.set_attribute("error.type", seen.codes[0])
            span.set_status(Status(StatusCode.ERROR))
        if span.is_recording():
            below = set_span_in_context(span, Context())
            for text, began_at, seconds in seen.queries:
                facts = {"db.system.name": "postgresql", "db.query.text": text[:LONGEST_TEXT]}
                query = self._tracer.start_span("postgresql", below, SpanKind.CLIENT, facts, start_time=began_at)
                query.end(began_at + int(seconds * NANO))
        span.end(seen.began_at + int(seen.seconds * NANO))

    def handed_out(self, seconds: float, sockets: int) -> None:
        """Make none: the execution for an event has one."""

    def job(self, kind: str, queue: str, outcome: JobOutcome, began_at: int, seconds: float) -> None:
        """Make the span of an attempt at a job."""
        facts = {"backline.job.queue": queue, "backline.job.outcome": outcome.value}
        span = self._tracer.start_span(f"job {kind}", Context(), SpanKind.CONSUMER, facts, start_time=began_at)
        if outcome is not JobOutcome.DONE:
            span.set_status(Status(StatusCode.ERROR))
        span.end(began_at + int(seconds * NANO))

    def close(self) -> None:
        """Send what is left, for a few seconds at most."""
        self._provider.force_flush(LAST_SECONDS * 1000)
        self._provider.shutdown()
