"""Do two writers that decide on the same state end where one after the other would?"""

from __future__ import annotations

import os
from typing import Any

import orjson
from hypothesis import given, settings

from cmdb.model.check import check_record
from cmdb.model.records import Link, Record
from cmdb.model.source_records import SourceRecord
from tests.fakes.deciding import apply, decided, decided_on, host, is_refused, named, tell
from tests.fakes.memory_store import MemoryStore
from tests.property.strategies_records import record_sets

EXAMPLES = {"long": 2_000, "ci": 300}.get(os.environ.get("CMDB_TEST_SIZE", ""), 60)
UUIDS = [f"1234567{last}-0000-4000-8000-000000000001" for last in range(4)]


def on_db(key: str, **facts: Any) -> Record:
    return host("web", Link("depends_on", named("db"), **facts), key=key)


def test_two_writers_of_one_new_relationship_make_it_once() -> None:
    store = MemoryStore()
    for name in ("web", "db"):
        tell(store, host(name))
    one, two = decided(store, on_db("k1"), "s1"), decided(store, on_db("k2"), "s2")

    apply(store, one)

    assert is_refused(store, two)
    tell(store, on_db("k2"), "s2")
    (edge,) = store.edges.values()
    stating = {record.id for record in store.records.values() if record.links}
    assert len(stating) == 2
    assert orjson.loads(edge["assertions"]).keys() == stating


def test_a_reference_finds_what_another_writer_makes_while_it_is_decided_to_wait() -> None:
    store = MemoryStore()
    tell(store, host("web"))
    waiting = decided(store, on_db("k1"), "s1")
    making = decided(store, host("db"), "s2")

    apply(store, waiting)

    assert is_refused(store, making)
    tell(store, host("db"), "s2")
    assert [edge["live"] for edge in store.edges.values()] == [True]
    assert store.waiting == set()


def test_a_link_is_gone_that_is_withdrawn_while_another_writer_finds_its_other_end() -> None:
    store = MemoryStore()
    tell(store, on_db("k1"), at=1)
    making = decided(store, host("db"), "s2")
    withdrawing = decided(store, host("web", key="k1"), at=2)

    apply(store, making)

    assert is_refused(store, withdrawing)
    tell(store, host("web", key="k1"), at=2)
    assert [edge["live"] for edge in store.edges.values()] in ([], [False])
    assert store.waiting == set()


def test_a_link_is_gone_that_is_withdrawn_before_its_other_end_is_made() -> None:
    store = MemoryStore()
    tell(store, on_db("k1"), at=1)
    making = decided(store, host("db"), "s2")
    withdrawing = decided(store, host("web", key="k1"), at=2)

    apply(store, withdrawing)

    assert is_refused(store, making)
    tell(store, host("db"), "s2")
    assert store.edges == {}


def test_a_source_that_joins_a_ci_meanwhile_is_weighed_although_the_ci_did_not_change() -> None:
    store = MemoryStore()
    tell(store, host("web", key="a", os="linux"), "a", at=1)
    joining = decided(store, host("web", key="b", os="linux"), "b", at=5)
    changing = decided(store, host("web", key="a", os="other"), "a", at=3)

    apply(store, joining)

    assert is_refused(store, changing)
    tell(store, host("web", key="a", os="other"), "a", at=3)
    assert [ci["a_os"] for ci in store.cis.values()] == ["linux"]


def test_a_source_that_is_heard_again_meanwhile_is_weighed_by_its_new_time() -> None:
    store = MemoryStore()
    tell(store, host("web", key="a", os="linux"), "a", at=1)
    tell(store, host("web", key="b", os="other"), "b", at=2)
    heard_again = decided(store, host("web", key="b", os="other"), "b", at=9)
    changing = decided(store, host("web", key="a", os="third"), "a", at=5)

    apply(store, heard_again)

    assert is_refused(store, changing)
    tell(store, host("web", key="a", os="third"), "a", at=5)
    assert [ci["a_os"] for ci in store.cis.values()] == ["other"]


def test_two_writers_that_contest_one_key_are_both_on_record() -> None:
    store = MemoryStore()
    owner = tell(store, host("web", key="k0", uuid=UUIDS[0]))
    clones = [host("web", key=f"k{i}", uuid=UUIDS[i]) for i in (1, 2)]
    one, two = (decided(store, clone) for clone in clones)

    apply(store, one)

    assert is_refused(store, two)
    tell(store, clones[1])
    identifier, _ = store.keys["Host|fqdn=web.example.org"]
    assert identifier.ci_id == owner.decisions[0].ci_id
    assert len(identifier.contested) == 2


def test_a_reference_follows_a_key_that_moves_while_it_is_being_placed() -> None:
    store = MemoryStore()
    server = Record("PhysicalServer", key="p", attributes={"fqdn": "db.example.org"})
    device = Record(
        "NetworkDevice",
        key="n",
        attributes={"serial": "a", "vendor": "v", "fqdn": "db.example.org"},
    )
    tell(store, host("web"))
    tell(store, server)
    pointing = decided(store, on_db("k1"), "s1")
    taking = decided(store, device, "s2")

    apply(store, pointing)

    assert is_refused(store, taking)
    tell(store, device, "s2")
    one_after_the_other = MemoryStore()
    for record, source in ((host("web"), "s"), (server, "s"), (on_db("k1"), "s1"), (device, "s2")):
        tell(one_after_the_other, record, source)
    assert store.picture() == one_after_the_other.picture()


def test_a_writer_of_something_else_refuses_nobody() -> None:
    store = MemoryStore()
    tell(store, host("web"))
    changing = decided(store, host("web", os="linux"), at=2)

    tell(store, host("unrelated"))

    assert not is_refused(store, changing)


def checked(record: Record, at: int) -> SourceRecord:
    made, _ = check_record(
        MemoryStore().registry(), record, source="s", scope="z", observed_ms=at, run="r"
    )
    assert made is not None
    return made


@given(record_sets())
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
def test_two_writers_at_once_leave_what_one_after_the_other_leaves(
    pairs: list[tuple[Record, int]],
) -> None:
    *first, one, two = [checked(record, at) for record, at in pairs]
    sequential, concurrent = MemoryStore(), MemoryStore()
    for record in (*first, one, two):
        apply(sequential, decided_on(sequential, record))

    for record in first:
        apply(concurrent, decided_on(concurrent, record))
    outcomes = [decided_on(concurrent, record) for record in (one, two)]
    apply(concurrent, outcomes[0])
    if is_refused(concurrent, outcomes[1]):
        apply(concurrent, decided_on(concurrent, two))

    assert concurrent.picture() == sequential.picture()


def test_a_decision_names_no_rule_that_matched_a_ci_it_contradicts() -> None:
    store = MemoryStore()
    shared = {"serial": "s-1", "vendor": "v"}
    known = tell(store, Record("Host", key="1", attributes={"uuid": UUIDS[1], **shared}))

    outcome = decided(store, Record("Host", key="2", attributes={"uuid": UUIDS[2], **shared}))

    (decision,) = outcome.decisions
    assert (decision.verdict, decision.rule, decision.matched) == ("create", "", "")
    assert decision.conflicts == (("Host|serial=s-1|vendor=v", known.decisions[0].ci_id),)


def test_a_decision_names_the_best_rule_that_led_to_its_ci() -> None:
    store = MemoryStore()
    known = tell(store, host("web", uuid=UUIDS[1]))

    outcome = decided(store, host("web", key="other", uuid=UUIDS[1], os="linux"), "s2", at=2)

    (decision,) = outcome.decisions
    assert (decision.verdict, decision.ci_id) == ("update", known.decisions[0].ci_id)
    assert (decision.rule, decision.matched) == ("uuid", f"Host|uuid={UUIDS[1]}")


def test_a_record_that_was_known_already_is_told_apart_from_an_older_one() -> None:
    store = MemoryStore()
    tell(store, host("web", os="linux"), at=2)

    again = decided(store, host("web", os="linux"), at=2)
    older = decided(store, host("web", os="other"), at=1)

    assert [d.verdict for o in (again, older) for d in o.decisions] == ["unchanged", "older"]
