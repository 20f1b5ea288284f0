"""Which changes of an estate must, or must not, change the answer?"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from impact import blast_radius, propagate
from tests.property.oracle_impact import (
    DOWN,
    GATE,
    HARD,
    SOFT,
    Edge,
    Estate,
    Gate,
    at_risk,
    solve,
)
from tests.property.strategies_impact import (
    as_outages,
    as_topology,
    estates,
    exhaustive,
    troubles,
)


def states_of(estate: Estate, own: dict[str, int]) -> dict[str, int]:
    topology = as_topology(estate)
    states = propagate(topology, as_outages(own))
    return {name: int(states.of(topology.index(name))[0]) for name in estate.names}


def severities_at_rest(estate: Estate) -> dict[str, int]:
    """Return how each CI stands before any outage if all that is unknown is DOWN."""
    states = solve(estate, {}, worst=True)
    marks = at_risk(estate, states)
    return {name: state + 1 if state else int(name in marks) for name, state in states.items()}


@exhaustive
@given(st.data())
def test_adding_a_hard_or_soft_edge_never_shrinks_a_blast_radius(data: st.DataObject) -> None:
    estate = data.draw(estates())
    own = data.draw(troubles(estate))
    dependent, provider = (data.draw(st.sampled_from(estate.names)) for _ in range(2))
    extra = Edge(dependent, provider, data.draw(st.sampled_from([HARD, SOFT])))

    before = blast_radius(as_topology(estate), as_outages(own)).hits
    grown = replace(estate, edges=(*estate.edges, extra))
    after = blast_radius(as_topology(grown), as_outages(own)).hits

    # What the edge takes down for good where all that is unknown is DOWN, no outage changes there.
    severities = severities_at_rest(grown) | {hit.ci: hit.worst.severity for hit in after}
    assert all(severities[hit.ci] >= hit.worst.severity for hit in before)
    assert {hit.ci for hit in before if hit.best.severity} <= {hit.ci for hit in after}


@exhaustive
@given(st.data())
def test_the_order_of_nodes_and_edges_changes_nothing(data: st.DataObject) -> None:
    estate = data.draw(estates(unknown=True))
    own = data.draw(troubles(estate))
    shuffled = replace(
        estate,
        names=tuple(data.draw(st.permutations(estate.names))),
        edges=tuple(data.draw(st.permutations(estate.edges))),
    )

    one, other = (blast_radius(as_topology(e), as_outages(own)) for e in (estate, shuffled))

    assert list(one.hits) == list(other.hits)
    for mine, theirs in zip(one.hits, other.hits, strict=True):
        assert mine.evidence == theirs.evidence
        assert mine.single_failures == theirs.single_failures


@exhaustive
@given(st.data())
def test_a_group_that_needs_all_members_equals_hard_edges(data: st.DataObject) -> None:
    estate = data.draw(estates())
    members = data.draw(st.frozensets(st.sampled_from(estate.names), min_size=1, max_size=4))
    own = data.draw(troubles(estate))
    group = with_group(estate, members, k_min=len(members))
    direct = tuple(Edge("top", name, HARD) for name in members)

    plain = replace(estate, names=(*estate.names, "top"), edges=(*estate.edges, *direct))

    assert states_of(group, own)["top"] == states_of(plain, own)["top"]


@exhaustive
@given(st.data())
def test_a_group_that_needs_one_member_falls_with_the_last(data: st.DataObject) -> None:
    estate = data.draw(estates())
    members = data.draw(st.frozensets(st.sampled_from(estate.names), min_size=1, max_size=4))
    own = data.draw(troubles(estate))

    states = states_of(with_group(estate, members, k_min=1), own)

    assert (states["top"] == DOWN) == all(states[name] == DOWN for name in members)


@exhaustive
@given(st.data())
def test_asking_twice_gives_the_same_answer(data: st.DataObject) -> None:
    estate = data.draw(estates(unknown=True, tolerates=True))
    own = data.draw(troubles(estate))
    other = data.draw(troubles(estate))
    topology = as_topology(estate)

    first = list(blast_radius(topology, as_outages(own)).hits)
    list(blast_radius(topology, as_outages(other)).hits)
    again = list(blast_radius(topology, as_outages(own)).hits)

    assert first == again


def with_group(estate: Estate, members: frozenset[str], k_min: int) -> Estate:
    edges = tuple(Edge("top", name, GATE) for name in members)
    return replace(
        estate,
        names=(*estate.names, "top"),
        edges=(*estate.edges, *edges),
        gates={**estate.gates, "top": Gate(is_group=True, k_min=k_min, k_full=0)},
    )
