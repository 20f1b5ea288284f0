"""How do plain arrays become the parts of a Topology: checked once, sorted, packed?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from impact.arrays import (
    FOR_EVER,
    INFERRED,
    KIND,
    LONGEST_TOLERANCE,
    TOLERANT,
    WEAK,
    Bool,
    Int32,
    Int64,
    UInt8,
    as_nodes,
    as_optional,
    build_rows,
    check_range,
)
from impact.errors import InvalidTopology
from impact.gates import build_gates, mark_repeated_members
from impact.topology import GROUP, SERVICE, STALE, UNKNOWN


def compile_topology(*, ids: Sequence[str], **arrays: Any) -> dict[str, Any]:
    """Return the arguments of `Topology`; see `Topology.build` for the arrays."""
    names = tuple(ids)
    nodes = len(names)
    if len(set(names)) != nodes:
        raise InvalidTopology("ids", "holds an id twice")
    dependents = as_nodes("dependents", arrays["dependents"], nodes)
    providers = as_nodes("providers", arrays["providers"], nodes)
    if len(dependents) != len(providers):
        raise InvalidTopology("providers", f"has {len(providers)} edges, not {len(dependents)}")
    codes, tolerates = edge_codes(len(dependents), arrays)
    mark_repeated_members(dependents, providers, codes, tolerates)
    return {
        "ids": names,
        **_edge_parts(nodes, (dependents, providers), codes, tolerates, arrays),
        **_node_parts(nodes, dependents, codes, arrays),
    }


def edge_codes(edges: int, arrays: dict[str, Any]) -> tuple[UInt8, Int64 | None]:
    """Return the code of each edge and the milliseconds it tolerates (None if none does)."""
    strengths = as_optional("strengths", arrays["strengths"], edges, np.uint8)
    if strengths is None:
        raise InvalidTopology("strengths", "is needed")
    check_range("strengths", strengths, 0, WEAK)
    codes = strengths.copy()
    tolerates = _tolerated_milliseconds(edges, arrays["tolerates_seconds"])
    if tolerates is not None:
        transmits = (tolerates > 0) & (strengths != WEAK)
        tolerates = np.where(transmits, tolerates, 0)
    return codes, tolerates


def _tolerated_milliseconds(edges: int, values: Any) -> Int64 | None:
    seconds = as_optional("tolerates_seconds", values, edges, np.float64)
    if seconds is None:
        return None
    seconds = np.nan_to_num(seconds, nan=0.0, posinf=np.inf, neginf=-1.0)
    if seconds.size and float(seconds.min()) < 0:
        raise InvalidTopology("tolerates_seconds", "must not be negative")
    is_for_ever = seconds > LONGEST_TOLERANCE / 1000.0
    milliseconds = np.ceil(np.where(is_for_ever, 0.0, seconds) * 1000.0).astype(np.int64)
    return cast("Int64", np.where(is_for_ever, FOR_EVER, milliseconds))


def _edge_parts(
    nodes: int,
    ends: tuple[Int32, Int32],
    codes: UInt8,
    tolerates: Int64 | None,
    arrays: dict[str, Any],
) -> dict[str, Any]:
    """Sort the edges both ways; weak ones are kept apart, since no question walks them."""
    dependents, providers = ends
    packed = codes.copy()
    inferred = as_optional("edge_inferred", arrays["edge_inferred"], len(codes), np.bool_)
    if inferred is not None:
        packed[inferred] |= INFERRED
    if tolerates is not None:
        packed[tolerates > 0] |= TOLERANT
    is_weak = (packed & KIND) == WEAK
    strong = slice(None) if not is_weak.any() else np.flatnonzero(~is_weak)
    by_provider, order = build_rows(nodes, providers[strong], dependents[strong], packed[strong])
    by_dependent, _ = build_rows(nodes, dependents[strong], providers[strong], packed[strong])
    return {
        "dependents_of": by_provider,
        "providers_of": by_dependent,
        "weak": (dependents[is_weak], providers[is_weak], packed[is_weak]),
        "tolerant": _sparse_tolerances(None if tolerates is None else tolerates[strong][order]),
        "confidence": _confidence(arrays["edge_confidence"], strong, order, is_weak),
    }


def _sparse_tolerances(in_row_order: Int64 | None) -> tuple[Int64, Int64]:
    if in_row_order is None:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    positions = np.flatnonzero(in_row_order)
    return positions, in_row_order[positions]


def _confidence(values: Any, strong: Any, order: Int64, is_weak: Bool) -> NDArray[Any] | None:
    given = as_optional("edge_confidence", values, len(is_weak), np.float32)
    if given is None:
        return None
    check_range("edge_confidence", given[~np.isnan(given)], 0.0, 1.0)
    return np.concatenate([given[strong][order], given[is_weak]])


def _node_parts(
    nodes: int, dependents: Int32, codes: UInt8, arrays: dict[str, Any]
) -> dict[str, Any]:
    is_gate = _flag("is_gate", arrays, nodes)
    is_group = _flag("is_group", arrays, nodes) if arrays["is_group"] is not None else is_gate
    if bool((is_group & ~is_gate).any()):
        raise InvalidTopology("is_group", "marks a node that is_gate does not")
    flags = np.zeros(nodes, dtype=np.uint8)
    for name, bit in (("is_service", SERVICE), ("is_unknown", UNKNOWN), ("is_stale", STALE)):
        flags |= np.where(_flag(name, arrays, nodes), np.uint8(bit), np.uint8(0))
    flags |= np.where(is_group, np.uint8(GROUP), np.uint8(0))
    return {
        "gates": build_gates(
            nodes,
            dependents,
            codes,
            flags=(is_gate, is_group),
            k=(arrays["k_min"], arrays["k_full"]),
        ),
        "flags": flags,
        "criticality": _criticality(nodes, arrays["criticality"]),
        "own": _own_states(nodes, arrays["own_state"]),
        "q": _figures("q", arrays["q"], nodes, 1.0),
        "mttr_hours": _figures("mttr_hours", arrays["mttr_hours"], nodes, np.inf),
    }


def _flag(name: str, arrays: dict[str, Any], nodes: int) -> Bool:
    given = as_optional(name, arrays[name], nodes, np.bool_)
    return np.zeros(nodes, dtype=np.bool_) if given is None else given


def _criticality(nodes: int, values: Any) -> UInt8:
    given = as_optional("criticality", values, nodes, np.uint8)
    if given is None:
        return np.ones(nodes, dtype=np.uint8)
    check_range("criticality", given, 1, 4)
    return given


def _own_states(nodes: int, values: Any) -> tuple[Int32, UInt8]:
    given = as_optional("own_state", values, nodes, np.uint8)
    if given is None:
        return np.empty(0, dtype=np.int32), np.empty(0, dtype=np.uint8)
    check_range("own_state", given, 0, 2)
    owners = np.flatnonzero(given).astype(np.int32)
    return owners, given[owners]


def _figures(name: str, values: Any, nodes: int, high: float) -> NDArray[Any] | None:
    given = as_optional(name, values, nodes, np.float64)
    if given is not None:
        known = given if name == "q" else given[~np.isnan(given)]
        check_range(name, known, 0.0, high)
    return given
