"""Does a reference follow what it names when identifiers move from one thing to another?"""

from __future__ import annotations

from dataclasses import replace

from cmdb.model.records import Link, Record, Reference
from tests.fakes.deciding import apply, decided_together, host, kept, tell
from tests.fakes.memory_store import MemoryStore


def machine(number: str, **values: str) -> Record:
    return Record("Host", key=number, attributes={"serial": number, "vendor": "v", **values})


def web_server(number: str) -> Record:
    on = {"host": Reference("Host", {"serial": number, "vendor": "v"})}
    values = {"kind": "daemon", "port": 80}
    return Record("SoftwareInstance", key=f"w{number}", name=number, attributes=values, within=on)


def test_a_reference_to_something_on_a_machine_follows_the_name_of_the_machine() -> None:
    store = MemoryStore()
    name = "x.example.org"
    on_x = {"host": Reference("Host", {"fqdn": name})}
    wanted = Reference("SoftwareInstance", {"kind": "daemon", "port": 80}, on_x)
    for record in (machine("1", fqdn=name), machine("2"), web_server("1"), web_server("2")):
        tell(store, record)
    tell(store, host("user", Link("depends_on", wanted)))

    tell(store, machine("1"), at=2)
    tell(store, machine("2", fqdn=name), at=2)

    names = {ci["id"]: ci["name"] for ci in store.cis.values()}
    assert [names[edge["provider"]] for edge in store.edges.values() if edge["live"]] == ["2"]


def test_each_record_within_a_machine_that_loses_its_name_waits_for_the_name() -> None:
    store = MemoryStore()
    on_x = {"host": Reference("Host", {"fqdn": "x.example.org"})}
    one, other = (
        Record(
            "SoftwareInstance", key=key, attributes={"kind": "daemon", "port": port}, within=on_x
        )
        for key, port in (("one", 443), ("other", 80))
    )
    for record in (host("x", key="h"), one, other):
        tell(store, record)

    moved = replace(one, attributes=other.attributes)
    records = [kept(host("y", key="h"), at=2), kept(moved, at=2)]
    apply(store, decided_together(store, records))

    waiting = {store.records[record].key for _, record in store.waiting}
    assert waiting == {"one", "other"}
