"""How unavailable is each CI by itself, and how long does a repair take?

In the order in which they are believed:

1. its own mean up time (MTTF, or MTBF taken as MTTF + MTTR) with its own MTTR,
2. its own availability, with its own MTTR or that of its class,
3. its own mean up time or its own MTTR, completed by its class,
4. the default figures of its class,
5. nothing: taken as never failing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from cmdb.model.registry import Registry
from cmdb.snapshot.estate import Estate

GIVEN, ASSUMED_DEFAULT, ASSUMED_PERFECT = 0, 1, 2

Float64: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """Reliability of n CIs.

    Attributes:
        q: float64, unavailability by itself.
        mttr_hours: float64, NaN where none is known.
        basis: uint8, `GIVEN`, `ASSUMED_DEFAULT` (wholly or partly) or `ASSUMED_PERFECT`.
    """

    q: Float64
    mttr_hours: Float64
    basis: NDArray[np.uint8]


def class_figures(classes: Sequence[str], registry: Registry) -> tuple[Float64, Float64]:
    """Return MTTF and MTTR in hours by class, NaN where a class has none."""
    found = [registry.availability(name) if name in registry.classes else None for name in classes]
    mttf = np.array([np.nan if one is None else one.mttf_hours for one in found])
    mttr = np.array([np.nan if one is None else one.mttr_hours for one in found])
    return mttf, mttr


def compute_figures(estate: Estate, registry: Registry, rows: NDArray[np.int64]) -> Figures:
    """Return the figures of these rows of CIs; vectorised, by the order of the module."""
    cis = estate.cis
    own_mttf, own_mtbf, own_mttr, own_availability = (
        cis[name][rows]
        for name in ("a_mttf_hours", "a_mtbf_hours", "a_mttr_hours", "a_availability")
    )
    by_class = class_figures(estate.classes, registry)
    codes = cis["class"][rows]
    class_mttf, class_mttr = by_class[0][codes], by_class[1][codes]
    mttr = np.where(np.isnan(own_mttr), class_mttr, own_mttr)
    own_cycle = np.where(np.isnan(own_mttf), own_mtbf, own_mttf + mttr)
    from_own = _share(mttr, own_cycle)
    from_class = _share(mttr, class_mttf + mttr)
    q, basis = _first_known(
        [
            (np.where(np.isnan(own_mttr), np.nan, from_own), GIVEN),
            (1.0 - own_availability, GIVEN),
            (from_own, ASSUMED_DEFAULT),
            (from_class, ASSUMED_DEFAULT),
            (np.zeros(len(rows)), ASSUMED_PERFECT),
        ]
    )
    return Figures(np.clip(q, 0.0, 1.0), mttr, basis)


def _share(mttr: Float64, cycle: Float64) -> Float64:
    """Return mttr / cycle, NaN where either is unknown or the cycle takes no time."""
    possible = cycle > 0
    shares = np.full(len(mttr), np.nan)
    np.divide(mttr, cycle, out=shares, where=possible)
    return shares


def _first_known(choices: Sequence[tuple[Float64, int]]) -> tuple[Float64, NDArray[np.uint8]]:
    q = np.full(len(choices[0][0]), np.nan)
    basis = np.full(len(q), ASSUMED_PERFECT, dtype=np.uint8)
    for values, kind in choices:
        taken = np.isnan(q) & ~np.isnan(values)
        q[taken] = values[taken]
        basis[taken] = kind
    return q, basis
