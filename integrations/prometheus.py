"""Prometheus: what is counted, and the page that it reads.

What every operation is counted in is counted here, by the event loop alone: the client library's own counters take a lock
for each figure, which together cost as much as the smallest read. The library writes the page.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter as Counts
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any, Final

from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from domain.sight import Gauge, JobOutcome, Seen

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
STATEMENTS: Final = (0, 1, 2, 3, 5, 8, 13, 21, 50, 100)
COSTS: Final = (1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000)
OTHER: Final = "other"
"""What is asked by documents that are not known beforehand: their names are the clients', and there may be any number."""

MOST_CODES: Final = 200


class _Spread:
    """How the values of one figure are spread over its bounds."""

    __slots__ = ("_bounds", "_counts", "_sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        """Count a value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def write(self, family: HistogramMetricFamily, labels: Sequence[str]) -> None:
        """Write down what was counted."""
        names = [*map(floatToGoString, self._bounds), "+Inf"]
        family.add_metric(labels, list(zip(names, accumulate(self._counts), strict=True)), self._sum)


class _PerOperation:
    """What is counted of the operations of one name."""

    def __init__(self) -> None:
        self.seconds = _Spread(SECONDS)
        self.statements = _Spread(STATEMENTS)
        self.sql_seconds = _Spread(SECONDS)
        self.cost = _Spread(COSTS)


SPREADS: Final = (
    ("seconds", "backline_operation_seconds", "How long operations took."),
    ("statements", "backline_operation_sql_statements", "SQL statements of operations."),
    ("sql_seconds", "backline_operation_sql_seconds", "Time of operations in SQL."),
    ("cost", "backline_operation_cost", "What operations cost."),
)
"""What is counted of each operation: the attribute, and the name and description on the page."""


class _Page(Collector):
    """Metrics that are made when the page is."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


class Prometheus:
    """Counts for one process."""

    def __init__(self) -> None:
        self._process = CollectorRegistry()
        ProcessCollector(registry=self._process)
        GCCollector(registry=self._process)
        self._operations: dict[tuple[str, str], _PerOperation] = {}
        self._errors: Counts[str] = Counts()
        self._plans: Counts[str] = Counts(found=0, made=0)
        self._lag = _Spread(SECONDS)
        self._deliveries = 0
        self._jobs: Counts[tuple[str, str]] = Counts()
        self._job_seconds: dict[str, _Spread] = {}

    def operation(self, seen: Seen) -> None:
        """Count an operation. Documents that are not known beforehand are counted together."""
        key = (seen.name or "unnamed" if seen.trusted else OTHER, seen.kind)
        each = self._operations.get(key)
        if each is None:
            each = self._operations[key] = _PerOperation()
        each.seconds.observe(seen.seconds)
        each.statements.observe(seen.statements)
        each.sql_seconds.observe(seen.sql_seconds)
        self._plans["found"] += seen.plans_found
        self._plans["made"] += seen.plans_made
        if seen.cost is not None:
            each.cost.observe(seen.cost)
        for code in seen.codes:
            known = code in self._errors or len(self._errors) < MOST_CODES
            self._errors[code if known else OTHER] += (
                1  # Should they ever come from outside, there are not more than so many.
            )

    def handed_out(self, seconds: float, sockets: int) -> None:
        """Count a live event."""
        self._lag.observe(max(0.0, seconds))
        self._deliveries += sockets

    def job(self, kind: str, queue: str, outcome: JobOutcome, began_at: int, seconds: float) -> None:
        """Count an attempt at a job."""
        self._jobs[kind, outcome.value] += 1
        self._job_seconds.setdefault(queue, _Spread(SECONDS)).observe(seconds)

    def page(self, gauges: Sequence[Gauge]) -> tuple[bytes, str]:
        """Write everything down in Prometheus' text format."""
        page = CollectorRegistry()
        page.register(_Page([*self._of_operations(), *self._of_the_rest(), *map(_gauge, gauges)]))
        return generate_latest(self._process) + generate_latest(page), CONTENT_TYPE_PLAIN_0_0_4

    def _of_operations(self) -> Iterable[Metric]:
        for attribute, name, description in SPREADS:
            family = HistogramMetricFamily(name, description, labels=("operation", "kind"))
            for key, each in self._operations.items():
                getattr(each, attribute).write(family, key)
            yield family
        yield _counter(
            "backline_errors", "Errors by code.", ("code",), {(code,): n for code, n in self._errors.items()}
        )
        plans = {(how,): n for how, n in self._plans.items()}
        yield _counter("backline_plans", "Plans that were found, and made.", ("how",), plans)

    def _of_the_rest(self) -> Iterable[Metric]:
        lag = HistogramMetricFamily(
            "backline_live_lag_seconds", "From an event's writing to its last socket here.", labels=()
        )
        self._lag.write(lag, ())
        yield lag
        yield _counter("backline_live_deliveries", "Live events handed to sockets.", (), {(): self._deliveries})
        by = ("kind", "outcome")
        yield _counter("backline_job_attempts", "Attempts at jobs, by how they ended.", by, self._jobs)
        seconds = HistogramMetricFamily("backline_job_seconds", "How long attempts at jobs took.", labels=("queue",))
        for queue, spread in self._job_seconds.items():
            spread.write(seconds, (queue,))
        yield seconds


def _counter(name: str, description: str, labels: Sequence[str], values: Mapping[Any, float]) -> Metric:
    family = CounterMetricFamily(name, description, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family


def _gauge(gauge: Gauge) -> Metric:
    family = GaugeMetricFamily(gauge.name, gauge.description, labels=[gauge.label] if gauge.label else [])
    for key, value in gauge.values.items():
        family.add_metric([key] if gauge.label else [], value)
    return family
