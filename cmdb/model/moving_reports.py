"""What does moving a whole database answer: a copy, a backup, a restore?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cmdb.model.reports import Report


@dataclass(frozen=True, slots=True)
class MovedReport(Report):
    """A whole database that was moved, and found whole where it went.

    Attributes:
        origin: Address of the database, or path of the file, that it came from.
        target: Address of the database, or path of the file, that it went to.
        revision: Of the newest log entry.
        hash: Of the newest log entry: together with the revision, its anchor.
        nodes: Number of nodes by label.
        relationships: Number of relationships by type.
        digest: Of the archive's content; empty where none was made or read.
    """

    origin: str
    target: str
    revision: int
    hash: str
    nodes: Mapping[str, int]
    relationships: Mapping[str, int]
    digest: str = ""
