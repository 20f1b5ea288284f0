"""Which snapshot is handed out, and at which cost, now and for a moment of the past?"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from cmdb.errors import UnknownRevision
from cmdb.model.definitions import RelationshipType
from cmdb.model.registry import Registry
from cmdb.model.shipped import shipped_registry
from cmdb.snapshot import Snapshots
from cmdb.snapshot.checkpoint import pack, unpack
from tests.peers.snapshot_store import SnapshotStore, ci_change, ci_edit, link, link_edit

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.fixture
def store() -> SnapshotStore:
    """Three entries: two hosts, a dependency, a name."""
    made = SnapshotStore()
    made.append(ci_change("a"), ci_change("b"))
    made.append(link("a", "depends_on", "b"))
    made.append(ci_edit("a", name="renamed"))
    return made


@pytest.fixture
def snapshots(store: SnapshotStore) -> Snapshots:
    return Snapshots(store, shipped_registry)


def test_nothing_new_in_the_log_gives_the_same_snapshot(snapshots: Snapshots) -> None:
    assert snapshots.latest() is snapshots.latest()


def test_rows_are_read_once_and_then_only_new_entries(
    store: SnapshotStore, snapshots: Snapshots
) -> None:
    snapshots.latest()
    store.append(ci_change("c"))

    found = snapshots.latest()

    assert found.topology.ids == ("a", "b", "c")
    assert (store.rows_read, store.entries_read) == (1, 1)


def test_a_change_of_a_name_keeps_edges_and_nodes_as_they_are(
    store: SnapshotStore, snapshots: Snapshots
) -> None:
    before = snapshots.latest()
    store.append(ci_edit("a", name="again"))

    after = snapshots.latest()

    assert (before.name_of("a"), after.name_of("a")) == ("renamed", "again")
    assert after.topology.dependents_of is before.topology.dependents_of


def test_an_older_snapshot_keeps_its_answers_when_the_log_moves_on(
    store: SnapshotStore, snapshots: Snapshots
) -> None:
    before = snapshots.latest()
    store.append(ci_change("c"), ci_edit("a", lifecycle="retired"))
    snapshots.latest()

    assert "c" not in before
    assert before.topology.ids == ("a", "b")
    assert before.lifecycle_of("a") == "in_use"


def test_rows_that_hold_later_changes_are_brought_to_one_revision(store: SnapshotStore) -> None:
    store.rows_lag = 2

    found = Snapshots(store, shipped_registry).latest()

    assert found.revision == 3
    assert found.topology.edge_count == 1


def test_an_end_that_is_not_among_the_rows_comes_from_the_log(store: SnapshotStore) -> None:
    store.rows_lag = 3
    hidden = store.state.cis.pop("b")

    found = Snapshots(store, shipped_registry).latest()

    assert hidden["name"] == found.name_of("b")
    assert found.topology.edge_count == 1


def test_a_relationship_that_comes_back_has_the_values_it_ended_with(store: SnapshotStore) -> None:
    store.append(link_edit("a", "depends_on", "b", strength="soft"))
    store.append(link_edit("a", "depends_on", "b", live=False))
    snapshots = Snapshots(store, shipped_registry)
    snapshots.latest()
    store.append(link_edit("a", "depends_on", "b", live=True))

    (edge,) = snapshots.latest().topology.to_networkx().edges(data=True)

    assert edge[2]["strength"] == "soft"


def test_revision_0_is_empty(snapshots: Snapshots) -> None:
    assert snapshots.at_revision(0).topology.ids == ()


def test_a_moment_gives_what_was_recorded_by_then(snapshots: Snapshots) -> None:
    found = snapshots.at(EPOCH + timedelta(seconds=2.5))

    assert found.revision == 2
    assert found.name_of("a") == "A"


@pytest.mark.parametrize("revision", [-1, 4])
def test_a_revision_that_is_not_in_the_log_is_refused(snapshots: Snapshots, revision: int) -> None:
    with pytest.raises(UnknownRevision, match="the log ends at 3"):
        snapshots.at_revision(revision)


def test_the_past_behind_an_erased_payload_cannot_be_read_and_the_error_says_so(
    store: SnapshotStore, snapshots: Snapshots
) -> None:
    snapshots.latest()
    store.erase(1)

    with pytest.raises(UnknownRevision, match="erased"):
        snapshots.at_revision(2)


def test_a_checkpoint_after_an_erased_payload_makes_the_past_readable(
    store: SnapshotStore, snapshots: Snapshots
) -> None:
    checkpoint = snapshots.at_revision(1)
    store.save_checkpoint(1, pack(checkpoint.estate))
    store.erase(1)

    found = Snapshots(store, shipped_registry).at_revision(2)

    assert found.topology.edge_count == 1


def test_the_present_is_read_again_where_a_new_entry_was_erased(
    store: SnapshotStore, snapshots: Snapshots
) -> None:
    snapshots.latest()
    store.append(ci_change("c"))
    store.erase(4)

    assert "c" in snapshots.latest()
    assert store.rows_read == 2


def test_past_snapshots_are_kept_in_a_bounded_number(store: SnapshotStore) -> None:
    snapshots = Snapshots(store, shipped_registry, kept=1)
    first = snapshots.at_revision(1)
    again = snapshots.at_revision(1)
    snapshots.at_revision(2)

    assert again is first
    assert snapshots.at_revision(1) is not first


def test_a_checkpoint_is_written_when_enough_has_changed_and_not_before(
    store: SnapshotStore,
) -> None:
    snapshots = Snapshots(store, shipped_registry, least_changes=5)

    assert snapshots.checkpoint_if_due() is None
    store.append(ci_change("c"))
    assert snapshots.checkpoint_if_due() == 4
    assert snapshots.checkpoint_if_due() is None
    assert list(store.checkpoints) == [4]


def test_a_checkpoint_of_another_process_counts(store: SnapshotStore) -> None:
    Snapshots(store, shipped_registry, least_changes=3).checkpoint_if_due()

    assert Snapshots(store, shipped_registry, least_changes=3).checkpoint_if_due() is None


def test_replay_starts_at_the_checkpoint(store: SnapshotStore) -> None:
    Snapshots(store, shipped_registry, least_changes=3).checkpoint_if_due()
    store.append(ci_change("c"))
    store.append(ci_change("d"))
    snapshots = Snapshots(store, shipped_registry)
    snapshots.latest()
    store.entries_read = 0

    found = snapshots.at_revision(4)

    assert found.topology.ids == ("a", "b", "c")
    assert store.entries_read == 1


def test_a_packed_estate_comes_back_whole(snapshots: Snapshots, store: SnapshotStore) -> None:
    store.append(ci_edit("b", a_restricted_to=["t"], a_mttr_hours=2.5, lifecycle="stale"))
    estate = snapshots.latest().estate

    again = unpack(pack(estate))

    assert again is not None
    assert (again.revision, again.types, again.classes) == (4, estate.types, estate.classes)
    assert again.restricted_to == {1: ("t",)}
    assert again.cis.index == estate.cis.index
    for name, column in estate.cis.columns.items():
        assert repr(again.cis[name].tolist()) == repr(column.tolist())


def test_a_type_that_gains_a_strength_is_read_again(store: SnapshotStore) -> None:
    registry = shipped_registry()
    store.append(link("a", "uses_image", "b"))
    held = [registry]
    snapshots = Snapshots(store, lambda: held[0])
    before = snapshots.latest().topology.edge_count
    stronger = RelationshipType("uses_image", "image_of", "hard", "all")
    held[0] = Registry(registry.classes, {**registry.types, "uses_image": stronger}, ())
    store.append(ci_edit("a", name="any change moves the head"))

    assert (before, snapshots.latest().topology.edge_count) == (1, 2)


def test_many_threads_get_whole_snapshots_while_the_log_grows(store: SnapshotStore) -> None:
    snapshots = Snapshots(store, shipped_registry)
    faults: list[str] = []
    is_over = threading.Event()

    def read() -> None:
        while not is_over.is_set():
            newest = snapshots.latest()
            past = snapshots.at_revision(newest.revision // 2)
            for found in (newest, past):
                expected = 2 + max(0, found.revision - 3) if found.revision else 0
                if len(found.topology) != expected or found.estate.cis.size != expected:
                    faults.append(f"{found.revision}: {len(found.topology)}")

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(150):
        store.append(ci_change(f"c{number:03d}"))
    is_over.set()
    for thread in threads:
        thread.join()

    assert faults == []
    assert len(snapshots.latest().topology) == 152
