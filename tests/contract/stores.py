"""A store over an empty database, a clock that tests set, and small things to write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from uuid_utils import uuid7

from cmdb.model.changes import Applied, Stamp
from cmdb.model.check import check_record
from cmdb.model.decisions import Outcome, Rules
from cmdb.model.records import Record
from cmdb.model.shipped import shipped_registry
from cmdb.model.source_records import SourceRecord
from cmdb.services import evidence
from cmdb.store.connection import Connection
from cmdb.store.graph_store import GraphStore


@dataclass
class SetClock:
    """A clock that stands until a test moves it."""

    at: datetime = field(default_factory=lambda: datetime(2030, 1, 1, tzinfo=UTC))

    def now(self) -> datetime:
        return self.at

    def move(self, **delta: float) -> None:
        self.at += timedelta(**delta)


def store_over(connection: Connection, clock: SetClock | None = None) -> GraphStore:
    store = GraphStore(connection, clock or SetClock())
    store.setup()
    return store


def kept(record: Record, *, source: str = "test", observed_ms: int = 1) -> SourceRecord:
    made, problems = check_record(
        shipped_registry(), record, source=source, scope="z", observed_ms=observed_ms, run="r"
    )
    assert made is not None, problems
    return made


def decided(store: GraphStore, records: Sequence[SourceRecord]) -> Outcome:
    rules = Rules(store.registry(), store.precedence(), lambda: str(uuid7()))
    return evidence.reconcile(store, evidence.begin(store), rules, list(records))


def poured(store: GraphStore, *records: SourceRecord, key: str = "") -> Applied:
    outcome = decided(store, records)
    return store.apply(outcome.changes, Stamp("tester", "test", idempotency_key=key))


def host(name: str, serial: str = "", **attributes: object) -> Record:
    given = {"serial": serial or name, "vendor": "acme", **attributes}
    return Record("PhysicalServer", key=name, name=name, attributes=given)
