"""Which library makes decision diagrams here, and what is asked of it?"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol, TypeAlias

NONE: Final = 0
EMPTY: Final = 1
"""The numbers of the ends of a family: no set at all, and the one that holds no event."""

Family: TypeAlias = dict[int, tuple[int, int, int]]
"""Event, low and high child of each node of a family of sets by its number, children first."""

CHOICE: Final = "IMPACT_DIAGRAMS"
"""The variable of the environment that names the library; unset: relibmss where it is installed."""


class Manager(Protocol):
    """Makes the functions of one diagram; they join by `&`, `|` and `^`."""

    @property
    def size(self) -> int:
        """Return the number of nodes made so far."""
        ...

    def define(self, events: Sequence[int]) -> list[Any]:
        """Return the function of each event, that of the root first; called once."""
        ...

    def constant(self, value: bool) -> Any:
        """Return the function that always holds, or never."""
        ...

    def negation(self, node: Any) -> Any:
        """Return the function that holds where this one does not."""
        ...

    def at_least(self, k: int, nodes: Sequence[Any]) -> Any:
        """Return the function that holds where k of these do."""
        ...

    def probability(self, node: Any, q: Mapping[int, float]) -> float:
        """Return how likely a function holds; O(nodes)."""
        ...

    def birnbaum(self, node: Any, q: Mapping[int, float]) -> Mapping[int, float]:
        """Return its derivative by the probability of each event that it depends on; O(nodes)."""
        ...

    def minimal_sets(self, node: Any) -> tuple[Family, int]:
        """Return the minimal sets of events that make a coherent function hold, and their root."""
        ...


def is_bounded() -> bool:
    """Tell whether the library keeps to a number of nodes by itself.

    Such a one needs no limit of addresses, and has stacks that take more of them than one allows.
    """
    is_there = importlib.util.find_spec("relibmss") is not None
    return os.environ.get(CHOICE, "relibmss" if is_there else "oxidd") == "oxidd"


def open_manager() -> Manager:
    """Return a manager of the library that the environment names, or of the fastest there is."""
    if is_bounded():
        from impact.structure.oxidd_manager import OxiddManager

        return OxiddManager()
    from impact.structure.relibmss_manager import RelibmssManager

    return RelibmssManager()
