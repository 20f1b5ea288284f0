"""Small estates in words, for tests that name every CI."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

import numpy as np

from impact import Outage, State, Strength, Topology

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def estate(
    *edges: str,
    groups: Mapping[str, tuple[int, int]] | None = None,
    clusters: Mapping[str, tuple[int, int]] | None = None,
    services: Iterable[str] = (),
    unknown: Iterable[str] = (),
    stale: Iterable[str] = (),
    inferred: Iterable[int] = (),
    criticality: Mapping[str, int] | None = None,
    own: Mapping[str, int] | None = None,
    alone: Iterable[str] = (),
) -> Topology:
    """Return the topology of edges such as "web hard db" or "rack hard feed 600" (seconds)."""
    parts = [line.split() for line in edges]
    groups, clusters = dict(groups or {}), dict(clusters or {})
    named = [name for part in parts for name in (part[0], part[2])]
    ids = list(dict.fromkeys([*named, *groups, *clusters, *alone]))
    place = {name: number for number, name in enumerate(ids)}
    needs = groups | clusters
    return Topology.build(
        ids=ids,
        dependents=np.array([place[part[0]] for part in parts], dtype=np.int32),
        providers=np.array([place[part[2]] for part in parts], dtype=np.int32),
        strengths=[Strength[part[1].upper()] for part in parts],
        tolerates_seconds=[float(part[3]) if len(part) > 3 else np.nan for part in parts],
        is_service=[name in set(services) for name in ids],
        is_unknown=[name in set(unknown) for name in ids],
        is_stale=[name in set(stale) for name in ids],
        is_gate=[name in needs for name in ids],
        is_group=[name in groups for name in ids],
        k_min=[needs.get(name, (0, 0))[0] for name in ids],
        k_full=[needs.get(name, (0, 0))[1] for name in ids],
        criticality=[(criticality or {}).get(name, 1) for name in ids],
        own_state=[(own or {}).get(name, 0) for name in ids],
        edge_inferred=[number in set(inferred) for number in range(len(parts))],
    )


def down(*names: str) -> list[Outage]:
    """Return lasting outages."""
    return [Outage(name) for name in names]


def between(name: str, start: int, end: int | None, state: State = State.DOWN) -> Outage:
    """Return an outage from one second after noon to another."""
    return Outage(name, state, at(start), None if end is None else at(end))


def at(seconds: float) -> datetime:
    """Return the time so many seconds after noon."""
    return NOON + timedelta(seconds=seconds)
