"""Are incidents, changes, previews and tokens kept alike, whichever engine keeps them?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from cmdb.errors import StalePlan
from cmdb.model.changes import Applied, ChangeSet, Stamp
from cmdb.model.nodes import Node, NodeChange, NodeKind, NodeListing
from cmdb.model.rights import SEES_ALL
from cmdb.store.connection import Connection
from cmdb.store.graph_store import GraphStore
from tests.contract.stores import host, kept, poured, store_over


@pytest.fixture
def store(connection: Connection) -> GraphStore:
    return store_over(connection)


def written(store: GraphStore, *changes: NodeChange, key: str = "") -> Applied:
    return store.apply(ChangeSet(nodes=changes), Stamp("tester", idempotency_key=key))


def incident(number: int, *cis: str, state: str = "new") -> Node:
    return Node("incident", f"i-{number}", 0, state, {"title": f"no. {number}"}, cis)


def ci_id(store: GraphStore, name: str) -> str:
    return store.find_by_name(name, "", SEES_ALL)[0].id


def test_a_node_comes_back_as_it_was_written(store: GraphStore) -> None:
    poured(store, kept(host("a")))
    made = replace(incident(1, ci_id(store, "a")), begin_at=5, end_at=9, lookup="x")

    revision = written(store, NodeChange(None, made)).revision

    found = store.get_nodes("incident", ["i-1", "absent"])
    assert list(found) == ["i-1"]
    assert replace(found["i-1"], version=0, created_at=0, updated_at=0) == made
    assert found["i-1"].version == revision
    assert store.find_node("incident", "x") == found["i-1"]
    assert store.find_node("incident", "") is None
    assert store.get_nodes("change", ["i-1"]) == {}


def test_the_log_tells_what_differed(store: GraphStore) -> None:
    poured(store, kept(host("a")))
    written(store, NodeChange(None, incident(1, ci_id(store, "a"))))
    before = store.get_nodes("incident", ["i-1"])["i-1"]

    revision = written(store, NodeChange(before, replace(before, state="closed"))).revision

    (change,) = store.entries(revision, revision)[0].changes
    assert change is not None
    assert (change.kind, change.id, change.previous) == ("incident", "i-1", before.version)
    assert (change.before, change.after) == ({"state": "new"}, {"state": "closed"})
    assert store.get_nodes("incident", ["i-1"])["i-1"].created_at == before.created_at


def test_a_change_decided_on_an_older_version_is_refused(store: GraphStore) -> None:
    written(store, NodeChange(None, incident(1)))
    read = store.get_nodes("incident", ["i-1"])["i-1"]
    written(store, NodeChange(read, replace(read, state="pending")))

    with pytest.raises(StalePlan):
        written(store, NodeChange(read, replace(read, state="closed")))
    with pytest.raises(StalePlan):
        written(store, NodeChange(None, incident(1)))

    assert store.get_nodes("incident", ["i-1"])["i-1"].state == "pending"


def test_lists_are_newest_first_by_state_time_and_ci(store: GraphStore) -> None:
    poured(store, kept(host("a")), kept(host("b")))
    a, b = ci_id(store, "a"), ci_id(store, "b")
    written(store, NodeChange(None, incident(1, a)))
    written(store, NodeChange(None, replace(incident(2, a, b, state="closed"), begin_at=10)))
    written(store, NodeChange(None, replace(incident(3, b), begin_at=20, end_at=30)))

    def ids(**wanted: object) -> list[str]:
        listing = replace(NodeListing("incident"), **wanted)  # type: ignore[arg-type]  # any field
        return [node.id for node in store.list_nodes(listing).nodes]

    assert ids() == ["i-3", "i-2", "i-1"]
    assert ids(states=("new",)) == ["i-3", "i-1"]
    assert ids(states=()) == []
    assert ids(concerns=(a,)) == ["i-2", "i-1"]
    assert ids(concerns=(a, b)) == ["i-3", "i-2", "i-1"]
    assert ids(concerns=()) == []
    assert ids(from_at=31) == ["i-2", "i-1"]
    assert ids(to_at=20) == ["i-2", "i-1"]
    page = store.list_nodes(NodeListing("incident", first=2))
    assert ([n.id for n in page.nodes], page.has_next) == (["i-3", "i-2"], True)
    assert ids(first=2, after="i-2") == ["i-1"]


def test_edges_follow_what_a_node_concerns(store: GraphStore) -> None:
    poured(store, kept(host("a")), kept(host("b")))
    a, b = ci_id(store, "a"), ci_id(store, "b")
    written(store, NodeChange(None, incident(1, a)))
    before = store.get_nodes("incident", ["i-1"])["i-1"]

    written(store, NodeChange(before, replace(before, concerns=(b,))))

    assert store.list_nodes(NodeListing("incident", concerns=(a,))).nodes == ()
    assert [n.id for n in store.list_nodes(NodeListing("incident", concerns=(b,))).nodes] == ["i-1"]


def test_a_retry_writes_nothing_and_gets_the_first_answer(store: GraphStore) -> None:
    first = written(store, NodeChange(None, incident(1)), key="k")
    again = written(store, NodeChange(None, incident(1)), key="k")

    assert (again.revision, again.is_repeated) == (first.revision, True)
    assert store.head().revision == first.revision


def test_nodes_of_several_kinds_by_state_and_time_come_in_one_read(store: GraphStore) -> None:
    poured(store, kept(host("a")))
    timed = replace(incident(1, ci_id(store, "a")), begin_at=10, end_at=20)
    change = replace(timed, kind="change", id="c-1", state="scheduled", begin_at=30, end_at=40)
    written(store, NodeChange(None, timed), NodeChange(None, change))
    written(store, NodeChange(None, replace(incident(2), begin_at=10)))
    written(store, NodeChange(None, incident(3, state="closed")))

    def ids(
        states: dict[NodeKind, tuple[str, ...]], start: int, end: int, limit: int = 9
    ) -> set[str]:
        return {node.id for node in store.nodes_between(states, start, end, limit)}

    both: dict[NodeKind, tuple[str, ...]] = {
        "incident": ("new", "pending"),
        "change": ("scheduled",),
    }
    assert ids(both, 15, 35) == {"i-1", "i-2", "c-1"}
    assert ids(both, 21, 30) == {"i-2"}
    assert ids(both, 0, 10) == set()
    assert ids({"incident": ("closed",), "change": ()}, 0, 1) == {"i-3"}
    assert len(ids(both, 15, 35, limit=1)) == 2


def test_in_a_lasting_state_the_end_of_a_node_does_not_count(store: GraphStore) -> None:
    for number, state in enumerate(("scheduled", "implementing"), start=1):
        change = Node("change", f"c-{number}", 0, state, {}, begin_at=10, end_at=20)
        written(store, NodeChange(None, change))

    def ids(*lasting: str, start: int = 21) -> set[str]:
        states: dict[NodeKind, tuple[str, ...]] = {"change": ("scheduled", "implementing")}
        found = store.nodes_between(states, start, start + 1, 9, lasting)
        return {node.id for node in found}

    assert ids() == set()
    assert ids("implementing") == {"c-2"}
    assert ids("implementing", start=5) == set()
