"""What is said about the availability of a service, and what may be asked."""

from __future__ import annotations

from dataclasses import dataclass, field

from impact.availability.figures import CommonCause
from impact.structure.solution import Budget, Probability

HOURS_A_YEAR = 8_760.0

ASSUMPTIONS = (
    "CIs fail independently of each other, but for common causes that were given.",
    "Repairs wait for nothing, and a repaired CI is as good as new.",
    "Outages that an edge tolerates for a while count in full: the unavailability is an upper "
    "bound where an edge tolerates any.",
)


@dataclass(frozen=True, slots=True)
class Maintenance:
    """Planned work that comes again, during which CIs are down.

    Attributes:
        cis: Ids of the CIs.
        hours: Length of one window.
        times_per_year: How often it comes. Windows never overlap.
        continues: It begins when the window before it in the list ends: where both take a service
            DOWN, that is one interruption.
    """

    cis: tuple[str, ...]
    hours: float
    times_per_year: float = 1.0
    continues: bool = False


@dataclass(frozen=True, slots=True)
class AvailabilityTerms:
    """What is asked beside the service.

    Attributes:
        common_causes: What members of groups fail of together.
        maintenance: Planned windows, in order of time where one continues another.
        counts_maintenance: Whether the agreement counts planned windows as downtime.
        with_degraded: Whether P(at least DEGRADED) is asked for too.
        assumed_default: Ids of CIs whose figures are those of their class.
        assumed_perfect: Ids of CIs without any figure, which never fail here.
        budget: For each service and structure function.
        seed: Of samples, if any are needed.
    """

    common_causes: tuple[CommonCause, ...] = ()
    maintenance: tuple[Maintenance, ...] = ()
    counts_maintenance: bool = False
    with_degraded: bool = True
    assumed_default: frozenset[str] = frozenset()
    assumed_perfect: frozenset[str] = frozenset()
    budget: Budget = field(default_factory=Budget)
    seed: int = 0


@dataclass(frozen=True, slots=True)
class ServiceAvailability:
    """How available a service is in the long run.

    Attributes:
        service: Its id.
        unavailability: P(DOWN), planned windows included if `counts_maintenance`.
        degraded: P(at least DEGRADED), without planned windows; None if it was not asked for.
        outages_per_year: Unplanned ones; None with the reason.
        frequency_reason: Why there is no frequency.
        scheduled_interruptions_per_year: Planned windows that take the service DOWN by themselves.
        scheduled_hours_per_year: How long these last.
        counts_maintenance: Whether planned windows are part of the unavailability.
        relies_on: Number of CIs that can fail and matter to the question.
        assumed_default: Of these, ids of CIs with the figures of their class.
        assumed_perfect: Of these, ids of CIs without figures.
        unknown: Of these, ids whose state cannot be judged; they were taken as never failing.
    """

    service: str
    unavailability: Probability
    degraded: Probability | None
    outages_per_year: float | None
    frequency_reason: str | None
    scheduled_interruptions_per_year: float
    scheduled_hours_per_year: float
    counts_maintenance: bool
    relies_on: int
    assumed_default: tuple[str, ...]
    assumed_perfect: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def availability(self) -> float:
        """Return 1 - P(DOWN)."""
        return 1.0 - self.unavailability.value

    @property
    def downtime_hours_per_year(self) -> float:
        """Return the hours a year for which the service is DOWN."""
        return HOURS_A_YEAR * self.unavailability.value

    @property
    def mean_outage_hours(self) -> float | None:
        """Return how long an unplanned outage lasts on average; None without a frequency."""
        if self.counts_maintenance or not self.outages_per_year:
            return None
        return self.downtime_hours_per_year / self.outages_per_year

    @property
    def assumed_share(self) -> float:
        """Return the share of CIs whose figures were assumed, in [0, 1]."""
        assumed = len(self.assumed_default) + len(self.assumed_perfect)
        return assumed / self.relies_on if self.relies_on else 0.0
