"""A second process on the same server: watches what the first one writes, or writes beside it.

    python -m tests.kills.replica watch ADDRESS CI COUNT
    python -m tests.kills.replica write ADDRESS NAME ROUNDS CI…

The server's user and password come from CMDB_DATABASE_USER and CMDB_DATABASE_PASSWORD.

`watch` says `ready` and then, whenever the blast radius of the CI has grown, `seen SIZE TIME TIME`
(in the newest snapshot; answered in full, with names and relationships), until it has grown COUNT
times. `write` says `ready`, waits for a line on stdin, lets its threads write,
and says `acknowledged NUMBER`.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import impact
from cmdb.bootstrap import SystemClock
from cmdb.errors import StaleVersion
from cmdb.model.import_reports import ImportRequest
from cmdb.model.records import ImportInput, Link, Record, Reference
from cmdb.model.rights import SEES_ALL
from cmdb.ports import EditReason
from cmdb.services.blast_radius import blast_radius
from cmdb.services.context import Context
from cmdb.services.edit_inventory import set_attributes
from cmdb.services.import_inventory import import_inventory
from cmdb.store.graph_store import GraphStore
from cmdb.store.neo4j import open_neo4j
from tests.kills.child import context_over, say
from tests.kills.estate import SEEN_AT
from tests.kills.listed import Listed
from tests.peers.neo4j_somewhere import Address

THREADS = 4
POLL_SECONDS = 0.01
COUNTER = "cpu_count"
OWN = {
    "one": ("description", "environment", "notes", "owner"),
    "two": ("support", "os_version", "kernel", "model"),
}
"""The attribute that each thread of each process sets on every shared CI."""


def open_replica(address: Address, actor: str) -> Context:
    """Return a context with a store and snapshots of its own."""
    connection = open_neo4j(address.url, address.user, address.password)
    store = GraphStore(connection, SystemClock())
    store.setup()
    return context_over(store, actor)


def a_host(name: str) -> Record:
    """Return a machine that its name alone identifies."""
    return Record("Host", key=name, name=name, attributes={"fqdn": f"{name}.example.org"})


def import_records(context: Context, source: str, records: Sequence[Record]) -> None:
    """Import records as a run of their own."""
    at = SEEN_AT + timedelta(days=1)
    request = ImportRequest(source, "listed", observed_at=at)
    import_inventory(context, Listed(records), ImportInput(name="listed"), request)


def watch(address: Address, ci: str, count: int) -> None:
    """Ask for the newest snapshot again and again and say when the blast radius has grown."""
    context = open_replica(address, "watcher")
    blast_radius(context, [ci])
    size = _count_hits(context, ci)
    say("ready")
    for _ in range(count):
        while (seen := _count_hits(context, ci)) == size:
            time.sleep(POLL_SECONDS)
        size, seen_at = seen, time.monotonic()
        answer = blast_radius(context, [ci])
        say("seen", len(answer.hits), seen_at, time.monotonic())
    context.store.close()


def _count_hits(context: Context, ci: str) -> int:
    """Return the size of the blast radius in the newest snapshot."""
    topology = context.snapshots.latest().topology
    return len(impact.blast_radius(topology, [impact.Outage(ci)]).hits)


def write(address: Address, name: str, rounds: int, shared: Sequence[str]) -> None:
    """Let every thread import and edit, at once with those of other processes."""
    contexts = [open_replica(address, f"{name}{number}") for number in range(THREADS)]
    for context in contexts:
        context.store.registry()
    say("ready")
    sys.stdin.readline()
    with ThreadPoolExecutor(THREADS) as pool:
        work = [
            pool.submit(_write, context, attribute, rounds, shared)
            for context, attribute in zip(contexts, OWN[name], strict=True)
        ]
        say("acknowledged", sum(each.result() for each in work))
    for context in contexts:
        context.store.close()


def _write(context: Context, attribute: str, rounds: int, shared: Sequence[str]) -> int:
    """Write for some rounds and return the number of writes acknowledged."""
    actor = context.caller.actor
    for number in range(1, rounds + 1):
        for ci in shared:
            set_attributes(context, ci, {attribute: f"{actor} {number}"}, EditReason())
        _increment(context, shared[0])
        import_records(context, actor, [*_own_records(actor, number)])
    return rounds * (len(shared) + 2)


def _increment(context: Context, ci: str) -> None:
    """Add one to a number that all others add to as well."""
    while True:
        stored = context.store.get_cis([ci], SEES_ALL)[ci]
        value = int(stored.attributes.get(COUNTER, 0)) + 1
        try:
            edit = EditReason(expected_version=stored.version)
            set_attributes(context, ci, {COUNTER: value}, edit)
        except StaleVersion:
            continue
        return


def _own_records(actor: str, number: int) -> list[Record]:
    shared = Reference("Host", {"fqdn": "shared-0.example.org"})
    return [
        Record(
            "Host",
            key=f"{actor}-{number}-{place}",
            name=f"{actor} {number} {place}",
            attributes={"fqdn": f"{actor}-{number}-{place}.example.org"},
            links=[Link("depends_on", shared)],
        )
        for place in range(3)
    ]


def main() -> None:
    """Do what the command line says."""
    what, url, *rest = sys.argv[1:]
    user, password = os.environ["CMDB_DATABASE_USER"], os.environ["CMDB_DATABASE_PASSWORD"]
    address = Address(url, user, password)
    if what == "watch":
        watch(address, rest[0], int(rest[1]))
    else:
        write(address, rest[0], int(rest[1]), rest[2:])


if __name__ == "__main__":
    main()
