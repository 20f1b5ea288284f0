"""How long does the availability of every service of an estate take, and how much is exact?"""

from __future__ import annotations

import statistics
import time
from collections import Counter
from typing import Any

from impact import Topology
from impact.availability import AvailabilityTerms, StructureBuilder, availabilities
from impact.structure import Budget, Method, Solver
from impact.structure.folding import fold, settled_events
from impact.structure.parts import take_apart
from impact.structure.sampling import draw
from tests.benchmark.services_estate import LARGEST_CONE, SMALLEST_CONE, services_estate

SIZES = {"smoke": (2_000, 20), "full": (100_000, 1_000)}
SECONDS_A_SERVICE = 2.0
MANY = 20
NARROW = 0.05
BUDGET = Budget(seconds=SECONDS_A_SERVICE, samples=20_000_000, half_width=0.9 * NARROW)


def run(size: str) -> list[dict[str, Any]]:
    """Return the figures of one size, a sample of answers checked by Monte Carlo."""
    count, services = SIZES[size]
    topology = services_estate(count, services)
    ids = [topology.ids[node] for node in range(len(topology)) if topology.is_service(node)]
    cones, left = _shape(topology, ids)
    terms = AvailabilityTerms(with_degraded=False, budget=BUDGET)
    began = time.perf_counter()
    with Solver() as solver:
        found = list(availabilities(topology, ids, solver, terms=terms))
    seconds = time.perf_counter() - began
    _check(topology, ids, [each.unavailability.value for each in found])
    methods = Counter(each.unavailability.method.value for each in found)
    exact = methods[Method.EXACT.value] / len(found)
    widths = [
        (each.unavailability.ci95[1] - each.unavailability.ci95[0]) / 2 / each.unavailability.value
        for each in found
        if each.unavailability.ci95 and each.unavailability.value
    ]
    return [
        {
            "what": f"{len(topology)} nodes, {len(ids)} services: CIs a service relies on",
            "figure": f"{min(cones)} to {max(cones)}, median {statistics.median(cones):.0f}",
            "target": f"{SMALLEST_CONE} to {LARGEST_CONE:,}",
            "ok": min(cones) >= SMALLEST_CONE and max(cones) <= LARGEST_CONE,
        },
        {
            "what": f"services with {MANY} events or more after their single points",
            "figure": f"{sum(n >= MANY for n in left) / len(left):.0%}",
            "target": ">= 50 %",
            "ok": sum(n >= MANY for n in left) >= len(left) / 2,
        },
        {
            "what": "availability and frequency of every service",
            "figure": f"{seconds:.0f} s",
            "target": "<= 600 s",
            "ok": seconds <= 600,
        },
        {
            "what": "method",
            "figure": ", ".join(f"{name} {n}" for name, n in sorted(methods.items())),
            "target": ">= 80 % exact",
            "ok": exact >= 0.8,
        },
        {
            "what": "largest relative half-width of the others",
            "figure": f"{max(widths):.1%}" if widths else "none",
            "target": f"<= {NARROW:.0%}",
            "ok": not widths or max(widths) <= NARROW,
        },
        {
            "what": "nodes of diagrams",
            "figure": _histogram([e.unavailability.bdd_nodes or 0 for e in found]),
        },
    ]


def _shape(topology: Topology, ids: list[str]) -> tuple[list[int], list[int]]:
    """Return how many CIs each service relies on, and the events left without single points."""
    builder = StructureBuilder(topology)
    cones, left = [], []
    for service in ids:
        structure = builder.build(topology.index(service))
        q = _figures(topology, structure.nodes)
        cones.append(len(structure.nodes))
        left.append(len(take_apart(fold(structure.down, settled_events(q))).rest.events()))
    return cones, left


def _check(topology: Topology, ids: list[str], values: list[float]) -> None:
    """Compare a few answers with plain sampling of their structures."""
    builder = StructureBuilder(topology)
    for place in range(0, len(ids), max(1, len(ids) // 5)):
        structure = builder.build(topology.index(ids[place]))
        q = _figures(topology, structure.nodes)
        low, high = draw(structure.down, q, samples=1_000_000, seed=place).ci95
        slack = (high - low) / 2
        assert low - slack <= values[place] <= high + slack, ids[place]


def _figures(topology: Topology, nodes: tuple[int, ...]) -> list[float]:
    assert topology.q is not None
    return [float(topology.q[node]) for node in nodes]


def _histogram(nodes: list[int]) -> str:
    bounds = (0, 100, 10_000, 1_000_000)
    counts = Counter(next((f"<= {b:,}" for b in bounds if n <= b), "more") for n in nodes)
    return ", ".join(f"{name}: {counts[name]}" for name in [*(f"<= {b:,}" for b in bounds), "more"])
