"""What do programs that read many things at once need? Batched reads of the inventory.

`Operations` names things as people do and answers one question at a time; the API resolves a
whole document, level by level, each level with one call of these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from cmdb.model.inventory import CI, Relationship
from cmdb.model.registry import Registry
from cmdb.model.reports import HistoryReport
from cmdb.model.selection import Direction, Selection


@dataclass(frozen=True, slots=True)
class CIPage:
    """A page of whole CIs with the cursor of each."""

    cis: tuple[CI, ...]
    cursors: tuple[str, ...]
    has_next: bool


@dataclass(frozen=True, slots=True)
class Adjacent:
    """A relationship of a CI and the CI at its other end."""

    relationship: Relationship
    other: CI

    @property
    def cursor(self) -> str:
        """What a page that begins after this one is asked for with."""
        return f"{self.other.id}:{self.relationship.id}"


@dataclass(frozen=True, slots=True)
class AdjacentPage:
    """Some relationships of a CI, by the id of the other end, and whether there are more."""

    items: tuple[Adjacent, ...]
    has_next: bool


class GraphReading(Protocol):
    """Batched reads, each with what the caller may see."""

    def registry(self) -> Registry:
        """Return the registries."""
        ...

    def select_cis(self, selection: Selection) -> CIPage:
        """Return a page of CIs; `fields` and `relations` of the selection are not looked at."""
        ...

    def get_cis(self, ids: Sequence[str]) -> Mapping[str, CI]:
        """Return the visible ones of these CIs by id."""
        ...

    def adjacent(
        self,
        ids: Sequence[str],
        direction: Direction,
        types: Sequence[str] | None,
        first: int,
        after: str = "",
    ) -> Mapping[str, AdjacentPage]:
        """Return, for each of these CIs, relationships in one direction and their other ends.

        Args:
            ids: The CIs.
            direction: Towards the providers or the dependents.
            types: Relationship types; None for all, empty for none.
            first: Most for each CI.
            after: `Adjacent.cursor` of the last one of the page before, or empty.
        """
        ...

    def histories(self, ids: Sequence[str], limit: int) -> Mapping[str, HistoryReport]:
        """Return, for each of these CIs, the newest changes that touched it."""
        ...
