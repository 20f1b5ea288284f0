"""How long does it take to find the conflicts of a week's changes in a large estate?"""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

from impact import Outage, State, Topology, timeline
from impact.joint_outages import Cause, JointEffect, JointOutages, joint_outages
from tests.benchmark.services_estate import services_estate

SIZES = {"smoke": (2_000, 20, 20), "full": (100_000, 1_000, 50)}
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
HOURS_A_WEEK = 168


def run(size: str) -> list[dict[str, Any]]:
    """Return the figures of one size; pairs are checked against a timeline of each pair."""
    count, services, changes = SIZES[size]
    topology = services_estate(count, services)
    causes = week_of_changes(topology, changes)
    joint_outages(topology, causes[:2])
    began = time.perf_counter()
    found = joint_outages(topology, causes)
    seconds = time.perf_counter() - began
    _check(topology, causes, found)
    kinds = {
        effect.name: sum(conflict.effect is effect for conflict in found.conflicts)
        for effect in JointEffect
    }
    sizes = sorted({len(conflict.causes) for conflict in found.conflicts})
    what = f"{changes} changes in a week, {len(topology)} nodes, {services} services"
    return [
        {
            "what": f"joint outages: {what}",
            "figure": f"{seconds:.2f} s",
            "target": "<= 2 s" if size == "full" else "none at this size",
            "ok": seconds <= 2.0 if size == "full" else None,
        },
        {
            "what": "conflicts found, and the sizes of the sets",
            "figure": f"{', '.join(f'{name} {n}' for name, n in kinds.items())}; {sizes}; "
            f"{'complete' if found.is_complete else 'not complete'}",
            "target": "complete",
            "ok": found.is_complete,
        },
    ]


def week_of_changes(topology: Topology, count: int, seed: int = 5) -> list[Cause]:
    """Return changes of one to three CIs that stand near each other, of two to eight hours."""
    draw = random.Random(seed)
    kinds = ("feed", "switch", "host", "host", "vm", "vm", "component")
    by_kind: dict[str, list[str]] = {}
    for ci in topology.ids:
        by_kind.setdefault(ci.split("-")[0], []).append(ci)
    causes = []
    for number in range(count):
        pool = by_kind[draw.choice(kinds)]
        place = draw.randrange(min(len(pool), 60))
        start = MONDAY + timedelta(hours=draw.randrange(HOURS_A_WEEK))
        end = start + timedelta(hours=draw.randint(2, 8))
        targets = pool[place : place + draw.randint(1, 3)]
        outages = tuple(Outage(ci, State.DOWN, start, end) for ci in targets)
        causes.append(Cause(f"change-{number:02d}", outages))
    return causes


def _check(topology: Topology, causes: list[Cause], found: JointOutages) -> None:
    """Compare the guilty pairs of the first changes with timelines of single ones and of pairs."""
    chosen = causes[:12]
    alone = {cause.id: _down(topology, [cause]) for cause in chosen}
    listed = {
        (conflict.service, conflict.causes)
        for conflict in found.conflicts
        if conflict.effect is JointEffect.DOWN
    }
    for one, other in combinations(chosen, 2):
        together = _down(topology, [one, other]) - alone[one.id] - alone[other.id]
        names = tuple(sorted((one.id, other.id)))
        assert together == {service for service, causes in listed if causes == names}, names


def _down(topology: Topology, causes: list[Cause]) -> set[str]:
    outages = [outage for cause in causes for outage in cause.outages]
    hits = timeline(topology, outages).merged.services
    return {hit.ci for hit in hits if hit.state is State.DOWN}
