"""An importer of records that are already there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cmdb.model.records import ImportInput, ImportOptions, Item, MappingRow


@dataclass
class Listed:
    """Yields what it was given."""

    items: Sequence[Item]
    name: str = "listed"
    summary: str = "records in memory"
    table: Sequence[MappingRow] = ()

    def read(self, source: ImportInput, options: ImportOptions) -> Iterator[Item]:  # noqa: ARG002 - a port
        """Yield every item."""
        yield from self.items
