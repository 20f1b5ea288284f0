"""What a candidate explains is what trying its failure shows, whatever its name is."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from impact import State
from impact.root_cause import RootCauses, Symptom, rank_causes
from tests.property.oracle_impact import DOWN, Edge, Estate, solve
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


def facts(found: RootCauses, name: dict[str, str]) -> dict[frozenset[str], tuple[object, ...]]:
    """Return what is said of each candidate, under other names and in no order."""
    return {
        frozenset(name[ci] for ci in each.cis): (
            round(each.score, 9),
            each.is_origin,
            frozenset(name[ci] for ci in each.explained),
            frozenset(name[ci] for ci in each.contradicted),
            each.silent,
        )
        for each in (*found.candidates, *found.sets)
    }


@exhaustive
@given(estates(largest=8), st.data())
def test_other_names_change_nothing_but_ties(estate: Estate, data: st.DataObject) -> None:
    fresh = dict(zip(estate.names, data.draw(st.permutations(estate.names)), strict=True))
    back = {new: old for old, new in fresh.items()}
    suffering = data.draw(st.sets(st.sampled_from(estate.names), min_size=1, max_size=4))
    renamed = renamed_estate(estate, fresh)

    before = rank_causes(as_topology(estate), [Symptom(ci) for ci in sorted(suffering)], limit=999)
    after = rank_causes(
        as_topology(renamed), [Symptom(fresh[ci]) for ci in sorted(suffering)], limit=999
    )

    assert facts(after, back) == facts(before, {ci: ci for ci in estate.names})
    assert [round(each.score, 9) for each in after.candidates] == [
        round(each.score, 9) for each in before.candidates
    ]
    assert {frozenset(back[ci] for ci in one) for one in after.minimal_explaining_sets} == {
        frozenset(one) for one in before.minimal_explaining_sets
    }


@exhaustive
@given(estates(largest=8), st.data())
def test_the_order_of_nodes_edges_and_symptoms_changes_nothing(
    estate: Estate, data: st.DataObject
) -> None:
    suffering = data.draw(st.lists(st.sampled_from(estate.names), min_size=1, unique=True))
    shuffled = replace(
        estate,
        names=tuple(data.draw(st.permutations(estate.names))),
        edges=tuple(data.draw(st.permutations(estate.edges))),
    )

    before = rank_causes(as_topology(estate), [Symptom(ci) for ci in suffering])
    after = rank_causes(as_topology(shuffled), [Symptom(ci) for ci in reversed(suffering)])

    assert [each.cis for each in after.candidates] == [each.cis for each in before.candidates]
    assert [each.cis for each in after.sets] == [each.cis for each in before.sets]
    assert after.minimal_explaining_sets == before.minimal_explaining_sets
    assert after.check_next == before.check_next


def renamed_estate(estate: Estate, fresh: dict[str, str]) -> Estate:
    """Return the same estate with other names, its nodes where they were."""
    return Estate(
        tuple(fresh[name] for name in estate.names),
        tuple(
            Edge(fresh[e.dependent], fresh[e.provider], e.strength, e.tolerates)
            for e in estate.edges
        ),
        {fresh[name]: gate for name, gate in estate.gates.items()},
        frozenset(fresh[name] for name in estate.unknown),
        frozenset(fresh[name] for name in estate.services),
        {fresh[name]: number for name, number in estate.criticality.items()},
    )
