"""Is whoever imports told what a record did, and never which CI it met that they may not see?"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import orjson
import pytest

from cmdb.model.import_reports import ImportRequest
from cmdb.model.records import ImportInput
from cmdb.model.rights import Caller
from cmdb.ports import EditReason, UpsertRequest
from cmdb.services.local_operations import LocalOperations
from cmdb.store.connection import Connection
from cmdb.store.graph_store import GraphStore
from tests.contract.services import machine, operations_over, upserted
from tests.contract.stores import SetClock, store_over

HEADER = {"format": "cmdb-records", "version": 1}
IMPORTER = Caller("scanner", frozenset({"importer"}), source="s")
INSIDER = Caller("scanner", frozenset({"importer"}), source="s", teams=frozenset({"red"}))
WITHHELD = "(not visible to you)"
SECRET = {"fqdn": "secret.example.org", "os": "Plan 9", "notes": "under the stairs"}


def web_server(host: str) -> dict[str, Any]:
    """Software that is identified within a machine."""
    reference = {"class": "PhysicalServer", "values": {"serial": host, "vendor": "acme"}}
    return {
        "class": "SoftwareInstance",
        "key": f"web on {host}",
        "name": "web",
        "attributes": {"kind": "web", "port": 80},
        "within": {"host": reference},
    }


RECORDS = [
    machine("open", os="new"),
    machine("hidden", os="new"),
    machine("fresh", fqdn="secret.example.org"),
    web_server("hidden"),
]


@pytest.fixture
def store(connection: Connection) -> GraphStore:
    return store_over(connection)


@pytest.fixture
def owner(store: GraphStore) -> LocalOperations:
    """What an administrator does, who has put an open and a hidden machine on record."""
    operations = operations_over(store, SetClock())
    hidden = machine("hidden", restricted_to=["red"], **SECRET)
    upserted(operations, machine("open"), hidden, web_server("hidden"), source="theirs")
    return operations


def as_file() -> ImportInput:
    return ImportInput(stream=io.BytesIO(b"\n".join(map(orjson.dumps, [HEADER, *RECORDS]))))


def ids_of(owner: LocalOperations) -> dict[str, str]:
    names = ("open", "hidden", "web")
    return {name: owner.find_ci(name).id for name in names}


def test_a_plan_neither_names_nor_quotes_what_is_hidden(
    owner: LocalOperations, store: GraphStore
) -> None:
    ids = ids_of(owner)
    request = ImportRequest("s", "records", is_dry_run=True)

    whole = operations_over(store, SetClock(), INSIDER).import_inventory(as_file(), request)
    seen = operations_over(store, SetClock(), IMPORTER).import_inventory(as_file(), request)

    lines = {line.key: line for line in seen.plan}
    known = {line.key: line for line in whole.plan}
    assert [known[k].ci_id for k in ("open", "hidden")] == [ids["open"], ids["hidden"]]
    assert known["fresh"].conflicts == [f"Host|fqdn=secret.example.org belongs to {ids['hidden']}"]
    assert lines["open"] == known["open"]
    assert (lines["hidden"].ci_id, lines["hidden"].verdict) == ("", known["hidden"].verdict)
    assert lines["fresh"].conflicts == [f"Host|fqdn=secret.example.org belongs to {WITHHELD}"]
    assert seen.decided == whole.decided
    text = str(seen.to_json())
    assert ids["hidden"] in str(whole.to_json())
    for hidden in (ids["hidden"], "Plan 9", "under the stairs"):
        assert hidden not in text


def test_the_results_of_an_import_do_not_either(
    owner: LocalOperations, store: GraphStore, tmp_path: Path
) -> None:
    ids = ids_of(owner)
    told = {}
    for name, caller in (("outsider", IMPORTER), ("insider", INSIDER)):
        request = ImportRequest("s", "records", results=tmp_path / name, is_dry_run=True)
        operations_over(store, SetClock(), caller).import_inventory(as_file(), request)
        lines = map(orjson.loads, (tmp_path / name).read_bytes().splitlines())
        told[name] = {line["key"]: line for line in lines}

    web = told["insider"]["web on hidden"]
    assert web["matched"].endswith(f"|@host={ids['hidden']}")
    assert told["outsider"]["web on hidden"] == {
        **web,
        "matched": web["matched"].replace(ids["hidden"], WITHHELD),
    }
    assert told["outsider"]["open"] == told["insider"]["open"]
    assert told["outsider"]["hidden"] == {**told["insider"]["hidden"], "ci": ""}
    assert ids["hidden"] not in str(told["outsider"])


def test_records_that_are_sent_at_once_do_not_either(
    owner: LocalOperations, store: GraphStore
) -> None:
    ids = ids_of(owner)
    once = EditReason("scan", idempotency_key="k")
    request = UpsertRequest("s", RECORDS[:2])

    first = operations_over(store, SetClock(), IMPORTER).upsert_records(request, once)
    again = operations_over(store, SetClock(), IMPORTER).upsert_records(request, once)
    insider = operations_over(store, SetClock(), INSIDER).upsert_records(request, once)

    assert again == first
    assert [result.ci for result in first.results] == [ids["open"], ""]
    assert [result.ci for result in insider.results] == [ids["open"], ids["hidden"]]
    assert [r.verdict for r in first.results] == [r.verdict for r in insider.results]
