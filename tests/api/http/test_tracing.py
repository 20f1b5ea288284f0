"""Can a request be followed down to its statements, without what the user's values are?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanContext

from cmdb.bootstrap import open_service
from cmdb.server.serving import Serving
from cmdb.server.tracing import LAST_SECONDS, Tracing, open_tracing
from cmdb.settings import ServerSettings, Settings
from tests.api.http.running_server import RunningServer, served
from tests.peers.ports import free_port

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


def finished(exporter: InMemorySpanExporter) -> list[ReadableSpan]:
    """Return the spans once that of the request has ended: its answer is sent before."""
    give_up = time.monotonic() + 30
    while time.monotonic() < give_up:
        spans = list(exporter.get_finished_spans())
        if any(span.name == "http" for span in spans):
            return spans
        time.sleep(0.02)
    raise AssertionError("the request never ended")


@pytest.fixture
def traced(tmp_path: Path, exporter: InMemorySpanExporter) -> Iterator[RunningServer]:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing = Tracing(provider)
    service = open_service(Settings(data_dir=tmp_path), observe=tracing.observe)
    with served(Serving(service, ServerSettings(), tracing=tracing)) as running:
        yield running


def test_a_trace_leads_from_the_client_to_each_statement(
    traced: RunningServer, exporter: InMemorySpanExporter
) -> None:
    parent = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
    query = '{ search(text: "hunter2") { report } }'
    with traced.client("viewer") as client:
        exporter.clear()
        client.post("/graphql", json={"query": query}, headers=parent)

    spans = finished(exporter)
    (request,) = [span for span in spans if span.name == "http"]
    assert {format(context_of(span).trace_id, "032x") for span in spans} == {TRACE}
    assert request.parent is not None
    statements = [span for span in spans if span.name.startswith("database")]
    assert len(statements) >= 2
    assert all(span.parent is not None for span in statements)
    assert "hunter2" not in str([span.to_json() for span in spans])


def test_a_write_shows_its_statements_below_it(
    traced: RunningServer, exporter: InMemorySpanExporter
) -> None:
    with traced.client("administrator") as client:
        exporter.clear()
        document = 'mutation { addCi(input: {class: "Rack", name: "hunter2"}) { __typename } }'
        client.post("/graphql", json={"query": document})

    spans = exporter.get_finished_spans()
    (write,) = [span for span in spans if span.name == "database write"]
    below = [
        span
        for span in spans
        if span.parent is not None and span.parent.span_id == context_of(write).span_id
    ]
    assert len(below) >= 2
    assert {span.name for span in below} == {"database statement"}
    assert "hunter2" not in str([span.to_json() for span in spans])


def context_of(span: ReadableSpan) -> SpanContext:
    found = span.get_span_context()
    assert isinstance(found, SpanContext)
    return found


def test_nothing_is_traced_unless_it_is_wanted() -> None:
    tracing = open_tracing(is_wanted=False)

    with tracing.request("http", {}, {}), tracing.observe("read", "MATCH (n) RETURN n"):
        entered = True

    assert entered
    tracing.close()


def test_a_collector_that_is_away_holds_the_end_up_for_a_moment_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{free_port()}")
    tracing = open_tracing(is_wanted=True)
    with tracing.request("http", {}, {}):
        pass

    began = time.monotonic()
    tracing.close()

    assert time.monotonic() - began < LAST_SECONDS + 2
