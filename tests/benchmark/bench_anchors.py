"""Do textbook systems have the figures of the textbooks? Both are printed, theirs by formula.

Sources: Rausand and Hoyland 2004, System Reliability Theory, chapters 3 and 4 (bridge, k out of n,
series and parallel); Fleming 1975 for the beta factor. The loop is worked out by hand: a service in
it fails if it fails itself, or if the other and the spare are both DOWN.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from impact import Strength, Topology
from impact.availability import AvailabilityTerms, CommonCause, service_availability
from impact.structure import Method, Solver, TreeBuilder

Q = 0.1
P = 1.0 - Q
BETA = 0.2
HARD, GATE = Strength.HARD, Strength.GATE
CLOSE = 1e-12

Edges = Sequence[tuple[str, str, Strength]]


def run(_size: str) -> list[dict[str, Any]]:
    """Return each system with the textbook's unavailability and ours; it fails if they differ."""
    with Solver() as solver:
        rows = [
            ("bridge of five", 1.0 - (2 * P**2 + 2 * P**3 - 5 * P**4 + 2 * P**5), _bridge(solver)),
            ("2 out of 3", 1.0 - (3 * P**2 - 2 * P**3), _of(solver, _group(3, 2))),
            ("two branches with a shared feed", 1.0 - P * (1.0 - Q**2), _of(solver, _shared())),
            ("two services that need each other or a spare", _loop_by_hand(), _of(solver, _loop())),
            ("pair with a common cause, beta 0.2", _fleming(), _of(solver, _group(2, 1), BETA)),
        ]
    for what, theirs, ours in rows:
        assert abs(theirs - ours) <= CLOSE, what
    return [
        {"what": what, "figure": f"{ours:.9f}", "target": f"{theirs:.9f}", "ok": True}
        for what, theirs, ours in rows
    ]


def _bridge(solver: Solver) -> float:
    builder = TreeBuilder(5)
    cuts = [(0, 2), (1, 3), (0, 4, 3), (2, 4, 1)]
    found = solver.probability(
        builder.tree(builder.any_of(builder.all_of(cut) for cut in cuts)), [Q] * 5
    )
    assert found.method is Method.EXACT
    return found.value


def _of(solver: Solver, topology: Topology, beta: float | None = None) -> float:
    causes = () if beta is None else (CommonCause("group", beta=beta),)
    found = service_availability(
        topology, "top", solver, terms=AvailabilityTerms(common_causes=causes)
    ).unavailability
    assert found.method is Method.EXACT
    return found.value


def _group(members: int, k_min: int) -> Topology:
    names = [f"m{number}" for number in range(members)]
    edges = [("top", "group", HARD), *(("group", name, GATE) for name in names)]
    return _topology(["top", "group", *names], edges, {"group": k_min}, perfect={"top"})


def _shared() -> Topology:
    edges = [
        ("top", "group", HARD), ("group", "a", GATE), ("group", "b", GATE),
        ("a", "feed", HARD), ("b", "feed", HARD),
    ]  # fmt: skip
    return _topology(["top", "group", "a", "b", "feed"], edges, {"group": 1}, perfect={"top"})


def _loop() -> Topology:
    """Each of two services needs the other or a spare; the group takes both and the spare."""
    edges = [
        ("top", "of_other", HARD), ("of_other", "other", GATE), ("of_other", "spare", GATE),
        ("other", "of_top", HARD), ("of_top", "top", GATE), ("of_top", "spare", GATE),
    ]  # fmt: skip
    names = ["top", "of_other", "other", "of_top", "spare"]
    return _topology(names, edges, {"of_other": 1, "of_top": 1}, perfect=set())


def _loop_by_hand() -> float:
    """The top fails itself, or the spare and the other do: what leads back to the top adds none."""
    return 1.0 - P * (1.0 - Q * Q)


def _fleming() -> float:
    shared = BETA * Q
    own = 1.0 - (1.0 - Q) / (1.0 - shared)
    return shared + (1.0 - shared) * own**2


def _topology(
    names: list[str], edges: Edges, k_min: dict[str, int], *, perfect: set[str]
) -> Topology:
    return Topology.build(
        ids=names,
        dependents=[names.index(dependent) for dependent, _, _ in edges],
        providers=[names.index(provider) for _, provider, _ in edges],
        strengths=[int(strength) for _, _, strength in edges],
        is_gate=[name in k_min for name in names],
        is_group=[name in k_min for name in names],
        k_min=[k_min.get(name, 0) for name in names],
        q=[0.0 if name in perfect or name in k_min else Q for name in names],
        mttr_hours=[4.0] * len(names),
    )
