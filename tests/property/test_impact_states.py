"""Do the engine's states, marks, margins and single failures agree with brute force?"""

from __future__ import annotations

from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from impact import State, blast_radius, propagate, scratch, spread
from tests.property import oracle_impact as oracle
from tests.property.strategies_impact import (
    as_outages,
    as_topology,
    estates,
    exhaustive,
    troubles,
)


@exhaustive
@given(st.data())
def test_states_are_the_least_fixed_points(data: st.DataObject) -> None:
    estate = data.draw(estates())
    own = data.draw(troubles(estate))

    topology = as_topology(estate)
    states = propagate(topology, as_outages(own))

    expected = oracle.solve(estate, own, worst=False)
    assert {n: states.of(topology.index(n))[0] for n in estate.names} == expected


@exhaustive
@given(st.data())
def test_no_way_of_walking_or_tidying_up_shows_in_the_states(data: st.DataObject) -> None:
    estate = data.draw(estates(unknown=True))
    first, own = data.draw(troubles(estate)), data.draw(troubles(estate))
    narrow = data.draw(st.sampled_from([0, 2, 48]))
    much = data.draw(st.sampled_from([0.0, 0.5, 2.0]))

    with (
        mock.patch.object(spread, "SMALL_FRONTIER", narrow),
        mock.patch.object(scratch, "MUCH", much),
    ):
        topology = as_topology(estate)
        propagate(topology, as_outages(first))
        states = propagate(topology, as_outages(own))

    for place, world in enumerate(("best", "worst")):
        expected = oracle.solve(estate, own, worst=world == "worst")
        listed = [topology.ids[node] for node in states.nodes]
        found = {name: states.of(topology.index(name))[place] for name in listed}
        assert found == {name: expected[name] for name in listed}
        if world == "best":
            assert {name for name, state in expected.items() if state} <= set(listed)


@exhaustive
@given(st.data())
def test_unknown_nodes_give_the_states_of_both_worlds(data: st.DataObject) -> None:
    estate = data.draw(estates(unknown=True))
    own = data.draw(troubles(estate))

    hits = blast_radius(as_topology(estate), as_outages(own)).hits

    best = oracle.solve(estate, own, worst=False)
    worst = oracle.solve(estate, own, worst=True)
    assert {hit.ci for hit in hits} == {
        n
        for n in oracle.listed(estate, own)
        if best[n] or worst[n] or n in oracle.at_risk(estate, best) | oracle.at_risk(estate, worst)
    }
    for hit in hits:
        assert (hit.best.state, hit.worst.state) == (best[hit.ci], worst[hit.ci])


@exhaustive
@given(st.data())
def test_risk_and_margin_agree_in_both_worlds(data: st.DataObject) -> None:
    estate = data.draw(estates(unknown=True))
    own = data.draw(troubles(estate))

    hits = blast_radius(as_topology(estate), as_outages(own)).hits

    for is_worst in (False, True):
        states = oracle.solve(estate, own, worst=is_worst)
        before = oracle.solve(estate, {}, worst=is_worst)
        risky = oracle.at_risk(estate, states)
        for hit in hits:
            standing = hit.worst if is_worst else hit.best
            assert standing.at_risk == (hit.ci in risky)
            assert standing.margin == oracle.margin(estate, states, before, hit.ci)


@exhaustive
@given(st.data())
def test_single_failures_are_those_that_trying_each_ci_finds(data: st.DataObject) -> None:
    estate = data.draw(estates(unknown=True))
    own = data.draw(troubles(estate))

    for hit in blast_radius(as_topology(estate), as_outages(own)).hits:
        for is_worst, found, state in (
            (False, hit.best_single_failures, hit.best.state),
            (True, hit.single_failures, hit.worst.state),
        ):
            expected = oracle.single_failures(estate, own, hit.ci, worst=is_worst)
            assert found is not None
            assert set(found) == (set() if state == State.DOWN else expected)


@exhaustive
@given(st.data())
def test_evidence_is_a_shortest_chain_from_an_outage(data: st.DataObject) -> None:
    estate = data.draw(estates())
    own = data.draw(troubles(estate))
    edges = {(e.provider, e.dependent, e.strength) for e in estate.edges}

    for hit in blast_radius(as_topology(estate), as_outages(own)).hits:
        chain = hit.best_evidence
        if estate.all_unknown():
            continue
        assert len(chain) == oracle.distances(estate, own)[hit.ci]
        assert {(s.provider, s.dependent, int(s.strength)) for s in chain} <= edges
        stops = [step.provider for step in chain] + [hit.ci]
        assert stops[0] in own
        assert [step.dependent for step in chain] == stops[1:]


@exhaustive
@given(st.data())
def test_hits_are_ordered_by_service_state_criticality_and_id(data: st.DataObject) -> None:
    estate = data.draw(estates(unknown=True))
    own = data.draw(troubles(estate))

    hits = blast_radius(as_topology(estate), as_outages(own)).hits

    keys = [(not h.is_service, -h.worst.severity, -h.criticality, h.ci) for h in hits]
    assert keys == sorted(keys)
