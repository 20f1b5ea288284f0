"""Which records make an import that a kill can hurt? Seeded: the same every time.

Machines that refer to later ones, machines known by name alone until a bridging record arrives,
software and interfaces within machines, sources that contradict each other, identifiers claimed
twice, references to what never comes, and tombstones.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cmdb.model.records import Link, Record, Reference
from importers.records_format import write_records

SEEN_AT = datetime(2025, 1, 1, tzinfo=UTC)
RECORDS_A_MACHINE = 3.2


def write_estate(path: Path, *, seed: int, size: int) -> int:
    """Write about `size` records as a file of the exchange format and return how many."""
    with path.open("wb") as stream:
        return write_records(stream, estate(seed=seed, size=size))


def estate(*, seed: int, size: int) -> Iterator[Record]:
    """Yield about `size` records in no helpful order."""
    chance = random.Random(seed)
    count = max(20, int(size / RECORDS_A_MACHINE))
    records = [record for i in range(count) for record in _about_machine(chance, i, count)]
    chance.shuffle(records)
    yield from records


def _about_machine(chance: random.Random, i: int, count: int) -> Iterator[Record]:
    yield Record(
        "PhysicalServer",
        key=f"server-{i}",
        name=f"server {i}",
        attributes={**_serial(i), "os": chance.choice(["linux", "bsd"]), "cpu_count": 1 + i % 64},
        links=[
            Link("depends_on", _by_serial(chance.randrange(count)), strength="soft"),
            Link("linked_to", _by_serial((i + 37) % count)),
        ],
        observed_at=SEEN_AT,
        deleted=chance.random() < 0.02,
    )
    yield Record(
        "SoftwareInstance",
        key=f"web-{i}",
        name=f"web {i}",
        attributes={"kind": "daemon", "port": 80 + i % 3},
        within={"host": _by_serial(i) if i % 2 else _by_name(i)},
        links=[Link("depends_on", _web(chance.randrange(count)), confidence=0.5)],
        observed_at=SEEN_AT,
    )
    if i % 2 == 0:
        yield from _known_by_name(chance, i, count)
    if i % 3 == 0:
        yield Record(
            "NetworkInterface",
            key=f"port-{i}",
            name="eth0",
            attributes={"speed_mbps": 1000},
            within={"device": _by_serial(i)},
            links=[Link("linked_to", _port((i + 3) % count))],
            observed_at=SEEN_AT,
        )
    if i % 20 == 0:
        yield Record(
            "Host",
            key=f"rival-{i}",
            attributes={**_serial(i), "vendor": "other", "fqdn": f"m{i}.example.org"},
            observed_at=SEEN_AT,
        )


def _known_by_name(chance: random.Random, i: int, count: int) -> Iterator[Record]:
    """Yield what a second source knows, and most often the record that brings both together."""
    yield Record(
        "Host",
        key=f"name-{i}",
        name=f"m{i}",
        attributes={"fqdn": f"m{i}.example.org", "os": "other", "site": "s"},
        links=[Link("connects_to", _by_name(chance.randrange(count)))],
        observed_at=SEEN_AT - timedelta(hours=1),
        source="names",
        scope="all",
    )
    if i % 6 != 0:
        yield Record(
            "Host",
            key=f"both-{i}",
            attributes={**_serial(i), "fqdn": f"m{i}.example.org", "model": "x1"},
            links=[Link("depends_on", _web(chance.randrange(count)), reverse=True)],
            observed_at=SEEN_AT + timedelta(hours=1),
        )


def _serial(i: int) -> dict[str, str]:
    return {"serial": f"sn{i:06}", "vendor": "acme"}


def _by_serial(i: int) -> Reference:
    return Reference("Host", _serial(i))


def _by_name(i: int) -> Reference:
    return Reference("Host", {"fqdn": f"m{i}.example.org"})


def _web(i: int) -> Reference:
    values = {"kind": "daemon", "port": 80 + i % 3}
    return Reference("SoftwareInstance", values, {"host": _by_serial(i)})


def _port(i: int) -> Reference:
    return Reference("NetworkInterface", {"name": "eth0"}, {"device": _by_serial(i)})
