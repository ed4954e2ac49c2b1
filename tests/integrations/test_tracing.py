"""Spans as a collector gets them, over real HTTP."""

import asyncio
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from domain.sight import JobOutcome
from integrations.watching import watching

TRACE, PARENT = "ab" * 16, "cd" * 8


@pytest.fixture
def collector():
    """A collector that keeps what it is sent."""
    found = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self):
            request = ExportTraceServiceRequest()
            request.ParseFromString(self.rfile.read(int(self.headers["content-length"])))
            found.append((self.path, request))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield SimpleNamespace(url=f"http://127.0.0.1:{server.server_port}", found=found)
    server.shutdown()
    thread.join()
    server.server_close()


def seen(**facts):
    known = {
        "name": "Greet",
        "kind": "query",
        "trusted": True,
        "road": "http",
        "began_at": 1_700_000_000_000_000_000,
        "seconds": 0.25,
        "codes": (),
        "statements": 1,
        "sql_seconds": 0.1,
        "plans_found": 1,
        "plans_made": 0,
        "cost": 3.0,
        "queries": [("SELECT $1", 1_700_000_000_100_000_000, 0.1)],
        "trace_parent": f"00-{TRACE}-{PARENT}-01",
    }
    return SimpleNamespace(**{**known, **facts})


def spans_of(collector):
    assert {path for path, _ in collector.found} == {"/v1/traces"}
    scopes = [scope for _, request in collector.found for one in request.resource_spans for scope in one.scope_spans]
    return {span.name: span for scope in scopes for span in scope.spans}


def facts_of(span):
    return {each.key: each.value for each in span.attributes}


async def test_an_operation_becomes_a_span_with_its_statements_below(collector):
    async with watching(collector.url) as watchers:
        assert watchers.traces
        watchers.operation(seen())
        watchers.operation(seen(name="Theirs", trusted=False, codes=["INTERNAL"], queries=[], trace_parent=None))
        watchers.job("SEND_PAYOUT", "normal", JobOutcome.PARKED, 1_700_000_000_000_000_000, 0.5)
    spans = spans_of(collector)
    assert set(spans) == {"query Greet", "postgresql", "query", "job SEND_PAYOUT"}
    span, query = spans["query Greet"], spans["postgresql"]
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, PARENT)
    assert span.end_time_unix_nano - span.start_time_unix_nano == 250_000_000
    assert (query.trace_id, query.parent_span_id) == (span.trace_id, span.span_id)
    assert facts_of(query)["db.query.text"].string_value == "SELECT $1"
    assert facts_of(span)["graphql.operation.name"].string_value == "Greet"
    assert span.status.code == 0
    failed = spans["query"]
    assert failed.trace_id.hex() != TRACE
    assert (failed.status.code, facts_of(failed)["error.type"].string_value) == (2, "INTERNAL")
    assert facts_of(spans["job SEND_PAYOUT"])["backline.job.outcome"].string_value == "PARKED"
    (resource,) = {
        request.resource_spans[0].resource.attributes[0].value.string_value for _, request in collector.found
    }
    assert resource == "backline"


async def test_without_an_address_nothing_is_traced(collector):
    async with watching(None) as watchers:
        watchers.operation(seen())
    assert not watchers.traces
    assert not watchers.others
    assert collector.found == []


async def test_a_collector_that_is_away_stops_nobody(collector):
    async with asyncio.timeout(20):
        async with watching("http://127.0.0.1:9") as watchers:
            watchers.operation(seen())
    assert collector.found == []
