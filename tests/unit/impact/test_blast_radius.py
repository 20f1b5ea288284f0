"""What does a blast radius say beside the states: risk, margin, proof, evidence, trust?"""

from __future__ import annotations

import pytest

from impact import Outage, State, blast_radius, diff_impact, explain
from impact.single_failures import SingleFailures
from impact.world import settle_world
from tests.unit.impact.estate import down, estate

POOL = ("shop hard pool", "pool gate db-1", "pool gate db-2")


def test_a_standing_gate_that_lost_a_member_puts_its_hard_dependents_at_risk() -> None:
    radius = blast_radius(estate(*POOL, groups={"pool": (1, 0)}, services=["shop"]), down("db-1"))

    hit = radius.hits[0]
    assert (hit.ci, hit.state, hit.at_risk, hit.margin) == ("shop", State.UP, True, 0)
    assert hit.single_failures == ("db-2",)


def test_risk_does_not_pass_over_soft_edges() -> None:
    topology = estate("shop soft pool", *POOL[1:], groups={"pool": (1, 0)})

    assert blast_radius(topology, down("db-1")).hits.find("shop") is None


def test_risk_does_not_pass_an_outer_gate_whose_members_all_stand() -> None:
    topology = estate(
        "shop hard outer", "outer gate pool", "outer gate spare", *POOL[1:],
        groups={"pool": (1, 0), "outer": (1, 0)},
    )  # fmt: skip

    hits = blast_radius(topology, down("db-1")).hits

    assert [hit.ci for hit in hits] == ["db-1", "pool"]


def test_an_outer_gate_with_a_member_down_is_at_risk_itself() -> None:
    topology = estate(
        "shop hard outer", "outer gate pool", "outer gate spare", *POOL[1:],
        groups={"pool": (2, 0), "outer": (1, 0)},
    )  # fmt: skip

    hit = blast_radius(topology, down("db-1")).hits.find("shop")

    assert hit is not None
    assert (hit.at_risk, hit.margin, hit.single_failures) == (True, 0, ("spare",))


def test_a_ci_carries_the_smallest_margin_it_relies_on() -> None:
    topology = estate(
        "shop hard one", "shop hard two", "one gate a", "one gate b", "one gate c",
        "two gate a", "two gate d", groups={"one": (1, 0), "two": (1, 0)},
    )  # fmt: skip

    hits = blast_radius(topology, down("a")).hits

    assert {hit.ci: hit.margin for hit in hits} == {"a": None, "one": 1, "two": 0, "shop": 0}


def test_a_margin_of_one_is_no_proof() -> None:
    topology = estate(
        "shop hard pool", "pool gate a", "pool gate b", "pool gate c", "b hard host", "c hard host",
        groups={"pool": (1, 0)},
    )  # fmt: skip

    hit = blast_radius(topology, down("a")).hits.find("shop")

    assert hit is not None
    assert (hit.margin, hit.single_failures) == (1, ("host",))


def test_no_single_failure_is_a_proof() -> None:
    topology = estate("shop hard pool", "pool gate a", "pool gate b", "pool gate c",
                      groups={"pool": (1, 0)})  # fmt: skip

    hit = blast_radius(topology, down("a")).hits.find("shop")

    assert hit is not None
    assert hit.single_failures == ()


def test_single_failures_beyond_the_budget_are_not_an_empty_proof() -> None:
    chain = [f"n{number} hard n{number + 1}" for number in range(20)]
    topology = estate("n20 hard pool", *POOL[1:], *chain, groups={"pool": (1, 0)}, services=["n0"])

    hit = blast_radius(topology, down("db-1")).hits.find("n0")
    tight = blast_radius(topology, down("db-1"), budget=22).hits.find("n0")

    assert hit is not None
    assert len(hit.single_failures or ()) == 21
    assert tight is not None
    assert tight.single_failures is None


@pytest.mark.parametrize("budget", [None, 12])
def test_the_budget_of_single_failures_is_not_used_up_by_earlier_services(
    budget: int | None,
) -> None:
    towers = [
        f"s{tower}{floor} hard s{tower}{floor + 1}" for tower in range(9) for floor in range(6)
    ]
    topology = estate(*towers, *(f"s{tower}6 hard pool" for tower in range(9)), *POOL[1:],
                      groups={"pool": (1, 0)})  # fmt: skip
    world = settle_world(topology, {topology.index("db-1"): 2}, 1_000)
    failures = SingleFailures(world, budget)

    for tower in [*range(9), *range(9)]:
        found = failures.of(topology.index(f"s{tower}0"))

        assert found == ("db-2", *(f"s{tower}{floor}" for floor in range(1, 7)))
        assert len(failures.bits) <= 3 * failures.budget


def test_services_come_first_then_state_then_criticality_then_id() -> None:
    topology = estate(
        "s1 hard x", "s2 soft x", "s3 hard x", "b hard x", "a hard x",
        services=["s1", "s2", "s3"], criticality={"s3": 4, "b": 2},
    )  # fmt: skip

    radius = blast_radius(topology, down("x"))

    assert [hit.ci for hit in radius.hits] == ["s3", "s1", "s2", "b", "a", "x"]
    assert [hit.ci for hit in radius.services] == ["s3", "s1", "s2"]


def test_evidence_is_the_shortest_chain_and_names_each_edge() -> None:
    topology = estate("web hard a", "a hard b", "b hard db", "web hard c", "c hard db")

    hit = blast_radius(topology, down("db")).hits.find("web")

    assert hit is not None
    assert [(step.provider, step.dependent) for step in hit.evidence] == [
        ("db", "c"),
        ("c", "web"),
    ]


def test_of_two_shortest_chains_the_smaller_id_wins() -> None:
    topology = estate("web hard b", "web hard a", "a hard db", "b hard db")

    hit = blast_radius(topology, down("db")).hits.find("web")

    assert hit is not None
    assert hit.evidence[0].dependent == "a"


def test_a_gate_names_the_members_that_crossed_its_threshold() -> None:
    hits = blast_radius(estate(*POOL, groups={"pool": (1, 0)}), down("db-2", "db-1")).hits

    pool = hits.find("pool")
    assert pool is not None
    assert (pool.state, pool.failed_members) == (State.DOWN, ("db-1", "db-2"))


def test_stale_cis_and_inferred_edges_lower_the_trust_and_nothing_else() -> None:
    plain = blast_radius(estate("a hard b", "b hard c"), down("c"))
    doubtful = blast_radius(estate("a hard b", "b hard c", stale=["b"], inferred=[0]), down("c"))

    assert list(plain.hits) == list(doubtful.hits)
    assert (plain.trust.share, doubtful.trust.share) == (1.0, 1.0 - 2 / 5)


def test_an_unknown_member_makes_an_interval() -> None:
    topology = estate(*POOL, groups={"pool": (1, 0)}, unknown=["db-2"], services=["shop"])

    radius = blast_radius(topology, down("db-1"))

    hit = radius.hits[0]
    assert (hit.best.state, hit.worst.state) == (State.UP, State.DOWN)
    assert (hit.best.margin, hit.worst.margin) == (0, -1)
    assert radius.uncertain == ("shop", "pool")
    assert not radius.is_certain


def test_a_group_under_strength_is_named_among_the_problems_of_the_answer() -> None:
    topology = estate(*POOL, groups={"pool": (3, 0), "far": (1, 0)})

    radius = blast_radius(topology, down("db-1"))

    assert [problem.ci for problem in radius.problems] == ["pool"]


def test_an_assumed_k_min_is_named_in_the_answer() -> None:
    radius = blast_radius(estate(*POOL, clusters={"pool": (0, 0)}), down("db-1"))

    assert "pool" in [assumption.ci for assumption in radius.assumptions]


def test_a_radius_cut_short_never_looks_complete() -> None:
    chain = estate(*[f"n{number:02d} hard n{number + 1:02d}" for number in range(40)])

    assert blast_radius(chain, down("n40"), budget=5).is_partial
    assert not blast_radius(chain, down("n40"), budget=41).is_partial


def test_risk_beyond_the_budget_is_partial() -> None:
    chain = [f"n{number:02d} hard n{number + 1:02d}" for number in range(40)]
    topology = estate(*chain, "n40 hard pool", *POOL[1:], groups={"pool": (1, 0)})

    assert blast_radius(topology, down("db-1"), budget=20).is_partial


def test_nothing_out_is_an_empty_answer() -> None:
    assert len(blast_radius(estate("a hard b"), []).hits) == 0


def test_an_explanation_holds_every_way_and_the_count_of_each_gate() -> None:
    topology = estate("web hard pool", "web hard x", "x hard db-1", *POOL[1:],
                      groups={"pool": (2, 0)})  # fmt: skip

    found = explain(topology, down("db-1"), "web")

    assert [(step.provider, step.dependent) for step in found.best.steps] == [
        ("db-1", "pool"),
        ("db-1", "x"),
        ("pool", "web"),
        ("x", "web"),
    ]
    assert found.best.outages == ("db-1",)
    assert (found.best.gates[0].ci, found.best.gates[0].down) == ("pool", ("db-1",))


def test_an_explanation_of_something_unharmed_has_no_steps() -> None:
    found = explain(estate("a hard b", alone=["c"]), down("b"), "c")

    assert (found.is_affected, found.best.steps, found.chain) == (False, (), ())


def test_a_lost_member_changes_single_failures_between_two_topologies() -> None:
    before = estate(*POOL, "pool gate db-3", groups={"pool": (1, 0)}, services=["shop", "far"])
    after = estate(*POOL, "far hard db-1", groups={"pool": (1, 0)}, services=["shop", "far"])

    diff = diff_impact(before, after, [Outage("db-1"), Outage("db-3")])

    assert [change.ci for change in diff.gained] == ["far"]
    assert diff.left_out == ("db-3",)
    same = diff_impact(before, after, [Outage("db-1")])
    (change,) = same.changed
    assert (change.single_failures_before, change.single_failures_after) == ((), ("db-2",))
    assert change.is_worse


def test_a_service_that_is_no_longer_reached_is_lost() -> None:
    before = estate("shop hard db", services=["shop"])
    after = estate("shop weak db", services=["shop"])

    assert [change.ci for change in diff_impact(before, after, down("db")).lost] == ["shop"]
