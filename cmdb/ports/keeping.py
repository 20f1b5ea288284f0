"""What does the domain need of the database to keep itself in order?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, Self

from cmdb.model.changes import Applied, LogChange, Stamp
from cmdb.model.definition_changes import Definition, DefinitionKind
from cmdb.model.registry import Registry


class Registries(Protocol):
    """Classes and relationship types, and what of them is in use."""

    def registry(self) -> Registry:
        """Return the shipped registries with what the graph adds, as the log's head has them."""
        ...

    @property
    def origin(self) -> Self:
        """The store that `for_request` was asked of, or this one: the same for all of them."""
        ...

    def for_request(self) -> Self:
        """Return the same store for one piece of work.

        It asks for the head of the log once, before the registry is first used, and then only
        follows the heads that are read on the way.
        """
        ...

    def definition_version(self, kind: DefinitionKind, name: str) -> int:
        """Return the revision that last changed a definition, 0 for a shipped or unknown one."""
        ...

    def save_definition(self, definition: Definition, stamp: Stamp) -> Applied:
        """Write a class or relationship type with its log entry.

        Raises:
            StaleVersion: It is not at the version that the caller expects.
            StalePlan: Anything was written since the decision was read.
        """
        ...

    def ends_in_use(self, type_name: str) -> list[tuple[str, str, int]]:
        """Return (class of dependent, class of provider, how many) of live relationships."""
        ...

    def most_providers(self, type_name: str) -> int:
        """Return the most providers that any dependent has by live relationships of a type."""
        ...


class Retention(Protocol):
    """How large the log is, for how long its content is kept, and how it is erased."""

    def retention_days(self) -> int:
        """Return for how many days payloads are kept, 0 for ever."""
        ...

    def save_retention(self, days: int, stamp: Stamp) -> Applied:
        """Store for how many days payloads are kept, with a log entry if it is another policy."""
        ...

    def erase_logged(
        self, erasures: Mapping[int, Sequence[int]], change: LogChange, stamp: Stamp
    ) -> Applied:
        """Erase payloads, by revision, and append an entry that tells of it, in one transaction."""
        ...

    def erase_more(self, erasures: Mapping[int, Sequence[int]]) -> None:
        """Erase payloads, by revision, that an entry of the log tells of already."""
        ...

    def log_size(self) -> tuple[int, int, int, int]:
        """Return entries, their bytes as stored, checkpoints and the newest one's revision."""
        ...

    def forget_checkpoints(self, before: int) -> None:
        """Delete the checkpoints of states before a revision."""
        ...
