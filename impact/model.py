"""Which words the engine uses: strengths, states, outages, problems and assumptions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum

from impact.errors import InvalidOutage

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
FIRST_MILLISECOND = (datetime.min.replace(tzinfo=UTC) - EPOCH) // MILLISECOND
LAST_MILLISECOND = (datetime.max.replace(tzinfo=UTC) - EPOCH) // MILLISECOND
"""The first and last milliseconds that a calendar of four-digit years can name."""

GENERAL_ASSUMPTIONS = (
    "Fail-over within a redundancy group is instant and perfect.",
    "Recovery is immediate at the end of an outage; restart times are not modelled.",
)


class Strength(IntEnum):
    """How a provider's failure reaches a dependent; the values are the uint8 codes of the arrays.

    HARD: DOWN brings DOWN, DEGRADED brings DEGRADED. SOFT: DOWN brings DEGRADED, DEGRADED nothing.
    GATE: the provider is a member of the dependent and is counted by k-of-n. WEAK: shown only.
    """

    HARD = 0
    SOFT = 1
    GATE = 2
    WEAK = 3


class State(IntEnum):
    """State of a node, ordered by harm; AT_RISK is no state but a separate mark."""

    UP = 0
    DEGRADED = 1
    DOWN = 2


@dataclass(frozen=True, slots=True)
class Outage:
    """An own state that a cause sets on one CI, for ever or within `[start_at, end_at)`.

    Args:
        ci: Id of the CI.
        state: DOWN or DEGRADED.
        start_at: Aware time of the beginning; None: it has begun.
        end_at: Aware time of the end, excluded; None: it lasts for ever.
        cause: Free reference to what causes it (an incident, a change).

    Raises:
        InvalidOutage: State UP, a naive time, or an end that is not after the start.

    Examples:
        >>> Outage("db-1").state.name
        'DOWN'
    """

    ci: str
    state: State = State.DOWN
    start_at: datetime | None = None
    end_at: datetime | None = None
    cause: str | None = None

    def __post_init__(self) -> None:
        """Refuse what has no meaning."""
        if self.state not in (State.DEGRADED, State.DOWN):
            raise InvalidOutage(self.ci, "the state must be DOWN or DEGRADED")
        for moment in (self.start_at, self.end_at):
            if moment is not None and moment.tzinfo is None:
                raise InvalidOutage(self.ci, "times must carry a time zone, for example UTC")
        if self.start_at and self.end_at and self.end_at <= self.start_at:
            raise InvalidOutage(self.ci, "it must end after it starts")

    @property
    def is_timed(self) -> bool:
        """Tell whether a start or an end is given."""
        return self.start_at is not None or self.end_at is not None


@dataclass(frozen=True, slots=True)
class Problem:
    """Something the estate got wrong and the rules compiled anyway.

    Kinds: `group_under_strength` (fewer members than k_min: its state is UNKNOWN), `self_loop`
    (a CI that depends on itself: no effect), `group_own_member` (a group that is its own member),
    `duplicate_member` (one member recorded twice in one group: counted once).
    """

    kind: str
    ci: str
    message: str


@dataclass(frozen=True, slots=True)
class Assumption:
    """Something the engine took for granted about one CI, because nothing was recorded."""

    kind: str
    ci: str
    message: str


def to_milliseconds(moment: datetime) -> int:
    """Return whole milliseconds since 1970 in UTC of an aware time."""
    return (moment - EPOCH) // MILLISECOND


def from_milliseconds(milliseconds: int) -> datetime:
    """Return the aware UTC time of milliseconds since 1970."""
    return EPOCH + milliseconds * MILLISECOND
