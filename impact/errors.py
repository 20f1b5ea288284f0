"""The errors of the engine, drawn as one tree.

ImpactError
├── InvalidTopology    arrays that no program should hand over (index out of range, k < 1, ...)
├── InvalidOutage      an outage that cannot be read (naive time, end before start)
├── InvalidBudget      a budget below one CI
├── InvalidEdit        a what-if that cannot be made (no such edge, an id that is taken)
├── InvalidObservation  what cannot have been seen (suffering and healthy at once, a naive time)
├── InvalidTree        a fault tree that cannot be read as one, or figures that do not suit it
├── InvalidFigure      figures of availability that cannot be (a common cause, a planned window)
├── InvalidModel       a fault-tree file that cannot be read; says the line
├── Cancelled          the caller asked to stop
├── NoWorker           the process that builds diagrams cannot be started
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


class InvalidEdit(ImpactError):
    """A what-if that cannot be made; `ci` names the CI it was about."""

    code = "invalid_edit"

    def __init__(self, ci: str, fault: str) -> None:
        self.ci = ci
        self.fault = fault
        super().__init__(f"What if about '{ci}': {fault}")


class InvalidObservation(ImpactError):
    """Observations that have no meaning or contradict each other; `ci` names the CI."""

    code = "invalid_observation"

    def __init__(self, ci: str, fault: str) -> None:
        self.ci = ci
        self.fault = fault
        super().__init__(f"Observation of '{ci}': {fault}")


class InvalidTree(ImpactError):
    """A fault tree that has no meaning, or figures that do not suit it; `fault` says what."""

    code = "invalid_tree"

    def __init__(self, fault: str) -> None:
        self.fault = fault
        super().__init__(f"Fault tree: {fault}")


class InvalidFigure(ImpactError):
    """Figures of availability that contradict each other; `ci` names the CI or group."""

    code = "invalid_figure"

    def __init__(self, ci: str, fault: str) -> None:
        self.ci = ci
        self.fault = fault
        super().__init__(f"Figures of '{ci}': {fault}")


class InvalidModel(ImpactError):
    """A fault-tree file that cannot be read; `line` says where, 0 if nowhere in particular."""

    code = "invalid_model"

    def __init__(self, fault: str, *, line: int = 0) -> None:
        self.fault = fault
        self.line = line
        super().__init__(f"Fault-tree model{f', line {line}' if line else ''}: {fault}")


class Cancelled(ImpactError):
    """The caller's `should_stop` ended long work; nothing was found."""

    code = "cancelled"

    def __init__(self) -> None:
        super().__init__("The question was cancelled before it was answered")


class NoWorker(ImpactError):
    """The process that builds diagrams cannot be started; `fault` says why."""

    code = "no_worker"

    def __init__(self, fault: str) -> None:
        self.fault = fault
        super().__init__(f"The worker process for diagrams cannot be started: {fault}")


class UnknownNode(ImpactError):
    """An id that is not part of the topology; retired and planned CIs are not compiled."""

    code = "unknown_node"

    def __init__(self, ci: str) -> None:
        self.ci = ci
        super().__init__(
            f"'{ci}' is not part of this topology; check the id and whether the CI takes part "
            "(planned, in_build and retired CIs do not)"
        )
