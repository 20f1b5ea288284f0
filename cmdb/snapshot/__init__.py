"""Stored rows and the log, compiled for the engine and kept per revision."""

from cmdb.snapshot.snapshot import IMPLICIT_GROUP, Snapshot
from cmdb.snapshot.snapshots import Snapshots

__all__ = ["IMPLICIT_GROUP", "Snapshot", "Snapshots"]
