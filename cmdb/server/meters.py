"""Which figures does the server keep of itself, for Prometheus?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from time import perf_counter
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from cmdb.errors import CmdbError

if TYPE_CHECKING:
    from cmdb.model.system_reports import LogFigures

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_KINDS = ("read", "write", "search", "statement")
_QUICK = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
_SLOW = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0)

# When a figure was first counted is of no use to anybody, and doubles the page.
disable_created_metrics()  # type: ignore[no-untyped-call]  # the library has no types here


class Meters:
    """The figures of one server.

    Attributes:
        log_figures_at: When the size of the log was last looked up, by the monotonic clock.
    """

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self._registry = registry
        ProcessCollector(registry=registry)
        Info("cmdb", "The program.", registry=registry).info({"version": version("cmdb")})
        self.requests = Counter(
            "cmdb_requests", "Requests by operation and code.", ("operation", "code"),
            registry=registry,
        )  # fmt: skip
        self.request_seconds = Histogram(
            "cmdb_request_seconds", "Time until the answer was sent.", ("operation",),
            buckets=_SLOW, registry=registry,
        )  # fmt: skip
        self.running = Gauge(
            "cmdb_requests_running", "Requests being worked on.", registry=registry
        )
        self.database_seconds = Histogram(
            "cmdb_database_seconds", "Time of reads, writes and the statements of writes.",
            ("kind",), buckets=_QUICK, registry=registry,
        )  # fmt: skip
        self.database_errors = Counter(
            "cmdb_database_errors", "Reads and writes that failed, by code.", ("kind", "code"),
            registry=registry,
        )  # fmt: skip
        self.subscribers = Gauge(
            "cmdb_subscribers", "Open subscriptions.", ("transport",), registry=registry
        )
        self.imports_waiting = Gauge(
            "cmdb_imports_waiting", "Imports that wait for a free place.", registry=registry
        )
        self.imports_running = Gauge("cmdb_imports_running", "Imports that run.", registry=registry)
        self.imports = Counter(
            "cmdb_imports", "Imports that ended, by how.", ("state",), registry=registry
        )
        self._revision = Gauge("cmdb_log_revision", "Newest revision.", registry=registry)
        self._entries = Gauge("cmdb_log_entries", "Entries of the log.", registry=registry)
        self._bytes = Gauge("cmdb_log_bytes", "Size of the log as stored.", registry=registry)
        self._checkpoints = Gauge(
            "cmdb_log_checkpoints", "Checkpoints of the log.", registry=registry
        )
        self._snapshot = Gauge(
            "cmdb_snapshot_revision", "Revision of the newest compiled snapshot, -1 for none.",
            registry=registry,
        )  # fmt: skip
        self.log_figures_at = float("-inf")
        self._database = {kind: self.database_seconds.labels(kind) for kind in _KINDS}

    @contextmanager
    def observe(self, kind: str, _text: str) -> Iterator[None]:
        """Measure one read, write or statement; see `cmdb.ports.service.Observe`."""
        began = perf_counter()
        try:
            yield
        except CmdbError as error:
            self.database_errors.labels(kind, error.code).inc()
            raise
        finally:
            self._database[kind].observe(perf_counter() - began)

    def tell(self, *, revision: int, snapshot: int, log: LogFigures | None) -> None:
        """Note the figures that are looked up when somebody asks for them."""
        self._revision.set(revision)
        self._snapshot.set(snapshot)
        if log is not None:
            self._entries.set(log.entries)
            self._bytes.set(log.bytes)
            self._checkpoints.set(log.checkpoints)

    def page(self) -> bytes:
        """Return all figures in the text format."""
        return generate_latest(self._registry)
