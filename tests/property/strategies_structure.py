"""Random fault trees: the same one as formulas for the oracle and as a tree for the engine."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from impact.structure import FaultTree, TreeBuilder
from tests.property.oracle_structure import Formula


@dataclass(frozen=True)
class Case:
    """A formula, the tree built of it, and the probability of each event."""

    formula: Formula
    tree: FaultTree
    q: list[float]


@st.composite
def cases(draw: st.DrawFn, *, most_events: int = 7, is_coherent: bool = True) -> Case:
    """Return trees whose gates share events and gates."""
    count = draw(st.integers(1, most_events))
    builder = TreeBuilder(count)
    formulas: list[Formula] = [("event", i) for i in range(count)]
    references = list(range(count))
    kinds = ["or", "and", "atleast"] if is_coherent else ["or", "and", "atleast", "xor", "not"]
    for _ in range(draw(st.integers(1, 8))):
        kind = draw(st.sampled_from(kinds))
        size = 1 if kind == "not" else draw(st.integers(1, 4))
        places = st.integers(0, len(formulas) - 1)
        chosen = draw(st.lists(places, min_size=size, max_size=size))
        children = [formulas[place] for place in chosen]
        k = draw(st.integers(1, size))
        formulas.append((kind, k, *children) if kind == "atleast" else (kind, *children))
        references.append(_built(builder, kind, k, [references[place] for place in chosen]))
    figures = st.one_of(st.sampled_from([0.0, 1.0, 0.5]), st.floats(0.001, 0.999))
    q = draw(st.lists(figures, min_size=count, max_size=count))
    return Case(formulas[-1], builder.tree(references[-1]), q)


@st.composite
def sums_of_products(draw: st.DrawFn, *, most_events: int = 7) -> Case:
    """Return the OR of ANDs of events, or the AND of ORs: what has much to take out."""
    count = draw(st.integers(2, most_events))
    event_sets = st.sets(st.integers(0, count - 1), min_size=1).map(sorted)
    terms = draw(st.lists(event_sets, min_size=1, max_size=8))
    outer, inner = draw(st.permutations(["or", "and"]))
    builder = TreeBuilder(count)
    top = _built(builder, outer, 0, [_built(builder, inner, 0, term) for term in terms])
    formula = (outer, *((inner, *(("event", event) for event in term)) for term in terms))
    q = draw(st.lists(st.floats(0.001, 0.999), min_size=count, max_size=count))
    return Case(formula, builder.tree(top), q)


def _built(builder: TreeBuilder, kind: str, k: int, children: list[int]) -> int:
    match kind:
        case "or":
            return builder.any_of(children)
        case "and":
            return builder.all_of(children)
        case "xor":
            return builder.odd_of(children)
        case "not":
            return builder.negation(children[0])
        case _:
            return builder.at_least(k, children)
