"""Are single points of failure those of brute force, and do compiled loops answer the same?"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from impact import States, Topology, blast_radius, fast, propagate, single_points
from tests.property import oracle_impact as oracle
from tests.property.strategies_impact import (
    as_outages,
    as_topology,
    estates,
    exhaustive,
    troubles,
)

solver = importlib.import_module("impact.single_points")


@contextmanager
def compiled(is_compiled: bool) -> Iterator[None]:
    """Answer by compiled loops, however small the topology is, or by none."""
    with mock.patch.object(fast, "SMALLEST", 0 if is_compiled else 1_000_000):
        yield


def answers(topology: Topology, *, is_compiled: bool) -> dict[str, tuple[str, ...]]:
    """Return the single points of every CI."""
    with compiled(is_compiled):
        found = single_points(topology, topology.ids)
    assert found.counts.tolist() == [len(found[ci]) for ci in found]
    return dict(found)


def as_lists(states: States) -> tuple[list[int], list[int], list[int], bool]:
    """Return states in a form that can be compared."""
    return (
        states.nodes.tolist(), states.best.tolist(), states.worst.tolist(), states.is_partial
    )  # fmt: skip


def test_compiled_loops_are_there_to_be_tried() -> None:
    topology = Topology.build(ids=["a"], dependents=[], providers=[], strengths=[])

    with compiled(True):
        assert fast.kernels_for(topology) is not None
    with compiled(False):
        assert fast.kernels_for(topology) is None


@exhaustive
@given(st.data())
def test_single_points_are_those_of_brute_force(data: st.DataObject) -> None:
    estate = data.draw(estates(unknown=True, tolerates=True))
    block = data.draw(st.sampled_from([64, 16_384]))

    with mock.patch.object(solver, "BLOCK", block):
        found = answers(as_topology(estate), is_compiled=False)

    expected = {
        x: tuple(sorted(oracle.single_failures(estate, {}, x, worst=False))) for x in estate.names
    }
    assert found == expected
    assert answers(as_topology(estate), is_compiled=True) == expected


@exhaustive
@given(st.data())
def test_asked_about_some_alone_the_answer_is_the_same(data: st.DataObject) -> None:
    estate = data.draw(estates())
    topology = as_topology(estate)
    some = data.draw(st.lists(st.sampled_from(estate.names), unique=True))

    everything = answers(topology, is_compiled=False)

    for is_compiled in (False, True):
        with compiled(is_compiled):
            assert dict(single_points(topology, some)) == {ci: everything[ci] for ci in some}
            services = single_points(topology)
        assert dict(services) == {ci: everything[ci] for ci in estate.services}


@exhaustive
@given(st.integers(0, 2**32))
def test_compiled_single_points_of_larger_estates_are_the_plain_ones(seed: int) -> None:
    topology = random_topology(seed)

    with mock.patch.object(solver, "BLOCK", 128):
        plain = answers(topology, is_compiled=False)
    with mock.patch("impact.fast.kernels.WIDTH", 2):
        fast_answers = answers(topology, is_compiled=True)

    assert fast_answers == plain


@exhaustive
@given(st.data())
def test_compiled_states_are_the_least_fixed_points(data: st.DataObject) -> None:
    estate = data.draw(estates(unknown=True, tolerates=True))
    first, own = data.draw(troubles(estate)), data.draw(troubles(estate))
    topology = as_topology(estate)

    with compiled(True):
        propagate(topology, as_outages(first))
        states = propagate(topology, as_outages(own))

    plain = propagate(as_topology(estate), as_outages(own))
    assert as_lists(states) == as_lists(plain)
    best = {n: states.of(topology.index(n))[0] for n in estate.names}
    assert best == oracle.solve(estate, own, worst=False)


@exhaustive
@given(st.data())
def test_a_budget_and_a_blast_radius_are_the_same_with_compiled_loops(data: st.DataObject) -> None:
    estate = data.draw(estates(unknown=True))
    own = as_outages(data.draw(troubles(estate)))
    budget = data.draw(st.integers(1, len(estate.names)))
    topology = as_topology(estate)

    with compiled(True):
        cut = propagate(topology, own, budget=budget)
        hits = [str(hit) for hit in blast_radius(topology, own).hits]

    plain = as_topology(estate)
    assert as_lists(cut) == as_lists(propagate(plain, own, budget=budget))
    assert hits == [str(hit) for hit in blast_radius(plain, own).hits]


@exhaustive
@given(st.integers(0, 2**32))
def test_compiled_states_of_larger_estates_are_the_plain_ones(seed: int) -> None:
    topology = random_topology(seed)
    random = np.random.default_rng(seed + 1)
    causes = random.choice(topology.ids, 4, replace=False).tolist()
    outages = as_outages({name: 1 + place % 2 for place, name in enumerate(causes)})

    with compiled(True):
        states = propagate(topology, outages)
        again = propagate(topology, outages)

    assert as_lists(states) == as_lists(again) == as_lists(propagate(topology, outages))


def random_topology(seed: int) -> Topology:
    """Return a few hundred CIs with nested gates, repeated edges and a few cycles."""
    random = np.random.default_rng(seed)
    nodes = int(random.integers(100, 400))
    edges = int(nodes * random.uniform(1.0, 2.5))
    dependents = random.integers(0, nodes, edges)
    reach = random.integers(1, nodes)
    providers = np.minimum(dependents + random.integers(1, reach + 1, edges), nodes - 1)
    turned = random.random(edges) < random.choice([0.0, 0.02, 0.3])
    dependents, providers = (
        np.where(turned, providers, dependents), np.where(turned, dependents, providers)
    )  # fmt: skip
    is_gate = random.random(nodes) < 0.4
    plain = random.choice([0, 0, 0, 1], edges)
    joined = np.where(random.random(edges) < 0.8, 2, plain)
    unknown = random.random(nodes) < random.choice([0.0, 0.02])
    return Topology.build(
        ids=[f"n{number:03d}" for number in random.permutation(nodes)],
        dependents=dependents,
        providers=providers,
        strengths=np.where(is_gate[dependents], joined, plain),
        is_gate=is_gate,
        is_group=is_gate & (random.random(nodes) < 0.7),
        is_unknown=unknown,
        k_min=np.where(is_gate, random.integers(0, 4, nodes), 0),
    )
