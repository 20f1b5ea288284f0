"""A seeded estate of machines in twelve layers: what a served database holds, and what it answers.

Written through the store in batches, each an entry of the log, so that the service takes the
database as one that it filled itself. `python -m tests.benchmark.served_estate CIS RELATIONSHIPS`
fills the database that the settings name.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from cmdb.bootstrap import SystemClock, open_store, read_settings
from cmdb.model.changes import ChangeSet, CIChange, IdentifierChange, RelationshipChange, Stamp
from cmdb.model.identify import identifier_keys
from cmdb.ports import Store

LAYERS = 12
CLASS = "PhysicalServer"
_SEED = 7
_CIS_AT_ONCE = 2_000
_RELATIONSHIPS_AT_ONCE = 4_000

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ServedEstate:
    """CIs by number, and for each the numbers of those it relies on.

    Attributes:
        providers: By number of the dependent, sorted.
    """

    providers: tuple[tuple[int, ...], ...]

    @property
    def relationships(self) -> int:
        """How many there are."""
        return sum(map(len, self.providers))

    def below(self, numbers: Sequence[int]) -> tuple[int, int]:
        """Return how many relationships lead from these CIs down, and how many from there on."""
        first = [other for number in numbers for other in self.providers[number]]
        return len(first), sum(len(self.providers[other]) for other in first)


def make_estate(cis: int, relationships: int) -> ServedEstate:
    """Return the estate of a size, the same whenever it is made.

    Neighbours by name lie in different layers, so that a page by name has some of each; each CI
    relies on CIs of the next layer.
    """
    draw = random.Random(_SEED)
    drawn: set[tuple[int, int]] = set()
    while len(drawn) < relationships:
        dependent = draw.randrange(cis)
        layer = dependent % LAYERS
        if layer < LAYERS - 1:
            provider = draw.randrange(layer + 1, cis, LAYERS)
            drawn.add((dependent, provider))
    providers: list[list[int]] = [[] for _ in range(cis)]
    for dependent, provider in sorted(drawn):
        providers[dependent].append(provider)
    return ServedEstate(tuple(map(tuple, providers)))


def ci_id(number: int) -> str:
    """Return the id of a CI."""
    return f"0190b7a1-0000-7000-8000-{number:012x}"


def identity(number: int) -> dict[str, str]:
    """Return what other records know a CI by."""
    return {"serial": f"SN{number:09d}", "vendor": "acme"}


def fill(store: Store, estate: ServedEstate) -> None:
    """Write the estate."""
    draw = random.Random(_SEED)
    for batch in _batches(iter(range(len(estate.providers))), _CIS_AT_ONCE):
        cis = [_ci(number, draw) for number in batch]
        identifiers = [each for number in batch for each in _identifiers(store, number)]
        store.apply(ChangeSet(cis=cis, identifiers=identifiers), Stamp("benchmark"))
    pairs = ((one, other) for one, below in enumerate(estate.providers) for other in below)
    for links in _batches(pairs, _RELATIONSHIPS_AT_ONCE):
        changes = [_relationship(one, other) for one, other in links]
        store.apply(ChangeSet(relationships=changes), Stamp("benchmark"))


def _batches(items: Iterator[T], size: int) -> Iterator[list[T]]:
    while batch := list(islice(items, size)):
        yield batch


def _ci(number: int, draw: random.Random) -> CIChange:
    values = {
        "class": CLASS,
        "name": f"host-{number:07d}",
        "lifecycle": "in_use",
        "a_serial": identity(number)["serial"],
        "a_vendor": "acme",
        "a_model": f"R{draw.randrange(400, 900)}",
        "a_os": "linux",
        "a_os_version": f"12.{draw.randrange(9)}",
        "a_memory_mib": 1024 * draw.randrange(8, 512),
        "a_cpu_count": draw.randrange(2, 128),
        "a_environment": draw.choice(["production", "staging"]),
    }
    return CIChange(ci_id(number), {}, values)


def _identifiers(store: Store, number: int) -> list[IdentifierChange]:
    keys = identifier_keys(
        store.registry(), CLASS, identity(number), scope="", within={}, resolve=lambda _: None
    )
    return [IdentifierChange(key.key, ci_id(number), rule=key.rule) for key in keys]


def _relationship(dependent: int, provider: int) -> RelationshipChange:
    values = {"live": True, "strength": "hard", "confidence": 1.0, "assertions": "{}"}
    return RelationshipChange(
        f"{dependent:08x}-0000-7000-9000-{provider:012x}", "depends_on",
        ci_id(dependent), ci_id(provider), "", {}, values,
    )  # fmt: skip


def main() -> None:
    """Fill the database that the settings name."""
    cis, relationships = (int(word) for word in sys.argv[1:3])
    settings = read_settings()
    store = open_store(settings, SystemClock(), create=True)
    try:
        fill(store, make_estate(cis, relationships))
    finally:
        store.close()


if __name__ == "__main__":
    main()
