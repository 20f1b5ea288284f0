"""The errors of the engine, drawn as one tree.

ImpactError
├── InvalidTopology    arrays that no program should hand over (index out of range, k < 1, ...)
├── InvalidOutage      an outage that cannot be read (naive time, end before start)
├── InvalidBudget      a budget below one CI
└── UnknownNode        an id that the topology does not hold

What an *estate* can get wrong never raises: it is listed in `Topology.problems`.
"""

from __future__ import annotations


class ImpactError(Exception):
    """Base of everything this package raises on purpose; `code` is stable."""

    code = "impact_error"


class InvalidTopology(ImpactError):
    """The arrays contradict each other or leave their range; `array` names the culprit."""

    code = "invalid_topology"

    def __init__(self, array: str, fault: str) -> None:
        self.array = array
        self.fault = fault
        super().__init__(f"Topology array '{array}': {fault}")


class InvalidOutage(ImpactError):
    """An outage that has no meaning; `ci` names the CI it was given for."""

    code = "invalid_outage"

    def __init__(self, ci: str, fault: str) -> None:
        self.ci = ci
        self.fault = fault
        super().__init__(f"Outage of '{ci}': {fault}")


class InvalidBudget(ImpactError):
    """A budget that would not allow a single CI."""

    code = "invalid_budget"

    def __init__(self, budget: int) -> None:
        self.budget = budget
        super().__init__(f"A budget counts CIs and must be at least 1, not {budget}")


class UnknownNode(ImpactError):
    """An id that is not part of the topology; retired and planned CIs are not compiled."""

    code = "unknown_node"

    def __init__(self, ci: str) -> None:
        self.ci = ci
        super().__init__(
            f"'{ci}' is not part of this topology; check the id and whether the CI takes part "
            "(planned, in_build and retired CIs do not)"
        )
