"""What would the same outages do to services after a change of the topology?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from impact.blast_radius import BlastRadius, blast_radius
from impact.hits import Hit
from impact.model import Outage
from impact.views import Standing

if TYPE_CHECKING:
    from impact.topology import Topology


@dataclass(frozen=True, slots=True)
class ServiceChange:
    """How one affected service stands before and after; None: it is not affected.

    The differences of both worlds are given by `Standing` and single failures of each.
    """

    ci: str
    before_best: Standing | None
    before_worst: Standing | None
    after_best: Standing | None
    after_worst: Standing | None
    single_failures_before: tuple[str, ...] | None
    single_failures_after: tuple[str, ...] | None

    @property
    def is_worse(self) -> bool:
        """Tell whether the service is hit harder afterwards: state, then margin."""
        return _harm(self.after_worst) > _harm(self.before_worst)


@dataclass(frozen=True, slots=True)
class ImpactDiff:
    """Two topologies under the same outages, services only, each list ordered by id.

    Attributes:
        gained: Services affected only afterwards.
        lost: Services affected only before.
        changed: Affected in both, with another state, AT_RISK mark, margin or single failures.
        left_out: Ids of outages that one of the topologies does not hold; they count there as if
            the CI did not exist.
        is_partial: One of the answers was cut short by the budget.
    """

    gained: tuple[ServiceChange, ...]
    lost: tuple[ServiceChange, ...]
    changed: tuple[ServiceChange, ...]
    left_out: tuple[str, ...]
    is_partial: bool


def diff_impact(
    before: Topology,
    after: Topology,
    outages: Iterable[Outage],
    *,
    budget: int | None = None,
    at: datetime | None = None,
) -> ImpactDiff:
    """Return what changes for services between two topologies under the same outages.

    Args:
        before: The topology as it is.
        after: The topology as it would be.
        outages: Own states; one whose CI is missing from a topology is left out there.
        budget: As in `blast_radius`, for each side.
        at: As in `blast_radius`.

    Complexity: that of two blast radii, and single failures of each affected service.

    Examples:
        >>> from impact import Topology
        >>> shape = {"ids": ["shop", "db"], "is_service": [1, 0]}
        >>> before = Topology.build(**shape, dependents=[0], providers=[1], strengths=[1])
        >>> after = Topology.build(**shape, dependents=[0], providers=[1], strengths=[0])
        >>> change, = diff_impact(before, after, [Outage("db")]).changed
        >>> change.before_worst.state.name, change.after_worst.state.name, change.is_worse
        ('DEGRADED', 'DOWN', True)
    """
    causes = tuple(outages)
    first, second = (
        blast_radius(side, [o for o in causes if o.ci in side], budget=budget, at=at)
        for side in (before, after)
    )
    old, new = _services(first), _services(second)
    pairs = [_compare(ci, old.get(ci), new.get(ci)) for ci in sorted(old.keys() | new.keys())]
    return ImpactDiff(
        gained=tuple(pair for pair in pairs if pair.before_worst is None),
        lost=tuple(pair for pair in pairs if pair.after_worst is None),
        changed=tuple(
            pair for pair in pairs if pair.ci in old and pair.ci in new and _differs(pair)
        ),
        left_out=tuple(sorted({o.ci for o in causes if o.ci not in before or o.ci not in after})),
        is_partial=first.is_partial or second.is_partial,
    )


def _services(radius: BlastRadius) -> dict[str, Hit]:
    return {hit.ci: hit for hit in radius.services}


def _compare(ci: str, old: Hit | None, new: Hit | None) -> ServiceChange:
    return ServiceChange(
        ci=ci,
        before_best=old.best if old else None,
        before_worst=old.worst if old else None,
        after_best=new.best if new else None,
        after_worst=new.worst if new else None,
        single_failures_before=old.single_failures if old else (),
        single_failures_after=new.single_failures if new else (),
    )


def _differs(pair: ServiceChange) -> bool:
    return (
        pair.before_best != pair.after_best
        or pair.before_worst != pair.after_worst
        or pair.single_failures_before != pair.single_failures_after
    )


def _harm(standing: Standing | None) -> tuple[int, float]:
    if standing is None:
        return (0, 0.0)
    margin = float("inf") if standing.margin is None else float(standing.margin)
    return (standing.severity, -margin)
