"""What must a snapshot say of a state? The rules once more, plainly, one CI and edge at a time."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from cmdb.model.registry import Registry
from cmdb.snapshot import Snapshot
from impact.topology import SERVICE, STALE
from tests.peers.snapshot_store import Properties, State

Edge = tuple[str, str, str, float, bool]
Found = tuple[str, str, str, float, bool, str]
TAKING_PART = {"in_use", "in_maintenance", "stale"}


@dataclass
class Facts:
    """A compiled state by ids, with nothing of its order."""

    services: set[str] = field(default_factory=set)
    stale: set[str] = field(default_factory=set)
    gates: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    criticality: dict[str, int] = field(default_factory=dict)
    figures: dict[str, tuple[float, float | None]] = field(default_factory=dict)
    edges: Counter[Edge] = field(default_factory=Counter)
    words: dict[str, tuple[Any, ...]] = field(default_factory=dict)


def facts_of(snapshot: Snapshot) -> Facts:
    """Return the facts of a snapshot."""
    topology, gates = snapshot.topology, snapshot.topology.gates
    ids = topology.ids
    facts = Facts(
        {ids[n] for n in range(len(ids)) if topology.flags[n] & SERVICE},
        {ids[n] for n in range(len(ids)) if topology.flags[n] & STALE},
        {
            ids[node]: (members, k_min, k_full)
            for node, members, k_min, k_full in zip(
                gates.nodes.tolist(),
                gates.members.tolist(),
                gates.k_min.tolist(),
                gates.k_full.tolist(),
                strict=True,
            )
        },
        dict(zip(ids, topology.criticality.tolist(), strict=True)),
    )
    assert topology.q is not None
    assert topology.mttr_hours is not None
    for node, (q, mttr) in enumerate(
        zip(topology.q.tolist(), topology.mttr_hours.tolist(), strict=True)
    ):
        facts.figures[ids[node]] = (round(q, 12), None if math.isnan(mttr) else mttr)
    for dependent, provider, data in topology.to_networkx().edges(data=True):
        tolerates = data.get("tolerates_seconds", 0.0)
        facts.edges[dependent, provider, data["strength"], tolerates, data["inferred"]] += 1
    for ci_id in snapshot.estate.cis.ids():
        facts.words[ci_id] = (
            snapshot.name_of(ci_id),
            snapshot.class_of(ci_id),
            snapshot.lifecycle_of(ci_id),
            snapshot.restricted_to_of(ci_id),
        )
    return facts


def expected_facts(state: State, registry: Registry) -> Facts:
    """Return the facts that the rules give for a state."""
    part = {
        ci["id"]: ci
        for ci in state.cis.values()
        if ci["lifecycle"] in TAKING_PART and not ci.get("merged_into")
    }
    edges = _edges(state, part, registry)
    facts = Facts(edges=Counter((d, p, s, t, i) for d, p, s, t, i, _ in edges))
    names = {*part, *(end for edge in edges for end in edge[:2])}
    floors = {}
    for name in names:
        ci = part.get(name, {"class": "RedundancyGroup", "a_k_min": 1, "lifecycle": "in_use"})
        known = registry.classes[ci["class"]]
        if known.layer in {"business", "service"}:
            facts.services.add(name)
        if ci["lifecycle"] == "stale":
            facts.stale.add(name)
        floors[name] = ci.get("a_criticality") or 0
        _add_gate(facts, name, ci, known.name == "RedundancyGroup")
        facts.figures[name] = _figures(ci, registry)
    facts.criticality = {name: max(1, floors[name]) for name in names}
    for service in facts.services:
        for reached in _relied_on(service, facts.edges):
            facts.criticality[reached] = max(facts.criticality[reached], floors[service])
    facts.words = {
        ci["id"]: (
            ci["name"], ci["class"], ci["lifecycle"], tuple(ci.get("restricted_to") or ()),
        )
        for ci in state.cis.values()
    }  # fmt: skip
    return facts


def _edges(state: State, part: dict[str, Properties], registry: Registry) -> list[Found]:
    made, alternatives = [], []
    for link in state.relationships.values():
        known = registry.types[link["type"]]
        if not (link["live"] and link["dependent"] in part and link["provider"] in part):
            continue
        if known.strength is None:
            continue
        strength = link.get("strength") or known.strength
        if known.is_symmetric:
            strength = "weak"
        tolerates = 0.0 if strength == "weak" else (link.get("tolerates_seconds") or 0.0)
        doubt = bool(link.get("inferred_by")) or link.get("confidence", 1) < 1
        edge = (link["dependent"], link["provider"], strength, tolerates, doubt, link["type"])
        if known.several == "any" and strength == "gate":
            alternatives.append(edge)
        else:
            made.append(edge)
    return made + _alternatives(alternatives, made, part)


def _alternatives(
    alternatives: list[Found],
    others: list[Found],
    part: dict[str, Properties],
) -> list[Found]:
    groups = {name for name, ci in part.items() if ci["class"] == "RedundancyGroup"}
    members = {(d, p) for d, p, s, *_ in others if s == "gate" and d in groups}
    reliance = {(d, p) for d, p, s, *_ in [*others, *alternatives] if s != "weak" and p in groups}
    made: list[Found] = []
    left: dict[tuple[str, str], list[Found]] = {}
    for edge in alternatives:
        dependent, provider, _, _, doubt, type_name = edge
        if any((dependent, group) in reliance and (group, provider) in members for group in groups):
            made.append((dependent, provider, "weak", 0.0, doubt, type_name))
        else:
            left.setdefault((dependent, type_name), []).append(edge)
    for (dependent, type_name), edges in left.items():
        providers = {edge[1] for edge in edges}
        if len(providers) == 1:
            made += [(d, p, "hard", t, i, n) for d, p, _, t, i, n in edges]
            continue
        group = f"any:{dependent}:{type_name}"
        made.append((dependent, group, "hard", 0.0, False, type_name))
        for provider in providers:
            # The first of those that tolerate least.
            chosen = min((e for e in edges if e[1] == provider), key=lambda e: e[3])
            made.append((group, provider, "gate", chosen[3], chosen[4], type_name))
    return made


def _add_gate(facts: Facts, name: str, ci: Properties, is_group: bool) -> None:
    members = len({p for d, p, s, *_ in facts.edges if d == name and s == "gate"})
    if not members and not is_group:
        return
    k_min = ci.get("a_k_min") or 0
    if name.startswith("any:"):
        k_full = members
    elif ci.get("a_k_full"):
        k_full = max(ci["a_k_full"], k_min or 1)
    else:
        k_full = members if not k_min and not is_group else max(k_min, 1)
    facts.gates[name] = (members, max(k_min, 1), min(k_full, members))


def _figures(ci: Properties, registry: Registry) -> tuple[float, float | None]:
    if ci["class"] == "RedundancyGroup":
        return 0.0, None
    default = registry.availability(ci["class"])
    mttf, mtbf, own_mttr, given = (
        ci.get(f"a_{name}") for name in ("mttf_hours", "mtbf_hours", "mttr_hours", "availability")
    )
    mttr = own_mttr if own_mttr is not None else default.mttr_hours if default else None
    own = None
    if mttr is not None and (mttf is not None or mtbf is not None):
        cycle = mttf + mttr if mttf is not None else mtbf
        own = min(1.0, mttr / cycle) if cycle else None
    if own is not None and own_mttr is not None:
        q = own
    elif given is not None:
        q = 1.0 - given
    elif own is not None:
        q = own
    elif default is not None and mttr is not None:
        q = mttr / (default.mttf_hours + mttr)
    else:
        q = 0.0
    return round(q, 12), mttr


def _relied_on(start: str, edges: Counter[Edge]) -> set[str]:
    reached, todo = {start}, [start]
    while todo:
        here = todo.pop()
        for dependent, provider, strength, *_ in edges:
            if dependent == here and strength != "weak" and provider not in reached:
                reached.add(provider)
                todo.append(provider)
    return reached
