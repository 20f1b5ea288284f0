"""Deciding on single records over the store of dictionaries, and applying what was decided."""

from __future__ import annotations

from itertools import count
from typing import Any

from cmdb.errors import StalePlan
from cmdb.model.changes import Stamp
from cmdb.model.check import check_record
from cmdb.model.decisions import Outcome, Rules
from cmdb.model.records import Link, Record, Reference
from cmdb.model.source_records import SourceRecord
from cmdb.services import evidence
from tests.fakes.memory_store import MemoryStore

_IDS = count(1)


def new_id() -> str:
    """Return an id like those of the product, in the order in which they are made."""
    digits = f"{next(_IDS):032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def host(name: str, *links: Link, key: str = "", **attributes: Any) -> Record:
    """Return the record of a machine that its host name identifies."""
    values = {"fqdn": f"{name}.example.org", **attributes}
    return Record("Host", key=key or name, name=name, attributes=values, links=links)


def named(name: str) -> Reference:
    """Return a reference to such a machine."""
    return Reference("Host", {"fqdn": f"{name}.example.org"})


def kept(record: Record, source: str = "s", at: int = 1) -> SourceRecord:
    """Return a record as it is kept; it must be without problems."""
    registry = MemoryStore().registry()
    made, problems = check_record(
        registry, record, source=source, scope="z", observed_ms=at, run="r"
    )
    assert made is not None
    assert not problems
    return made


def decided(store: MemoryStore, record: Record, source: str = "s", at: int = 1) -> Outcome:
    """Return what a record changes of the store as it stands now."""
    return decided_on(store, kept(record, source, at))


def decided_on(store: MemoryStore, record: SourceRecord) -> Outcome:
    """Return what a record that is kept already changes of the store as it stands now."""
    return decided_together(store, [record])


def decided_together(store: MemoryStore, records: list[SourceRecord]) -> Outcome:
    """Return what records that are kept already change together."""
    rules = Rules(store.registry(), store.precedence(), new_id)
    known = evidence.begin(store)  # type: ignore[arg-type]  # the part that is read
    return evidence.reconcile(store, known, rules, records)  # type: ignore[arg-type]  # as above


def apply(store: MemoryStore, outcome: Outcome) -> None:
    """Write what was decided.

    Raises:
        StalePlan: What it rests on has moved.
    """
    store.apply(outcome.changes, Stamp("tester"))


def tell(store: MemoryStore, record: Record, source: str = "s", at: int = 1) -> Outcome:
    """Decide on a record and write that at once."""
    outcome = decided(store, record, source, at)
    apply(store, outcome)
    return outcome


def is_refused(store: MemoryStore, outcome: Outcome) -> bool:
    """Return whether the store refuses what was decided; if not, it is written."""
    try:
        apply(store, outcome)
    except StalePlan:
        return True
    return False
