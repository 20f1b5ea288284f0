"""Do structure functions hold where brute force says DOWN, and is availability their sum?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impact import Topology
from impact.availability import (
    AvailabilityTerms,
    Maintenance,
    StructureBuilder,
    service_availability,
)
from impact.structure import Method, Solver
from tests.property import oracle_impact as oracle
from tests.property.oracle_impact import DEGRADED, DOWN, Estate
from tests.property.oracle_structure import World, probability, worlds
from tests.property.strategies_impact import as_topology, estates, exhaustive

SMALL = estates(largest=7)


@pytest.fixture(scope="module")
def solver() -> Iterator[Solver]:
    with Solver() as opened:
        yield opened


def failing(estate: Estate, names: list[str], world: World) -> oracle.States:
    own = {name: DOWN for name, fails in zip(names, world, strict=True) if fails}
    return oracle.solve(estate, own, worst=False)


def with_figures(topology: Topology, q: list[float], mttr: list[float]) -> Topology:
    figures = {"q": np.array(q), "mttr_hours": np.array(mttr)}
    return Topology(**(topology.parts | figures))


def can_fail(estate: Estate) -> list[str]:
    """All but pure groups, which fail by their members alone."""
    return [n for n in estate.names if n not in estate.gates or not estate.gates[n].is_group]


@exhaustive
@given(st.data())
def test_structures_hold_in_the_worlds_of_the_node_rule(data: st.DataObject) -> None:
    estate = data.draw(SMALL)
    topology = as_topology(estate)
    name = data.draw(st.sampled_from(estate.names))

    structure = StructureBuilder(topology).build(topology.index(name))

    ids = [topology.ids[node] for node in structure.nodes]
    for number, world in enumerate(worlds(len(ids))):
        bits = sum(1 << event for event, fails in enumerate(world) if fails)
        state = failing(estate, ids, world)[name]
        assert structure.down.holds(bits) == (state == DOWN), number
        assert structure.degraded.holds(bits) == (state >= DEGRADED), number


@exhaustive
@given(st.data())
def test_availability_is_the_sum_over_all_worlds(solver: Solver, data: st.DataObject) -> None:
    estate = data.draw(SMALL)
    name = data.draw(st.sampled_from(estate.names))
    names = can_fail(estate)
    chances = st.sampled_from([0.0, 0.1, 0.25, 0.5])
    q = {n: data.draw(chances) if n in names else 0.0 for n in estate.names}
    window = data.draw(st.sets(st.sampled_from(estate.names), min_size=1, max_size=2))
    topology = with_figures(
        as_topology(estate), [q[n] for n in estate.names], [4.0] * len(estate.names)
    )
    maintenance = Maintenance(tuple(sorted(window & set(names))), hours=87.6, times_per_year=10)

    found = service_availability(topology, name, solver)
    counted = service_availability(
        topology,
        name,
        solver,
        terms=AvailabilityTerms(maintenance=(maintenance,), counts_maintenance=True),
    )

    def down(world: World) -> bool:
        return failing(estate, names, world)[name] == DOWN

    def low(world: World) -> bool:
        return failing(estate, names, world)[name] >= DEGRADED

    figures = [q[n] for n in names]
    during = [1.0 if n in window else q[n] for n in names]
    usual = probability(down, figures)
    assert found.unavailability.method is Method.EXACT
    assert found.unavailability.value == pytest.approx(usual, abs=1e-12)
    assert found.degraded is not None
    assert found.degraded.value == pytest.approx(probability(low, figures), abs=1e-12)
    assert found.outages_per_year == pytest.approx(
        8760 * sum(_share(down, figures, i) * figures[i] / 4.0 for i in range(len(names))), abs=1e-9
    )
    mixed = 0.9 * usual + 0.1 * probability(down, during)
    assert counted.unavailability.value == pytest.approx(mixed, abs=1e-12)
    alone = failing(estate, names, tuple(n in window for n in names))[name] == DOWN
    assert counted.scheduled_interruptions_per_year == (10.0 if alone else 0.0)


def _share(down: object, q: list[float], event: int) -> float:
    held, absent = ([*q[:event], end, *q[event + 1 :]] for end in (1.0, 0.0))
    return probability(down, held) - probability(down, absent)  # type: ignore[arg-type]  # a world's test
