"""What does the domain read from the graph database to decide which records speak of which CI?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from cmdb.model.changes import Carrier, Pending
from cmdb.model.inventory import Identifier
from cmdb.model.source_records import SourceRecord


class Evidence(Protocol):
    """What reconciliation reads: unrestricted, for services that decide, not for people."""

    def identifiers(self, keys: Sequence[str]) -> dict[str, Identifier]:
        """Return the known ones of these keys."""
        ...

    def identifiers_within(self, ci_ids: Sequence[str]) -> dict[str, Identifier]:
        """Return identifiers of things that are identified within these CIs."""
        ...

    def record_states(self, ids: Sequence[str]) -> dict[str, tuple[str, int, str | None, str]]:
        """Return (digest, observed_ms, ci_id, run) of the known ones of these source records."""
        ...

    def source_records(self, ids: Sequence[str]) -> list[SourceRecord]:
        """Return the known ones of these source records."""
        ...

    def source_records_of(self, ci_ids: Sequence[str]) -> list[SourceRecord]:
        """Return all source records of these CIs."""
        ...

    def record_ids_of(self, source: str, after: str = "", limit: int = 1_000) -> list[str]:
        """Return a page of the ids of a source's records in order, those after one id."""
        ...

    def ci_properties(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return the stored properties of these CIs, merged and retired ones included."""
        ...

    def merged_into(self, ids: Sequence[str]) -> dict[str, str]:
        """Return which of these CIs took over each one that was merged away, through chains too."""
        ...

    def relationship_rows(
        self, ci_ids: Sequence[str], *, outgoing_only: bool = False
    ) -> list[dict[str, Any]]:
        """Return stored properties of relationships at these CIs, ended ones included.

        Each carries `type`, `dependent` and `provider` beside its properties.
        """
        ...

    def pending(self, keys: Sequence[str]) -> list[Pending]:
        """Return what waits for these keys."""
        ...

    def pending_of(self, record_ids: Sequence[str]) -> list[Pending]:
        """Return what these source records wait for."""
        ...

    def pending_within(self, ci_ids: Sequence[str]) -> list[Pending]:
        """Return what waits for things identified within these CIs."""
        ...

    def has_pending(self) -> bool:
        """Return whether anything waits at all."""
        ...

    def carriers(self, keys: Sequence[str]) -> list[Carrier]:
        """Return the source records that carry these placeholders."""
        ...

    def uncertain_placeholders(self) -> list[str]:
        """Return placeholders that have too few witnesses to be certain, sorted."""
        ...
