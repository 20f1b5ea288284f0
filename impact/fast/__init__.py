"""Which questions are answered by compiled code, where the extra `fast` is installed?

With numba installed, `propagate`, `blast_radius` and `single_points` walk topologies of
`SMALLEST` nodes and more by compiled loops; the answers are the same. `IMPACT_FAST=off` in the
environment keeps to numpy and Python, as does a numba that cannot be imported.
"""

from __future__ import annotations

import importlib.util
import os
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from impact.fast.kernels import Kernels
    from impact.topology import Topology

SMALLEST = 10_000
"""Nodes; below it, loading numba costs more than all the answers of a command."""


def kernels_for(topology: Topology) -> Kernels | None:
    """Return the compiled loops, or None where plain code is to answer."""
    if len(topology) < SMALLEST or os.environ.get("IMPACT_FAST", "").lower() == "off":
        return None
    return _load()


@cache
def _load() -> Kernels | None:
    if importlib.util.find_spec("numba") is None:
        return None
    try:
        from impact.fast.kernels import Kernels
    except ImportError:
        return None
    return Kernels()
