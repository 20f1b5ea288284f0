"""Changes in, a compiled snapshot out, and its edges in words."""

from __future__ import annotations

from cmdb.model.changes import LogChange
from cmdb.model.shipped import shipped_registry
from cmdb.snapshot import Snapshot, Snapshots
from tests.peers.snapshot_store import SnapshotStore, ci_change


def snapshot(*changes: LogChange) -> Snapshot:
    """Return the snapshot of a log with these changes alone."""
    store = SnapshotStore()
    store.append(*changes)
    return Snapshots(store, shipped_registry).latest()


def hosts(*names: str) -> list[LogChange]:
    """Return CIs that differ by name alone."""
    return [ci_change(name) for name in names]


def edges(found: Snapshot) -> list[tuple[str, str, str]]:
    """Return (dependent, provider, strength), sorted."""
    graph = found.topology.to_networkx()
    return sorted((d, p, facts["strength"]) for d, p, facts in graph.edges(data=True))
