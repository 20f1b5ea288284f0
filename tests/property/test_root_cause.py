"""What a candidate explains is what trying its failure shows, for every set of up to three."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from impact import State
from impact.root_cause import Symptom, rank_causes
from tests.property.oracle_impact import DOWN, Estate, solve
from tests.property.strategies_impact import as_topology, estates, exhaustive


def explains(estate: Estate, cis: tuple[str, ...], symptoms: dict[str, int]) -> set[str]:
    """Return the symptoms that the failure of these CIs brings about."""
    states = solve(estate, dict.fromkeys(cis, DOWN), worst=False)
    return {ci for ci, state in symptoms.items() if states[ci] >= state}


def tried(estate: Estate, symptoms: dict[str, int]) -> set[tuple[str, ...]]:
    """Return the minimal sets of up to three that explain most, of CIs that explain something."""
    plain = [
        ci
        for ci in estate.names
        if not (ci in estate.gates and estate.gates[ci].is_group)
        and explains(estate, (ci,), symptoms)
    ]
    sets = [c for size in (1, 2, 3) for c in combinations(sorted(plain), size)]
    covered = {c: len(explains(estate, c, symptoms)) for c in sets}
    best = max(covered.values(), default=0)
    full = [set(c) for c in sets if covered[c] == best]
    return {tuple(sorted(one)) for one in full if not any(other < one for other in full)}


@exhaustive
@given(estates(largest=8), st.data())
def test_minimal_explaining_sets_are_as_tried(estate: Estate, data: st.DataObject) -> None:
    symptoms = data.draw(
        st.dictionaries(
            st.sampled_from(estate.names), st.sampled_from([DOWN, DOWN, 1]), min_size=1, max_size=4
        )
    )
    healthy = data.draw(st.frozensets(st.sampled_from(estate.names), max_size=3)) - set(symptoms)

    found = rank_causes(
        as_topology(estate),
        [Symptom(ci, State(state)) for ci, state in symptoms.items()],
        healthy=healthy,
        limit=1_000,
    )

    assert set(found.minimal_explaining_sets) == tried(estate, symptoms)
    for each in (*found.candidates, *found.sets):
        states = solve(estate, dict.fromkeys(each.cis, DOWN), worst=False)
        assert set(each.explained) == explains(estate, each.cis, symptoms)
        assert set(each.contradicted) == {ci for ci in healthy if states[ci] > 0}
        assert set(each.explained) | set(each.unexplained) == set(symptoms)
        assert each.silent == sum(
            state == DOWN
            and ci not in symptoms
            and ci not in healthy
            and (
                ci in estate.services
                if set(symptoms) <= estate.services
                else not (ci in estate.gates and estate.gates[ci].is_group)
            )
            for ci, state in states.items()
        )
