"""Which questions are answered by compiled code, where the extra `fast` is installed?

With numba installed, `propagate`, `blast_radius` and `single_points` walk topologies of
`SMALLEST` nodes and more by compiled loops; the answers are the same. `IMPACT_FAST=off` in the
environment keeps to numpy and Python, as does a numba that cannot be imported.

The first process compiles, which takes seconds, and keeps the result beside the package or where
`NUMBA_CACHE_DIR` says; later ones read it. A process that is to answer at once calls `prepare`.
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
    return None if len(topology) < SMALLEST or _is_off() else _load()


def prepare() -> bool:
    """Compile all loops, or read them from disk; tell whether there are any.

    Examples:
        >>> prepare() in (True, False)
        True
    """
    kernels = None if _is_off() else _load()
    if kernels is not None:
        kernels.prepare()
    return kernels is not None


def _is_off() -> bool:
    return os.environ.get("IMPACT_FAST", "").lower() == "off"


@cache
def _load() -> Kernels | None:
    if importlib.util.find_spec("numba") is None:
        return None
    try:
        from impact.fast.kernels import Kernels
    except ImportError:
        return None
    return Kernels()
