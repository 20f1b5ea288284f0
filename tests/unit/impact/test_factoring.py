"""Is what children of a gate share taken out once, and nothing else changed?"""

from __future__ import annotations

from impact.structure import FaultTree, Gate, Op, TreeBuilder
from impact.structure.factoring import DEEPEST, factored

A, B, C, D, E = range(5)


def any_of_all(terms: list[tuple[int, ...]], event_count: int = 5) -> FaultTree:
    """Return the OR of the ANDs of some events."""
    builder = TreeBuilder(event_count)
    return builder.tree(builder.any_of(builder.all_of(term) for term in terms))


def test_what_two_terms_share_is_taken_out() -> None:
    found = factored(any_of_all([(A, B), (A, C), (D,)]))

    builder = TreeBuilder(5)
    inner = builder.all_of([A, builder.any_of([B, C])])
    assert found == builder.tree(builder.any_of([inner, D]))


def test_and_and_or_are_alike() -> None:
    builder = TreeBuilder(5)
    both = builder.all_of([builder.any_of([A, B]), builder.any_of([A, C])])

    found = factored(builder.tree(both))

    fresh = TreeBuilder(5)
    assert found == fresh.tree(fresh.any_of([A, fresh.all_of([B, C])]))


def test_a_term_within_another_absorbs_it() -> None:
    found = factored(any_of_all([(A, B), (C,), (A, B, D), (C, E)]))

    builder = TreeBuilder(5)
    assert found == builder.tree(builder.any_of([builder.all_of([A, B]), C]))


def test_all_that_terms_share_comes_out_at_once() -> None:
    found = factored(any_of_all([(A, B, C, D), (A, B, C, E)]))

    builder = TreeBuilder(5)
    assert found == builder.tree(builder.all_of([A, B, C, builder.any_of([D, E])]))


def test_a_gate_with_other_parents_is_not_opened() -> None:
    builder = TreeBuilder(5)
    shared = builder.all_of([A, B])
    other = builder.all_of([A, C])
    tree = builder.tree(builder.at_least(2, [builder.any_of([shared, other]), shared, D]))

    assert factored(tree) == tree


def test_factors_within_factors_end_somewhere() -> None:
    """Term i shares i events with the next one: each level takes out one of them."""
    deep = 3 * DEEPEST
    terms = [(*range(i), deep + i) for i in range(deep)]

    found = factored(any_of_all(terms, 2 * deep))

    for world in ((1 << deep) - 1, 1 << deep, 1 << (2 * deep - 1), (1 << (2 * deep)) - 1, 0b10):
        assert found.holds(world) == any(all(world >> e & 1 for e in term) for term in terms)


def test_many_terms_that_share_little_take_no_time() -> None:
    """Ten thousand pairs on a ring: one that counted all again at each step would need minutes."""
    count = 10_000
    found = factored(any_of_all([(i, (i + 1) % count) for i in range(count)], count))

    ands = [gate for gate in found.gates if gate.op is Op.AND]
    assert len(ands) <= count / 2
    assert found.holds(0b11)
    assert not found.holds(0b101)


def test_wide_terms_that_share_nearly_all_take_no_time() -> None:
    """A thousand terms of a thousand events: one that compared each with each would need hours."""
    wide = 1_000
    terms = [(*range(wide), wide + i) for i in range(wide)]

    found = factored(any_of_all(terms, 2 * wide))

    assert [len(gate.children) for gate in found.gates] == [wide, wide + 1]


def test_trees_without_a_gate_stay() -> None:
    assert factored(FaultTree(1, (), 0)) == FaultTree(1, (), 0)
    odd = FaultTree(2, (Gate(Op.XOR, (0, 1)),), 2)
    assert factored(odd) == odd
