"""Operations over a real store, on behalf of whoever a test wants to be."""

from __future__ import annotations

from typing import Any

from cmdb.model.rights import ROLES, Caller
from cmdb.ports import EditReason, UpsertRequest
from cmdb.services.context import Context
from cmdb.services.local_operations import LocalOperations
from cmdb.snapshot import Snapshots
from cmdb.store.graph_store import GraphStore
from importers.records import IMPORTER
from importers.records_format import encode_record
from tests.contract.stores import SetClock

EVERYBODY = Caller("root", frozenset(ROLES))
WHY = EditReason("because")


def operations_over(
    store: GraphStore, clock: SetClock, caller: Caller = EVERYBODY
) -> LocalOperations:
    """Return the operations of a caller; the only format is `records`."""
    context = Context(store, Snapshots(store, store.registry), clock, caller)
    return LocalOperations(
        context,
        lambda _: IMPORTER,
        lambda: {IMPORTER.name: IMPORTER.summary},
        lambda records: (encode_record(record) for record in records),
    )


def machine(name: str, **attributes: Any) -> dict[str, Any]:
    """Return a machine as a line of the `records` format."""
    facts = {"serial": name, "vendor": "acme", **attributes}
    return {"class": "PhysicalServer", "key": name, "name": name, "attributes": facts}


def link(provider: str, type_name: str = "depends_on") -> dict[str, Any]:
    """Return a relationship with a provider as the `records` format has it."""
    values = {"serial": provider, "vendor": "acme"}
    return {"type": type_name, "other": {"class": "PhysicalServer", "values": values}}


def upserted(operations: LocalOperations, *records: dict[str, Any], source: str = "s") -> list[str]:
    """Send records in and return the id of each CI."""
    report = operations.upsert_records(UpsertRequest(source, records), WHY)
    return [result.ci for result in report.results]
