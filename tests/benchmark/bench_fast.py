"""How fast are the extra `fast`, single points of all services, and single failures of many?

Every figure is taken from answers that are checked first: compiled loops against plain ones, and
these against a few answers of `propagate`. Compile times stand apart.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, TypeAlias
from unittest import mock

import numpy as np
import rustworkx as rx

from impact import Outage, SinglePoints, State, Topology, blast_radius, fast, propagate
from impact import single_points as find_single_points
from impact.topology import GROUP
from tests.benchmark.bench_impact import SEED, Shape
from tests.benchmark.services_estate import services_estate

Row: TypeAlias = dict[str, Any]
FULL = {"walk": (1_000_000, 5_000_000), "layers": (100_000, 300_000), "estate": (100_000, 2_000)}
SMOKE = {"walk": (20_000, 60_000), "layers": (12_000, 30_000), "estate": (12_000, 200)}
RACKS_DOWN = 5
FIRST_ANSWERS = """
import time
start = time.perf_counter()
from tests.benchmark.services_estate import services_estate
from impact import Outage, propagate, single_points
topology = services_estate(12_000, 10)
ready = time.perf_counter()
propagate(topology, [Outage(topology.ids[0])])
single_points(topology)
print(time.perf_counter() - ready)
"""


def run(size: Literal["smoke", "full"]) -> list[Row]:
    """Return the figures; `full` takes minutes and two gigabytes, `smoke` checks answers."""
    sizes = FULL if size == "full" else SMOKE
    if fast.kernels_for(services_estate(12_000, 10)) is None:
        return [{"what": "numba", "figure": "not installed", "target": "", "ok": None}]
    nodes, services = sizes["estate"]
    layers = Shape.of(*sizes["layers"])
    rows = [
        *_compile_times(),
        *_walks(Shape.of(*sizes["walk"]), samples=8 if size == "full" else 3),
        *_points(services_estate(nodes, services), "services on shared machines"),
        *_points(layers.mixed(), "twelve layers"),
        *_failures(services_estate(nodes, 2 * services)),
    ]
    if size == "full":
        return rows
    return [row | {"target": "none at this size", "ok": True} for row in rows]


def _compile_times() -> list[Row]:
    """Return how long the first answers of a process take, numba's own import included."""
    with tempfile.TemporaryDirectory() as folder:
        places = {"NUMBA_CACHE_DIR": folder, "PYTHONPATH": os.pathsep.join(sys.path)}
        environment = os.environ | places
        times = [
            float(
                subprocess.check_output(
                    [sys.executable, "-c", FIRST_ANSWERS], env=environment, text=True
                )
            )
            for _ in range(2)
        ]
    return [
        _row("first answers of a process, all loops compiled", times[0], None),
        _row("first answers of a process, all loops read from disk", times[1], None),
    ]


def _walks(shape: Shape, samples: int) -> list[Row]:
    """Compare `propagate`, with states and groups, with the descendants of a plain graph."""
    topology = shape.mixed()
    nodes = len(topology)
    rust = rx.PyDiGraph(multigraph=True)
    rust.add_nodes_from(range(nodes))
    pairs = zip(shape.providers.tolist(), shape.dependents.tolist(), strict=True)
    rust.add_edges_from_no_data(list(pairs))
    sources = np.random.default_rng(SEED + 2).integers(0, nodes, samples).tolist()
    outages = [[Outage(topology.ids[node])] for node in sources]
    for outage in outages:
        quick = propagate(topology, outage)
        with _plain():
            slow = propagate(topology, outage)
        assert np.array_equal(quick.nodes, slow.nodes)
        assert np.array_equal(quick.best, slow.best)
    ours = sum(_best(7, propagate, topology, outage) for outage in outages)
    with _plain():
        plainly = sum(_best(7, propagate, topology, outage) for outage in outages)
    theirs = sum(_best(3, rx.descendants, rust, node) for node in sources)
    label = f"{nodes:,} nodes, {len(shape.providers):,} edges"
    return [
        _row(f"propagate / rustworkx descendants, fast, {label}", ours / theirs, 0.3, "ratio"),
        _row(f"propagate / rustworkx descendants, plain, {label}", plainly / theirs, 1.0, "ratio"),
        _row(f"propagate, fast / plain, {label}", ours / plainly, 1.0, "ratio"),
    ]


def _points(topology: Topology, what: str) -> list[Row]:
    """Time the single points of every service."""
    found = find_single_points(topology)
    again = _best(3, find_single_points, topology)
    with _plain():
        plainly, expected = _time(find_single_points, topology)
    assert np.array_equal(found.starts, expected.starts)
    assert np.array_equal(found.counts, expected.counts)
    assert list(found) == list(expected)
    for ci in list(found)[:: max(1, len(found) // 50)]:
        assert np.array_equal(found.nodes_of(ci), expected.nodes_of(ci))
    _check_by_propagating(topology, found)
    most = int(found.counts.max())
    label = f"single points of {len(found):,} services, up to {most:,} each, {what}, "
    label += f"{len(topology):,} CIs, {topology.edge_count:,} edges"
    return [
        _row(f"{label}, fast", again, 1.0),
        _row(f"{label}, plain", plainly, 30.0),
    ]


def _check_by_propagating(topology: Topology, found: SinglePoints) -> None:
    """Fail a few CIs alone, and hold what becomes DOWN against the answers."""
    random = np.random.default_rng(SEED + 5)
    services = list(found)
    some = random.choice(len(services), 5, replace=False).tolist()
    guilty = [node for row in some for node in found.nodes_of(services[row])[:3].tolist()]
    for node in [*guilty, *random.integers(0, len(topology), 10).tolist()]:
        states = propagate(topology, [Outage(topology.ids[node])])
        for row in some:
            service = topology.index(services[row])
            is_down = states.of(service)[0] == State.DOWN and node != service
            is_group = bool(topology.flags[node] & GROUP)
            assert is_group or is_down == (node in found.nodes_of(services[row]))


def _failures(topology: Topology) -> list[Row]:
    """Time the single failures of every service at risk, of racks that are DOWN at once."""
    racks = [ci for ci in topology.ids if ci.startswith("rack-")]
    outages = [Outage(ci) for ci in racks[:: max(1, len(racks) // (RACKS_DOWN - 1))]]
    radius = blast_radius(topology, outages)
    hits = [hit for hit in radius.services if hit.at_risk]
    seconds, answers = _time(lambda: [hit.single_failures for hit in hits])
    for hit, answer in list(zip(hits, answers, strict=True))[:: max(1, len(hits) // 10)]:
        for ci in (answer or ())[:3]:
            states = propagate(topology, [*outages, Outage(ci)])
            assert states.of(topology.index(hit.ci))[0] == State.DOWN
    label = f"{len(hits):,} AT_RISK services of a blast radius of {len(radius.hits):,} CIs"
    missing = sum(answer is None for answer in answers)
    return [
        _row(f"single failures of {label}", seconds, 1.0),
        _row(f"single failures not computed, of {label}", missing, 0.0, "answers"),
    ]


@contextmanager
def _plain() -> Iterator[None]:
    with mock.patch.dict(os.environ, {"IMPACT_FAST": "off"}):
        yield


def _time(ask: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    start = time.perf_counter()
    answer = ask(*arguments)
    return time.perf_counter() - start, answer


def _best(repeats: int, ask: Callable[..., Any], *arguments: Any) -> float:
    """Return the shortest time."""
    times: Sequence[float] = [_time(ask, *arguments)[0] for _ in range(repeats)]
    return min(times)


def _row(what: str, value: float, target: float | None, figure: str = "seconds") -> Row:
    return {
        "what": what,
        "figure": f"{float(value):.3g} ({figure})",
        "target": "" if target is None else f"≤ {target:g}",
        "ok": None if target is None else bool(value <= target),
    }


if __name__ == "__main__":
    for row in run("full" if "full" in sys.argv[1:] else "smoke"):
        print(row["what"], row["figure"], row["target"], row["ok"], sep="  ")
