"""What becomes DOWN and DEGRADED: every sentence of the rules that a reader may doubt."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from impact import (
    InvalidBudget,
    InvalidOutage,
    Outage,
    State,
    Topology,
    UnknownNode,
    propagate,
    reach,
    reachable,
    risk,
    spread,
)
from tests.unit.impact.estate import down, estate


def states(topology: Topology, outages: list[Outage]) -> dict[str, str]:
    found = propagate(topology, outages)
    return {
        topology.ids[node]: State(int(code)).name
        for node, code in zip(found.nodes, found.worst, strict=True)
        if code
    }


def test_a_down_hard_provider_brings_its_dependent_down() -> None:
    assert states(estate("a hard b"), down("b")) == {"a": "DOWN", "b": "DOWN"}


def test_a_degraded_hard_provider_degrades_its_dependent() -> None:
    found = states(estate("a hard b"), [Outage("b", State.DEGRADED)])

    assert found == {"a": "DEGRADED", "b": "DEGRADED"}


def test_a_down_soft_provider_degrades_and_the_harm_goes_on_over_hard_edges() -> None:
    found = states(estate("web hard api", "api soft db"), down("db"))

    assert found == {"db": "DOWN", "api": "DEGRADED", "web": "DEGRADED"}


def test_a_degraded_soft_provider_has_no_effect() -> None:
    assert states(estate("a soft b"), [Outage("b", State.DEGRADED)]) == {"b": "DEGRADED"}


def test_a_weak_edge_never_carries_harm() -> None:
    assert states(estate("a weak b"), down("b")) == {"b": "DOWN"}


def test_nothing_runs_from_a_dependent_to_its_provider() -> None:
    assert states(estate("a hard b"), down("a")) == {"a": "DOWN"}


def test_a_cycle_never_fails_by_itself() -> None:
    assert states(estate("a hard b", "b hard a", "c hard d"), down("d")) == {
        "c": "DOWN",
        "d": "DOWN",
    }


def test_a_cycle_fails_as_a_whole() -> None:
    topology = estate("a hard b", "b hard c", "c hard a")

    assert states(topology, down("b")) == {"a": "DOWN", "b": "DOWN", "c": "DOWN"}


def test_a_self_loop_has_no_effect() -> None:
    assert states(estate("a hard a", "a hard b"), []) == {}


def test_a_gate_falls_below_k_min_and_degrades_below_k_full() -> None:
    topology = estate("g gate a", "g gate b", "g gate c", groups={"g": (2, 3)})

    assert states(topology, down("a"))["g"] == "DEGRADED"
    assert states(topology, down("a", "b"))["g"] == "DOWN"


def test_a_degraded_member_counts_against_k_full_only() -> None:
    topology = estate("g gate a", "g gate b", groups={"g": (2, 2)})

    assert states(topology, [Outage("a", State.DEGRADED)])["g"] == "DEGRADED"


def test_a_member_recorded_twice_counts_once() -> None:
    topology = estate("g gate a", "g gate a", "g gate b", groups={"g": (1, 0)})

    assert "g" not in states(topology, down("a"))
    assert states(topology, down("a", "b"))["g"] == "DOWN"


def test_groups_nest_and_members_sit_in_several_groups() -> None:
    topology = estate(
        "outer gate one", "outer gate two", "one gate a", "one gate b", "two gate b", "two gate c",
        groups={"outer": (1, 0), "one": (2, 0), "two": (2, 0)},
    )  # fmt: skip

    assert "outer" not in states(topology, down("a"))
    assert states(topology, down("b"))["outer"] == "DOWN"


def test_a_gate_has_hard_and_soft_providers_of_its_own() -> None:
    topology = estate("g gate a", "g hard rack", "g soft dns", groups={"g": (1, 0)})

    assert states(topology, down("rack"))["g"] == "DOWN"
    assert states(topology, down("dns"))["g"] == "DEGRADED"


def test_a_group_that_is_its_own_member_follows_the_rules() -> None:
    topology = estate("g gate g", "g gate a", groups={"g": (2, 0)})

    assert states(topology, []) == {}
    assert states(topology, down("a"))["g"] == "DOWN"


def test_own_states_of_the_topology_join_the_outages() -> None:
    topology = estate("g gate a", "g gate b", groups={"g": (1, 0)}, own={"a": 2})

    assert states(topology, down("b"))["g"] == "DOWN"


def test_of_two_outages_of_one_ci_the_worse_counts() -> None:
    outages = [Outage("a", State.DOWN), Outage("a", State.DEGRADED)]

    assert states(estate(alone=["a"]), outages) == {"a": "DOWN"}


def test_a_gate_under_strength_is_up_in_one_world_and_down_in_the_other() -> None:
    topology = estate("web hard g", "web hard x", "x gate g", "x gate a",
                      groups={"g": (1, 0), "x": (1, 0)})  # fmt: skip

    found = propagate(topology, down("a"))

    assert found.of(topology.index("x")) == (State.UP, State.DOWN)
    assert found.of(topology.index("a")) == (State.DOWN, State.DOWN)


def test_what_is_unknown_elsewhere_is_not_listed() -> None:
    topology = estate("web hard u", "a hard b", unknown=["u"])

    assert states(topology, down("b")) == {"a": "DOWN", "b": "DOWN"}


def test_an_answer_cut_short_says_so_and_keeps_to_the_budget() -> None:
    topology = estate(*[f"n{number} hard n{number + 1}" for number in range(50)])

    found = propagate(topology, down("n50"), budget=10)

    assert found.is_partial
    assert len(found.nodes) == 10
    assert not propagate(topology, down("n50"), budget=51).is_partial


def test_a_budget_below_one_is_refused() -> None:
    with pytest.raises(InvalidBudget):
        propagate(estate("a hard b"), down("b"), budget=0)


def test_an_outage_of_a_ci_that_takes_no_part_is_refused() -> None:
    with pytest.raises(UnknownNode):
        propagate(estate("a hard b"), down("ghost"))


def test_an_outage_without_meaning_is_refused() -> None:
    with pytest.raises(InvalidOutage):
        Outage("a", State.UP)


def test_reachability_walks_all_but_weak_edges() -> None:
    topology = estate("a hard b", "c soft b", "g gate b", "d weak b", "b hard a",
                      groups={"g": (1, 0)})  # fmt: skip

    assert {topology.ids[node] for node in reachable(topology, ["b"])} == {"a", "c", "g"}


def random_topology(seed: int, nodes: int = 3000) -> Topology:
    random = np.random.default_rng(seed)
    edges = 4 * nodes
    is_gate = random.random(nodes) < 0.2
    dependents = random.integers(0, nodes, edges)
    strengths = np.where(is_gate[dependents], 2, random.choice([0, 1, 3], edges, p=[0.3, 0.5, 0.2]))
    return Topology.build(
        ids=[f"n{number}" for number in range(nodes)],
        dependents=dependents,
        providers=random.integers(0, nodes, edges),
        strengths=strengths,
        is_gate=is_gate,
        is_group=np.zeros(nodes, dtype=bool),
        k_min=np.where(is_gate, random.integers(0, 5, nodes), 0),
        is_unknown=random.random(nodes) < 0.002,
    )


@pytest.mark.parametrize("seed", range(5))
def test_narrow_and_wide_frontiers_agree(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    topology = random_topology(seed)
    outages = down(*topology.ids[: 40 * (seed + 1)])
    answers = []
    for limit in (0, 48, 10**9):
        for module in (reach, risk, spread):
            monkeypatch.setattr(module, "SMALL_FRONTIER", limit)
        found = propagate(topology, outages)
        reached = reachable(topology, [outage.ci for outage in outages])
        answers.append(
            [array.tolist() for array in (found.nodes, found.best, found.worst, reached)]
        )

    assert answers[0] == answers[1] == answers[2]
    assert len(answers[0][0]) > len(outages)


def test_threads_share_a_topology() -> None:
    topology = random_topology(9)
    expected = [propagate(topology, down(ci)).nodes.tolist() for ci in topology.ids[:15]]
    wrong: list[str] = []

    def ask() -> None:
        for ci, nodes in zip(topology.ids[:15], expected, strict=True):
            if propagate(topology, down(ci)).nodes.tolist() != nodes:
                wrong.append(ci)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
