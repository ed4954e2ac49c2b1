"""Prometheus: what is counted, and the page that it reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Counter, GCCollector, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from domain.sight import Gauge, JobOutcome, Seen

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
STATEMENTS: Final = (0, 1, 2, 3, 5, 8, 13, 21, 50, 100)
COSTS: Final = (1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000)
OTHER: Final = "other"
"""What is asked by documents that are not known beforehand: their names are the clients', and there may be any number."""

MOST_CODES: Final = 200


class _Reading(Collector):
    """Figures for one page."""

    def __init__(self, gauges: Sequence[Gauge]) -> None:
        self._gauges = gauges

    def collect(self) -> Iterable[Metric]:
        for gauge in self._gauges:
            family = GaugeMetricFamily(gauge.name, gauge.description, labels=[gauge.label] if gauge.label else [])
            for key, value in gauge.values.items():
                family.add_metric([key] if gauge.label else [], value)
            yield family


class _PerOperation:
    """What is counted of one operation; looked up by its labels once."""

    def __init__(self, counters: Prometheus, name: str, kind: str) -> None:
        self.seconds = counters.seconds.labels(name, kind)
        self.statements = counters.statements.labels(name, kind)
        self.sql_seconds = counters.sql_seconds.labels(name, kind)
        self.cost = counters.cost.labels(name, kind)


class Prometheus:
    """Counts for one process."""

    def __init__(self) -> None:
        self._registry = own = CollectorRegistry()
        ProcessCollector(registry=own)
        GCCollector(registry=own)
        by = ("operation", "kind")
        self.seconds = Histogram(
            "backline_operation_seconds", "How long operations took.", by, buckets=SECONDS, registry=own
        )
        self.statements = Histogram(
            "backline_operation_sql_statements", "SQL statements of operations.", by, buckets=STATEMENTS, registry=own
        )
        self.sql_seconds = Histogram(
            "backline_operation_sql_seconds", "Time of operations in SQL.", by, buckets=SECONDS, registry=own
        )
        self.cost = Histogram("backline_operation_cost", "What operations cost.", by, buckets=COSTS, registry=own)
        self._errors = Counter("backline_errors", "Errors by code.", ("code",), registry=own)
        self._plans = Counter("backline_plans", "Plans that were found, and made.", ("how",), registry=own)
        self._lag = Histogram(
            "backline_live_lag_seconds",
            "From an event's writing to its last socket here.",
            buckets=SECONDS,
            registry=own,
        )
        self._deliveries = Counter("backline_live_deliveries", "Live events handed to sockets.", registry=own)
        self._jobs = Counter(
            "backline_job_attempts", "Attempts at jobs, by how they ended.", ("kind", "outcome"), registry=own
        )
        self._job_seconds = Histogram(
            "backline_job_seconds", "How long attempts at jobs took.", ("queue",), buckets=SECONDS, registry=own
        )
        self._found, self._made = self._plans.labels("found"), self._plans.labels("made")
        self._known: dict[tuple[str, str], _PerOperation] = {}
        self._codes: set[str] = set()

    def operation(self, seen: Seen) -> None:
        """Count an operation. Documents that are not known beforehand are counted together."""
        key = (seen.name or "unnamed" if seen.trusted else OTHER, seen.kind)
        each = self._known.get(key)
        if each is None:
            each = self._known[key] = _PerOperation(self, *key)
        each.seconds.observe(seen.seconds)
        each.statements.observe(seen.statements)
        each.sql_seconds.observe(seen.sql_seconds)
        if seen.plans_found:
            self._found.inc(seen.plans_found)
        if seen.plans_made:
            self._made.inc(seen.plans_made)
        if seen.cost is not None:
            each.cost.observe(seen.cost)
        for code in seen.codes:
            self._errors.labels(self._code(code)).inc()

    def handed_out(self, seconds: float, sockets: int) -> None:
        """Count a live event."""
        self._lag.observe(max(0.0, seconds))
        self._deliveries.inc(sockets)

    def job(self, kind: str, queue: str, outcome: JobOutcome, began_at: int, seconds: float) -> None:
        """Count an attempt at a job."""
        self._jobs.labels(kind, outcome.value).inc()
        self._job_seconds.labels(queue).observe(seconds)

    def page(self, gauges: Sequence[Gauge]) -> tuple[bytes, str]:
        """Write everything down in Prometheus' text format."""
        reading = CollectorRegistry()
        reading.register(_Reading(gauges))
        return generate_latest(self._registry) + generate_latest(reading), CONTENT_TYPE_PLAIN_0_0_4

    def _code(self, code: str) -> str:
        """A code as a label; should they ever come from outside, there are not more than so many."""
        if code not in self._codes:
            if len(self._codes) >= MOST_CODES:
                return OTHER
            self._codes.add(code)
        return code
