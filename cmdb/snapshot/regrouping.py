"""Which implicit groups go, come and stay when a few dependents are wired again?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cmdb.snapshot.groups import ImplicitGroups

Slots = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Regrouping:
    """What became of implicit groups; all indices are places in one of the two lists of groups.

    Attributes:
        groups: All groups afterwards, in the order of their dependents and types.
        restated: Earlier groups of dependents that were wired again.
        gone: Those of them that are no more.
        fresh: Places, afterwards, of the groups of dependents that were wired again.
        came: Those of them that are new.
    """

    groups: ImplicitGroups
    restated: Slots
    gone: Slots
    fresh: Slots
    came: Slots


def regroup(
    old: ImplicitGroups,
    made: ImplicitGroups,
    *,
    dependents: NDArray[np.int32],
    is_restated: NDArray[np.bool_],
) -> Regrouping:
    """Return the groups after some dependents were wired again.

    Args:
        old: The earlier groups.
        made: The groups of the dependents that were wired again.
        dependents: The node that the dependent of each earlier group is now, -1 if it is no more.
        is_restated: bool, by earlier group: its dependent was wired again, or is no more.
    """
    # A node of -1 gives a key below all others, so that the group is never found again.
    known = _keys(dependents, old.types)
    fresh = _keys(made.dependents, made.types)
    kept = ~is_restated
    keys = np.concatenate([known[kept], fresh])
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    groups = ImplicitGroups(
        (keys >> 32).astype(np.int32),
        keys.astype(np.uint16),
        np.concatenate([old.sizes[kept], made.sizes])[order],
    )
    places = np.searchsorted(keys, fresh)
    restated = np.flatnonzero(is_restated)
    return Regrouping(
        groups,
        restated,
        restated[~np.isin(known[restated], fresh)],
        places,
        places[~np.isin(fresh, known[restated])],
    )


def _keys(dependents: NDArray[np.int32], types: NDArray[np.uint16]) -> NDArray[np.int64]:
    return (dependents.astype(np.int64) << 32) | types
