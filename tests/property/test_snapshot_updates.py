"""Does a snapshot brought up to date say what one compiled afresh says, now and as of then?"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from cmdb.model.changes import LogChange
from cmdb.model.shipped import shipped_registry
from cmdb.snapshot import Snapshots, updating
from cmdb.snapshot.checkpoint import pack
from tests.peers.snapshot_store import SnapshotStore
from tests.property.oracle_snapshot import expected_facts, facts_of

IS_LONG = os.environ.get("CMDB_TEST_SIZE") == "long"
CLASSES = (
    "BusinessService", "TechnicalService", "LoadBalancer", "Host", "Location", "RedundancyGroup",
    "ComputeCluster",
)  # fmt: skip
TYPES = ("depends_on", "routes_to", "routes_to", "has_member", "connects_to", "linked_to",
         "owned_by")  # fmt: skip
IDS = [f"c{number}" for number in range(7)]

sometimes = st.sampled_from
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "name": sometimes(["a", "b"]),
    "class": sometimes(CLASSES),
    "lifecycle": sometimes(["in_use"] * 4 + ["stale", "in_maintenance", "planned", "retired"]),
    "merged_into": sometimes([None, None, "c0"]),
    "a_restricted_to": sometimes([None, ["t1"], ["t1", "t2"]]),
    "a_criticality": sometimes([None, 1, 2, 3, 4]),
    "a_k_min": sometimes([None, 1, 2, 3]),
    "a_k_full": sometimes([None, 1, 2, 3]),
    "a_availability": sometimes([None, 0.5, 1.0]),
    "a_mttf_hours": sometimes([None, 0.0, 100.0]),
    "a_mtbf_hours": sometimes([None, 0.0, 50.0]),
    "a_mttr_hours": sometimes([None, 0.0, 2.0]),
}
LINK_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "live": sometimes([True, True, False]),
    "strength": sometimes([None, None, "hard", "soft", "gate", "weak"]),
    "tolerates_seconds": sometimes([None, 0.0, 1.0, 30.0]),
    "confidence": sometimes([1.0, 0.5]),
    "inferred_by": sometimes([None, "rule"]),
}
FIRST = ("name", "class", "lifecycle")


class Writer:
    """Draws changes that fit the state of a store, as a log would keep them."""

    def __init__(self, store: SnapshotStore, data: st.DataObject) -> None:
        self.store = store
        self.data = data

    def entry(self) -> None:
        """Write one entry of a few changes, no thing twice."""
        self.store.append(*self._changes())

    def _changes(self) -> Iterator[LogChange]:
        seen: set[str] = set()
        made: set[str] = set(self.store.state.cis)
        for _ in range(self.data.draw(st.integers(1, 4))):
            is_link = len(made) > 1 and self.data.draw(st.booleans())
            change = self._link(sorted(made)) if is_link else self._ci()
            if change.id in seen:
                continue
            seen.add(change.id)
            if not is_link:
                made.add(change.id)
            yield change

    def _ci(self) -> LogChange:
        ci_id = self.data.draw(st.sampled_from(IDS))
        before = self.store.state.cis.get(ci_id)
        needed = FIRST if before is None else ()
        return LogChange("ci", ci_id, 0, *self._difference(VALUES, before, needed))

    def _link(self, ends: list[str]) -> LogChange:
        type_name = self.data.draw(st.sampled_from(TYPES))
        dependent, provider = (self.data.draw(st.sampled_from(ends)) for _ in range(2))
        discriminator = self.data.draw(st.sampled_from(["", "x"]))
        link_id = f"{type_name} {dependent} {provider} {discriminator}"
        before = self.store.state.relationships.get(link_id)
        needed = ("live", "confidence") if before is None else ()
        named = {"type": type_name, "dependent": dependent, "provider": provider}
        return LogChange(
            "relationship",
            link_id,
            0,
            *self._difference(LINK_VALUES, before, needed),
            {**named, "discriminator": discriminator},
        )

    def _difference(
        self,
        values: dict[str, st.SearchStrategy[Any]],
        before: dict[str, Any] | None,
        needed: tuple[str, ...],
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        some = self.data.draw(st.sets(st.sampled_from(sorted(values)), max_size=4))
        after = {name: self.data.draw(values[name]) for name in sorted({*some, *needed})}
        if before is None:
            return {}, {name: value for name, value in after.items() if value is not None}
        changed = {name: v for name, v in after.items() if before.get(name) != v}
        return {**{name: before.get(name) for name in changed}, "of": 0}, changed


@settings(deadline=None, max_examples=2000 if IS_LONG else 60, derandomize=True, database=None)
@given(st.data())
def test_any_sequence_of_writes_gives_the_same_snapshot_by_delta_afresh_and_by_replay(
    data: st.DataObject,
) -> None:
    store = SnapshotStore()
    registry = shipped_registry()
    writer = Writer(store, data)
    snapshots = Snapshots(store, lambda: registry)
    for _ in range(data.draw(st.integers(1, 8))):
        writer.entry()
        if data.draw(st.booleans()):
            most = data.draw(st.sampled_from([updating.MOST_TOUCHED, 5, 0]))
            with mock.patch.object(updating, "MOST_TOUCHED", most):
                newest = snapshots.latest()
            assert facts_of(newest) == expected_facts(store.state, registry)
        if data.draw(st.integers(0, 4)) == 0:
            newest = snapshots.latest()
            store.save_checkpoint(newest.revision, pack(newest.estate))
        if data.draw(st.integers(0, 4)) == 0:
            past = data.draw(st.integers(0, len(store.log)))
            assert facts_of(snapshots.at_revision(past)) == expected_facts(
                store.state_at(past), registry
            )

    store.rows_lag = data.draw(st.integers(0, len(store.log)))
    afresh = facts_of(Snapshots(store, shipped_registry).latest())
    assert afresh == facts_of(snapshots.latest()) == expected_facts(store.state, registry)


@settings(deadline=None, max_examples=300 if IS_LONG else 25, derandomize=True, database=None)
@given(st.data())
def test_every_revision_can_be_asked_for_in_any_order(data: st.DataObject) -> None:
    store = SnapshotStore()
    registry = shipped_registry()
    writer = Writer(store, data)
    snapshots = Snapshots(store, shipped_registry, least_changes=data.draw(st.integers(1, 5)))
    for _ in range(data.draw(st.integers(2, 8))):
        writer.entry()
        if data.draw(st.booleans()):
            snapshots.checkpoint_if_due()

    for revision in data.draw(st.permutations(range(len(store.log) + 1))):
        found = snapshots.at_revision(revision)

        assert found.revision == revision
        assert facts_of(found) == expected_facts(store.state_at(revision), registry)
