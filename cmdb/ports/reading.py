"""What does the domain read from the graph database?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from cmdb.model.inventory import CI, Found, GraphRows, Relationship
from cmdb.model.log import LogEntry, LogHead, StoredEntry
from cmdb.model.nodes import Node, NodeKind, NodeListing, NodePage
from cmdb.model.rights import Visibility
from cmdb.model.selection import Direction, Page, Selection


class Readers(Protocol):
    """What people read: every method takes the caller's visibility."""

    def select(self, selection: Selection, visibility: Visibility) -> Page:
        """Return a page of CIs with their nested relationships."""
        ...

    def get_cis(self, ids: Sequence[str], visibility: Visibility) -> dict[str, CI]:
        """Return the visible CIs of these ids; others are absent."""
        ...

    def find_by_name(
        self, name: str, class_name: str, visibility: Visibility, limit: int = 20
    ) -> list[CI]:
        """Return CIs of exactly that name (caseless), of a class or of any if it is empty."""
        ...

    def find_named(self, names: Sequence[str], visibility: Visibility, most: int) -> list[CI]:
        """Return CIs of these names (caseless) in no order, retired ones too, merged ones not."""
        ...

    def search(self, text: str, visibility: Visibility, limit: int = 20) -> list[Found]:
        """Return CIs whose name or identifiers match the words, best first."""
        ...

    def find_relationships(
        self, ci_ids: Sequence[str], visibility: Visibility, *, live_only: bool = True
    ) -> list[Relationship]:
        """Return relationships with at least one of these ends (and the other visible)."""
        ...

    def find_adjacent(
        self,
        ids: Sequence[str],
        visibility: Visibility,
        *,
        direction: Direction,
        types: Sequence[str] | None,
        limit: int,
        after: str = "",
    ) -> dict[str, list[tuple[Relationship, CI]]]:
        """Return, for each of these CIs, live relationships in one direction with the other end.

        Ordered by the id of the other end; `after` is `other:relationship` of the last one told.
        """
        ...

    def count_classes(self, visibility: Visibility) -> dict[str, int]:
        """Return the number of CIs by class, retired and merged ones left out."""
        ...


class Log(Protocol):
    """The log of changes."""

    def head(self) -> LogHead:
        """Return the newest entry's revision, hash and time."""
        ...

    def entries(self, first: int, last: int) -> list[LogEntry]:
        """Return the entries of these revisions, both ends included, in order."""
        ...

    def entries_of(self, revisions: Sequence[int]) -> list[LogEntry]:
        """Return the entries of these revisions, wherever they stand, in order."""
        ...

    def stored_entries(self, first: int, last: int) -> list[StoredEntry]:
        """Return them as stored, for verification and copying."""
        ...

    def count_changes(self, first: int, last: int) -> int:
        """Return how many changes the entries of these revisions have, erased ones included."""
        ...

    def revision_at(self, at: datetime) -> int:
        """Return the last revision recorded at or before a moment; 0 if none."""
        ...


class Nodes(Protocol):
    """What is kept beside the inventory: unrestricted, for services that reduce it themselves."""

    def get_nodes(self, kind: NodeKind, ids: Sequence[str]) -> dict[str, Node]:
        """Return the known ones of these nodes by id."""
        ...

    def find_node(self, kind: NodeKind, lookup: str) -> Node | None:
        """Return the node that is found by this exact text, or None."""
        ...

    def list_nodes(self, listing: NodeListing) -> NodePage:
        """Return a page of nodes, newest first."""
        ...

    def nodes_between(
        self,
        states: Mapping[NodeKind, Sequence[str]],
        from_at: int,
        to_at: int,
        limit: int,
        lasting: Sequence[str] = (),
    ) -> list[Node]:
        """Return nodes of several kinds in these states and this stretch of time, in one read.

        Args:
            states: The states wanted, by kind.
            from_at: Only those that have not ended before this (epoch ms).
            to_at: Only those that begin before this (epoch ms).
            limit: Most nodes of a kind.
            lasting: In these states the end does not count: they last until they are left.
        """
        ...


class SnapshotRows(Protocol):
    """What the snapshot reads: unrestricted; answers are reduced after computing."""

    def graph_rows(self) -> GraphRows:
        """Return everything the engine needs, in bulk."""
        ...

    def checkpoint_before(self, revision: int) -> tuple[int, bytes] | None:
        """Return the newest checkpoint at or before a revision."""
        ...

    def save_checkpoint(self, revision: int, content: bytes) -> None:
        """Keep a checkpoint; one of the same revision is replaced."""
        ...
