"""How fast are reachability, propagation and blast radius, beside known graph libraries?

Every figure is taken from answers that are checked first. Figures are ratios, since absolute
times depend on the machine; each time is the best of several runs.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import networkx as nx
import numpy as np
import rustworkx as rx
from numpy.typing import NDArray

from impact import Outage, Topology, blast_radius, propagate, reachable

Row: TypeAlias = dict[str, Any]
LAYERS = 12
SEED = 20260101
MILLION = (1_000_000, 5_000_000)
LARGE = (100_000, 300_000)
SMALL = (5_000, 15_000)


@dataclass(frozen=True, slots=True)
class Shape:
    """A generated estate of twelve layers; edges lead from each layer to the one below it."""

    ids: list[str]
    dependents: NDArray[np.int64]
    providers: NDArray[np.int64]

    @classmethod
    def of(cls, nodes: int, edges: int) -> Shape:
        """Return random edges between neighbouring layers, layer 0 at the bottom."""
        random = np.random.default_rng(SEED)
        bounds = np.linspace(0, nodes, LAYERS + 1).astype(np.int64)
        layer = random.integers(1, LAYERS, edges)
        ends = [
            bounds[at] + (random.random(edges) * (bounds[at + 1] - bounds[at])).astype(np.int64)
            for at in (layer, layer - 1)
        ]
        return cls([f"ci-{number:07d}" for number in range(nodes)], ends[0], ends[1])

    def plain(self) -> Topology:
        """Return the estate with hard edges only."""
        strengths = np.zeros(len(self.dependents), dtype=np.uint8)
        return self._build(strengths=strengths)

    def mixed(self) -> Topology:
        """Return the estate with a tenth of gates, a tenth of soft edges, a tenth of services."""
        random = np.random.default_rng(SEED + 1)
        nodes = len(self.ids)
        pairs = np.sort(self.dependents * nodes + self.providers)
        distinct = pairs[np.diff(pairs, prepend=-1) > 0] // nodes
        members = np.bincount(distinct, minlength=nodes)
        is_gate = random.random(nodes) < 0.1
        soft = random.random(len(self.dependents)) < 0.1
        return self._build(
            strengths=np.where(is_gate[self.dependents], 2, soft).astype(np.uint8),
            is_gate=is_gate,
            is_group=np.zeros(nodes, dtype=np.bool_),
            is_service=np.arange(nodes) >= nodes * 0.9,
            k_min=np.where(is_gate, np.minimum(random.integers(1, 3, nodes), members), 0),
            k_full=np.where(is_gate, members, 0),
        )

    def _build(self, **arrays: Any) -> Topology:
        return Topology.build(
            ids=self.ids, dependents=self.dependents, providers=self.providers, **arrays
        )


def run(size: Literal["smoke", "full"]) -> list[Row]:
    """Return the figures; `full` takes minutes and several gigabytes, `smoke` checks answers."""
    if size == "smoke":
        rows = _measure(SMALL, samples=10, limits=(2.0, 0.5))
        return [row | {"target": "none at this size", "ok": True} for row in rows]
    return [
        *_measure(LARGE, samples=60, limits=(2.0, 0.5)),
        *_measure(MILLION, samples=8, limits=(1.0, 0.2)),
    ]


def _measure(size: tuple[int, int], samples: int, limits: tuple[float, float]) -> list[Row]:
    nodes, edges = size
    label = f"{nodes:,} nodes, {edges:,} edges"
    shape = Shape.of(nodes, edges)
    sources = np.random.default_rng(SEED + 2).integers(0, nodes, samples).tolist()
    rows = [_build_time(shape, label, size)]
    rows += _against_libraries(shape, label, sources, limits)
    rows += _engine_ratios(shape.mixed(), label, sources)
    return rows


def _build_time(shape: Shape, label: str, size: tuple[int, int]) -> Row:
    seconds, topology = _best(3, shape.plain)
    total = topology.nbytes["total"]
    assert total <= 64_000_000 or size != MILLION
    return _row(f"build, {label}", "milliseconds", seconds * 1000, 0.35e-3 * size[1])


def _against_libraries(
    shape: Shape, label: str, sources: Sequence[int], limits: tuple[float, float]
) -> list[Row]:
    topology = shape.plain()
    topology.index(shape.ids[0])
    rust = rx.PyDiGraph(multigraph=True)
    rust.add_nodes_from(range(len(shape.ids)))
    pairs = list(zip(shape.providers.tolist(), shape.dependents.tolist(), strict=True))
    rust.add_edges_from_no_data(pairs)
    for node in sources[:5]:
        expected = rx.descendants(rust, node)
        assert set(reachable(topology, [shape.ids[node]]).tolist()) == expected
        assert len(propagate(topology, [Outage(shape.ids[node])]).nodes) == len(expected) + 1
    ours = _mean(lambda node: reachable(topology, [shape.ids[node]]), sources)
    theirs = _mean(lambda node: rx.descendants(rust, node), sources)
    python: nx.DiGraph[int] = nx.DiGraph(pairs)
    python.add_nodes_from(range(len(shape.ids)))
    slowly = _mean(lambda node: nx.descendants(python, node), sources[:8], repeats=1)
    same = _mean(lambda node: reachable(topology, [shape.ids[node]]), sources[:8])
    return [
        _row(f"reachable / rustworkx, {label}", "ratio", ours / theirs, limits[0]),
        _row(f"reachable / networkx, {label}", "ratio", same / slowly, limits[1]),
    ]


def _engine_ratios(topology: Topology, label: str, sources: Sequence[int]) -> list[Row]:
    """Compare per edge visited, over outages of a few hundred CIs at the bottom."""
    random = np.random.default_rng(SEED + 3)
    ids = topology.ids
    degree = np.diff(topology.dependents_of.starts)
    bottom = len(ids) // LAYERS
    causes = [random.integers(0, bottom, 1 + bottom // 50).tolist() for _ in sources[:10]]
    spent = np.zeros(2)
    walked = np.zeros(2)
    for nodes in causes:
        names = [ids[node] for node in nodes]
        outages = [Outage(name) for name in names]
        seconds, reached = _best(5, reachable, topology, names)
        spent[0] += seconds
        walked[0] += degree[reached].sum() + degree[list(set(nodes))].sum()
        seconds, states = _best(5, propagate, topology, outages)
        spent[1] += seconds
        walked[1] += degree[states.nodes].sum()
        assert set(states.nodes.tolist()) <= set(reached.tolist()) | set(nodes)
    per_edge = spent / walked
    return [
        _row(f"propagate / reachable per edge, {label}", "ratio", per_edge[1] / per_edge[0], 1.5),
        *_radius_ratio(topology, label),
    ]


def _radius_ratio(topology: Topology, label: str) -> list[Row]:
    """Compare over outages of one CI of the upper half, of those that affect up to 10,000 CIs."""
    random = np.random.default_rng(SEED + 4)
    plain = full = 0.0
    most = 0
    for node in random.integers(len(topology) // 2, len(topology), 40).tolist():
        outage = [Outage(topology.ids[node])]
        states = propagate(topology, outage)
        if len(states.nodes) > 10_000:
            continue
        most = max(most, len(states.nodes))
        radius = blast_radius(topology, outage)
        severe = {topology.index(hit.ci) for hit in radius.hits if hit.state}
        assert severe == set(states.nodes.tolist())
        plain += _best(5, propagate, topology, outage)[0]
        full += _best(5, blast_radius, topology, outage)[0]
    what = f"blast_radius / propagate, up to {most:,} affected, {label}"
    return [_row(what, "ratio", full / plain, 10.0)]


def _mean(ask: Callable[[int], Any], sources: Sequence[int], repeats: int = 5) -> float:
    """Return the mean over sources of the best time of each."""
    times = [_best(repeats, ask, node)[0] for node in sources]
    return float(np.mean(times))


def _best(repeats: int, ask: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    """Return the shortest CPU time and the last answer."""
    shortest, answer = float("inf"), None
    for _ in range(repeats):
        start = time.thread_time()
        answer = ask(*arguments)
        shortest = min(shortest, time.thread_time() - start)
    return shortest, answer


def _row(what: str, figure: str, value: float, target: float) -> Row:
    return {
        "what": what,
        "figure": f"{float(value):.3g} ({figure})",
        "target": f"≤ {target:g}",
        "ok": bool(value <= target),
    }


if __name__ == "__main__":
    for row in run("full" if "full" in sys.argv[1:] else "smoke"):
        print("ok  " if row["ok"] else "over", row["what"], row["figure"], row["target"], sep="  ")
