"""Which steps did a request take? Spans from the request to each Cypher statement, where wanted.

Off by default: then nothing of OpenTelemetry is imported and a span costs nothing. A span carries
the text of a statement, never the values of its parameters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Thread
from typing import TYPE_CHECKING, Any

from cmdb.errors import BadSettings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Tracer

LAST_SECONDS = 2.0
"""How long the end waits for spans to be sent."""
_NOTHING: AbstractContextManager[None] = nullcontext()


class Tracing:
    """Where spans go; nowhere without a provider."""

    def __init__(self, provider: TracerProvider | None = None) -> None:
        self._provider = provider
        self._tracer = None if provider is None else provider.get_tracer("cmdb")

    def request(
        self, name: str, headers: Mapping[str, str], attributes: Mapping[str, Any]
    ) -> AbstractContextManager[None]:
        """Return the span of a request, a child of the client's where it sends one."""
        if self._tracer is None:
            return _NOTHING
        return _request(self._tracer, name, headers, attributes)

    def observe(self, kind: str, text: str) -> AbstractContextManager[None]:
        """Return the span of one read, write or statement; see `cmdb.ports.service.Observe`."""
        if self._tracer is None:
            return _NOTHING
        return _statement(self._tracer, kind, text)

    def close(self) -> None:
        """Send what waits to be sent; a collector that is away holds the end up for a moment."""
        if self._provider is not None:
            sending = Thread(target=self._provider.shutdown, daemon=True)
            sending.start()
            sending.join(LAST_SECONDS)


def open_tracing(*, is_wanted: bool) -> Tracing:
    """Return where spans go: to the collector that the OTEL_ variables name, or nowhere.

    Raises:
        BadSettings: The packages for it are not installed.
    """
    if not is_wanted:
        return Tracing()
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise BadSettings("CMDB_TRACING", "it needs pip install 'cmdb[tracing]'") from error
    provider = TracerProvider(
        resource=Resource.create({"service.name": "cmdb"}), shutdown_on_exit=False
    )
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Tracing(provider)


@contextmanager
def _request(
    tracer: Tracer, name: str, headers: Mapping[str, str], attributes: Mapping[str, Any]
) -> Iterator[None]:
    from opentelemetry.trace import SpanKind
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    parent = TraceContextTextMapPropagator().extract(headers)
    with tracer.start_as_current_span(
        name, context=parent, kind=SpanKind.SERVER, attributes=dict(attributes)
    ):
        yield


@contextmanager
def _statement(tracer: Tracer, kind: str, text: str) -> Iterator[None]:
    from opentelemetry.trace import SpanKind

    with tracer.start_as_current_span(
        f"database {kind}",
        kind=SpanKind.CLIENT,
        attributes={"db.system.name": "cmdb", "db.query.text": text.strip()},
        record_exception=False,
    ):
        yield
