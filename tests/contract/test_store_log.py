"""Is the log gap-free, ordered, chained and honest, whichever engine keeps it?"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from cmdb.errors import KeyReused, LogBroken, StalePlan
from cmdb.model.changes import ChangeSet, Pending, ReadSet, Stamp
from cmdb.model.inventory import CI
from cmdb.model.log import GENESIS, LogHead, verify
from cmdb.model.records import Link, Record, Reference
from cmdb.model.rights import SEES_ALL
from cmdb.model.selection import Selection
from cmdb.store.connection import Connection
from cmdb.store.graph_store import GraphStore
from tests.contract.stores import SetClock, decided, host, kept, poured, store_over


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def store(connection: Connection, clock: SetClock) -> GraphStore:
    return store_over(connection, clock)


def server(name: str) -> Reference:
    return Reference("PhysicalServer", {"serial": name, "vendor": "acme"})


def chain(store: GraphStore) -> int:
    """Verify everything and return the number of erased payloads."""
    head = store.head()
    before, erased = LogHead(0, GENESIS, 0), 0
    for entry in store.stored_entries(1, head.revision):
        erased += verify(entry, before)
        before = LogHead(entry.revision, entry.hash, entry.at)
    assert (before.revision, before.hash, before.at) == (head.revision, head.hash, head.at)
    return erased


def test_each_write_is_one_entry_and_the_chain_verifies(store: GraphStore) -> None:
    revisions = [poured(store, kept(host(name))).revision for name in ("a", "b", "c")]

    assert revisions == [1, 2, 3]
    assert chain(store) == 0
    entry = store.entries(2, 2)[0]
    assert (entry.header["actor"], entry.header["source"]) == ("tester", "test")
    assert [change.after["name"] for change in entry.changes if change] == ["b"]


def test_the_changes_of_entries_are_counted_erased_ones_too(store: GraphStore) -> None:
    for count in (1, 2, 3, 1):
        poured(store, *(kept(host(f"{count}/{number}")) for number in range(count)))
    store.erase_payloads(3, [0, 2])

    written = [len(entry.changes) for entry in store.entries(1, store.head().revision)]

    for first in range(1, 6):
        for last in range(first - 1, 5):
            assert store.count_changes(first, last) == sum(written[first - 1 : last])
    assert sum(written) > len(written)


def test_the_time_of_entries_never_runs_backwards(store: GraphStore, clock: SetClock) -> None:
    poured(store, kept(host("a")))
    clock.move(hours=-5)
    poured(store, kept(host("b")))

    first, second = store.entries(1, 2)

    assert second.at == first.at + 1


def test_a_retry_with_the_same_key_returns_the_first_answer(store: GraphStore) -> None:
    changes = decided(store, [kept(host("a"))]).changes
    stamp = Stamp("tester", idempotency_key="k", request_digest="d")
    first = store.apply(changes, stamp, answer={"ci": changes.cis[0].id})

    again = store.apply(decided(store, [kept(host("b"))]).changes, stamp)

    assert (again.revision, again.answer) == (first.revision, first.answer)
    assert again.is_repeated
    assert not first.is_repeated
    assert store.head().revision == 1


def test_a_key_of_another_request_is_refused(store: GraphStore) -> None:
    stamp = Stamp("tester", idempotency_key="k", request_digest="d")
    store.apply(decided(store, [kept(host("a"))]).changes, stamp)

    with pytest.raises(KeyReused):
        store.apply(
            decided(store, [kept(host("b"))]).changes,
            Stamp("tester", idempotency_key="k", request_digest="other"),
        )

    assert store.head().revision == 1


def test_a_plan_whose_ci_has_moved_is_refused_and_writes_nothing(store: GraphStore) -> None:
    poured(store, kept(host("a")))
    stale = decided(store, [kept(host("a", os="linux"), observed_ms=3)])
    poured(store, kept(host("a", os="other"), observed_ms=2))

    with pytest.raises(StalePlan):
        store.apply(stale.changes, Stamp("tester"))

    assert store.head().revision == 2
    assert next(iter(found(store))).attributes["os"] == "other"


def test_a_plan_that_found_an_identifier_absent_is_refused_when_it_appears(
    store: GraphStore,
) -> None:
    stale = decided(store, [kept(host("a", serial="s"))])
    poured(store, kept(host("b", serial="s")))

    with pytest.raises(StalePlan):
        store.apply(stale.changes, Stamp("tester"))

    assert len(found(store)) == 1


def test_a_plan_is_refused_when_any_part_of_what_it_rests_on_has_moved(store: GraphStore) -> None:
    first = decided(store, [kept(host("a"))])
    store.apply(first.changes, Stamp("tester"))
    (record_id,) = first.placed
    ci_id, (key, *_) = first.placed[record_id], first.keys
    stands = ReadSet(
        places={record_id: ci_id},
        members={ci_id: (record_id,)},
        seen={record_id: 1},
        contested={key: ()},
        waiting={key: ()},
        witnesses={key: ()},
        carriers={key: ()},
    )
    plan = ChangeSet(pending_added=[Pending("Host|fqdn=z.example.org", record_id)])
    for moved in (
        replace(stands, places={record_id: "elsewhere"}),
        replace(stands, seen={record_id: 2}),
        replace(stands, members={ci_id: (record_id, "gone")}),
        replace(stands, members={ci_id: ()}),
        replace(stands, contested={key: ("elsewhere",)}),
        replace(stands, waiting={key: (record_id,)}),
        replace(stands, witnesses={key: (record_id,)}),
        replace(stands, carriers={key: (record_id,)}),
    ):
        with pytest.raises(StalePlan):
            store.apply(replace(plan, read_set=moved), Stamp("tester"))

    store.apply(replace(plan, read_set=stands), Stamp("tester"))

    assert store.has_pending()


def test_a_plan_is_refused_when_something_new_hangs_on_a_ci_that_it_takes_a_key_from(
    store: GraphStore,
) -> None:
    daemon = Record(
        "SoftwareInstance",
        key="d",
        attributes={"kind": "web", "port": 80},
        within={"host": server("a")},
        links=[Link("depends_on", server("b"))],
    )
    outcome = decided(store, [kept(record) for record in (host("a"), host("b"), daemon)])
    store.apply(outcome.changes, Stamp("tester"))
    ids = {decision.key: decision.ci_id for decision in outcome.decisions}
    rows = store.relationship_rows([ids["b"]])
    joined = {f"{row['id']} {row['version']}" for row in rows}
    assert len(joined) == 1
    stands = {
        ids["b"]: frozenset(joined),
        ids["a"]: frozenset(store.identifiers_within([ids["a"]])),
    }
    assert len(stands[ids["a"]]) == 1
    record_id = outcome.decisions[0].record
    plan = ChangeSet(pending_added=[Pending("Host|fqdn=z.example.org", record_id)])

    for ci_id in stands:
        moved = ReadSet(around={**stands, ci_id: frozenset()})
        with pytest.raises(StalePlan):
            store.apply(replace(plan, read_set=moved), Stamp("tester"))
    store.apply(replace(plan, read_set=ReadSet(around=stands)), Stamp("tester"))

    assert store.has_pending()


def test_unrelated_writes_in_between_never_refuse_a_plan(store: GraphStore) -> None:
    plan = decided(store, [kept(host("a"))])
    poured(store, kept(host("b")))

    applied = store.apply(plan.changes, Stamp("tester"))

    assert applied.revision == 2
    assert sorted(ci.name for ci in found(store)) == ["a", "b"]


def test_writers_in_threads_leave_no_gap_and_lose_nothing(store: GraphStore) -> None:
    start = threading.Barrier(4)

    def work(worker: int) -> None:
        start.wait()
        for number in range(5):
            for _ in range(50):
                try:
                    poured(store, kept(host(f"w{worker}n{number}")))
                    break
                except StalePlan:
                    continue

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))

    assert store.head().revision == 20
    assert chain(store) == 0
    assert len(found(store)) == 20


def test_an_altered_change_breaks_the_chain_and_an_erased_one_does_not(
    store: GraphStore, connection: Connection
) -> None:
    poured(store, kept(host("a")), kept(host("b")))
    poured(store, kept(host("c")))
    store.erase_payloads(1, [0])

    assert chain(store) == 1
    assert [change is None for change in store.entries(1, 1)[0].changes] == [True, False]

    other = store.stored_entries(2, 2)[0].body
    connection.write(
        lambda tx: tx.run("MATCH (e:LogEntry {revision: 1}) SET e.body = $b", {"b": other})
    )
    with pytest.raises(LogBroken):
        chain(store)


def test_a_missing_entry_breaks_the_chain(store: GraphStore, connection: Connection) -> None:
    for name in ("a", "b", "c"):
        poured(store, kept(host(name)))
    connection.write(lambda tx: tx.run("MATCH (e:LogEntry {revision: 2}) DELETE e"))

    with pytest.raises(LogBroken) as broken:
        chain(store)

    assert broken.value.facts["revision"] == 2


def test_a_moment_names_the_last_revision_before_it(store: GraphStore, clock: SetClock) -> None:
    before = clock.now()
    clock.move(minutes=1)
    poured(store, kept(host("a")))
    first = clock.now()
    clock.move(minutes=1)
    poured(store, kept(host("b")))

    assert [store.revision_at(at) for at in (before, first, clock.now())] == [0, 1, 2]


def test_the_precedence_of_sources_is_a_write_with_an_entry(store: GraphStore) -> None:
    store.save_precedence({"netbox": 10}, Stamp("tester"))

    assert store.precedence() == {"netbox": 10}
    assert store.head().revision == 1
    assert chain(store) == 0


def found(store: GraphStore) -> list[CI]:
    page = store.select(Selection(fields=("id",)), SEES_ALL)
    return list(store.get_cis([row[0] for row in page.rows], SEES_ALL).values())
