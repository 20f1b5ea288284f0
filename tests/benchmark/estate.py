"""A seeded estate of machines in layers, as records: the input of the import benchmarks."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from cmdb.model.records import ImportInput, ImportOptions, Item, Link, Record, Reference

LAYERS = 12


@dataclass
class GeneratedEstate:
    """An importer that yields `count` machines, each with about three providers below it."""

    count: int
    links: int = 3
    seed: int = 7
    name: str = "generated"
    summary: str = "A generated estate."
    table: Sequence[Any] = field(default_factory=tuple)

    def read(self, source: ImportInput, options: ImportOptions) -> Iterator[Item]:
        """Yield the records, the same for the same seed."""
        del source, options
        draw = random.Random(self.seed)
        width = max(1, self.count // LAYERS)
        for number in range(self.count):
            layer = number // width
            below = range(max(0, (layer - 1) * width), layer * width)
            chosen = draw.sample(below, min(self.links, len(below))) if below else []
            yield Record(
                "PhysicalServer",
                key=f"asset-{number}",
                name=f"host-{number:07d}",
                attributes={
                    "serial": f"SN{number:09d}",
                    "vendor": "acme",
                    "model": f"R{draw.randrange(400, 900)}",
                    "os": "linux",
                    "os_version": f"12.{draw.randrange(9)}",
                    "memory_mib": 1024 * draw.randrange(8, 512),
                    "cpu_count": draw.randrange(2, 128),
                    "environment": draw.choice(["production", "staging"]),
                },
                links=[
                    Link("depends_on", Reference("PhysicalServer", self._named(other)))
                    for other in chosen
                ],
            )

    @staticmethod
    def _named(number: int) -> dict[str, str]:
        return {"serial": f"SN{number:09d}", "vendor": "acme"}
