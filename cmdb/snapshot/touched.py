"""Of which CIs may an update have changed what they depend on, or what they need as a gate?

Whatever a CI depends on follows from its own relationships, from which of their ends take part,
and, where it has alternatives, from the members of the explicit groups that it relies on. So a
change touches:

- the dependent of a relationship that changed,
- a CI that came or went, or has another class, and whatever depends on it,
- a CI with other figures as a gate,
- the CIs with alternatives that rely on an explicit group touched by any of these.
"""

from __future__ import annotations

import numpy as np

from cmdb.model.registry import Registry
from cmdb.snapshot.columns import Table, differs_from
from cmdb.snapshot.estate import RELATIONSHIP_KINDS, Estate
from cmdb.snapshot.wiring import Bool, Nodes, alternatives_by_type, explicit_groups

COUNTED_BY = ("a_k_min", "a_k_full")
WIRED_BY = ("class", "is_merged", *COUNTED_BY)


def touched_cis(
    old: Estate, took_part: Bool, estate: Estate, registry: Registry, takes_part: Bool
) -> Bool:
    """Return bool, by row of the later state's CIs; new CIs that take part are touched.

    Args:
        old: The earlier state, of the same line.
        took_part: bool, by row of its CIs.
        estate: The later state.
        registry: Classes and types, the same for both.
        takes_part: bool, by row of its CIs.
    """
    table = estate.relationships
    touched = takes_part.copy()
    touched[: old.cis.size] = _counts_otherwise(old, estate)
    touched[table["dependent"][_changed_rows(table, old.relationships)]] = True
    turned = np.zeros(len(takes_part), dtype=np.bool_)
    turned[: old.cis.size] = takes_part[: old.cis.size] != took_part
    turned[: old.cis.size] |= differs_from(estate.cis["class"], old.cis["class"])
    if turned.any():
        touched |= turned
        touched[dependents_of(table, turned)] = True
    leaders = np.zeros(len(takes_part), dtype=np.bool_)
    rows = np.flatnonzero(touched)
    leaders[rows[explicit_groups(estate, registry, rows)]] = True
    if leaders.any():
        reliant = np.zeros(len(takes_part), dtype=np.bool_)
        reliant[dependents_of(table, leaders)] = True
        among = table["dependent"][
            reliant[table["dependent"]] & _are_alternatives(estate, registry)
        ]
        touched[among] = True
    return touched


def dependents_of(table: Table, providers: Bool) -> Nodes:
    """Return the rows of CIs that have a relationship, live or not, to one of these."""
    found: Nodes = table["dependent"][providers[table["provider"]]]
    return found


def _counts_otherwise(old: Estate, estate: Estate) -> Bool:
    found = [differs_from(estate.cis[name], old.cis[name]) for name in COUNTED_BY]
    return np.logical_or(*found)


def _are_alternatives(estate: Estate, registry: Registry) -> Bool:
    found: Bool = alternatives_by_type(estate, registry)[estate.relationships["type"]]
    return found


def _changed_rows(table: Table, old: Table) -> Nodes:
    """Return the rows that are new or have another value."""
    differs = np.ones(table.size, dtype=np.bool_)
    differs[: old.size] = False
    for name in RELATIONSHIP_KINDS:
        if table[name] is not old[name]:
            differs[: old.size] |= differs_from(table[name], old[name])
    return np.flatnonzero(differs)
