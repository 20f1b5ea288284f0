"""What do questions about data sources answer?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cmdb.model.reports import Report


@dataclass(frozen=True, slots=True)
class SourceSummary(Report):
    """A data source.

    Attributes:
        name: Its name.
        precedence: Where sources differ, the higher one wins.
        is_default: Nobody has ranked it.
        records: How many records of it are kept.
        last_finished_at: End of its last finished import, or None.
    """

    name: str
    precedence: int
    is_default: bool
    records: int
    last_finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class SourceList(Report):
    """The data sources, the highest precedence first, then by name."""

    sources: tuple[SourceSummary, ...]


@dataclass(frozen=True, slots=True)
class RankReport(Report):
    """A data source that was ranked, and what that changed.

    Attributes:
        source: Its name.
        before: Its precedence until now.
        precedence: Its precedence from now on.
        is_known: Whether it has a record or an import; if not, this holds for when it comes.
        nearest: Sources of a similar name, where it is not known.
        records: How many of its records were looked at.
        cis: How many CIs show other values now.
        relationships: How many relationships show other values, came back or ended.
        first_revision: First entry of the log that it made, 0 where nothing changed.
        last_revision: Last entry of the log that it made, 0 where nothing changed.
    """

    source: str
    before: int
    precedence: int
    is_known: bool
    nearest: tuple[str, ...]
    records: int
    cis: int
    relationships: int
    first_revision: int
    last_revision: int
