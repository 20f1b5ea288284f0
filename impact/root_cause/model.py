"""What is observed, and what is said of a candidate cause?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from impact.errors import InvalidObservation
from impact.evidence import Step
from impact.model import State


@dataclass(frozen=True, slots=True)
class Symptom:
    """A CI or service that was seen to suffer.

    Attributes:
        ci: Its id.
        state: DOWN, or at least DEGRADED.
        onset_at: Since when, as an aware time; None: not known.

    Raises:
        InvalidObservation: State UP, or a naive time.
    """

    ci: str
    state: State = State.DOWN
    onset_at: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse what has no meaning."""
        if self.state not in (State.DEGRADED, State.DOWN):
            raise InvalidObservation(self.ci, "a symptom is DOWN or DEGRADED; UP is `healthy`")
        _check_aware(self.ci, self.onset_at)


@dataclass(frozen=True, slots=True)
class RecentChange:
    """Something that was changed about a CI; without a time it counts as done at onset.

    Raises:
        InvalidObservation: A naive time.
    """

    id: str
    ci: str
    at: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse what has no meaning."""
        _check_aware(self.ci, self.at)


@dataclass(frozen=True, slots=True)
class Weights:
    """What each reason counts, as a difference of log-likelihoods.

    They follow from stated rates and were fitted to no estate: one CI in five that is DOWN says
    nothing (or is not as recorded), one symptom in
    fifty comes from nothing, one healthy observation in a hundred is wrong, one fault in a hundred
    has company, and a CI changed just before is twenty times as suspect.

    Attributes:
        explained: ln(0.9 / 0.02), for each symptom that the failure brings about.
        silent: ln(0.2), for each CI of the observed kind that it would have brought down and that
            says nothing. Where all symptoms are services, services alone are the observed kind.
        contradicted: ln(0.01), for each CI seen healthy that it would have brought down.
        another: ln(0.01), for each further CI of a set.
        change: ln(20), for a change just before the onset; halved every `half_life_hours`.
        half_life_hours: How fast a change is forgotten.
        late: ln(0.2), for a candidate that suffers only after what it is to explain.
        prior: Of the natural logarithm of what is known beforehand.
    """

    explained: float = 3.8
    silent: float = -1.6
    contradicted: float = -4.6
    another: float = -4.6
    change: float = 3.0
    half_life_hours: float = 24.0
    late: float = -1.6
    prior: float = 0.5


@dataclass(frozen=True, slots=True)
class Terms:
    """What a score is the sum of; each is a weight times what was counted."""

    explained: float
    silent: float
    contradicted: float
    another: float
    change: float
    late: float
    prior: float

    @property
    def total(self) -> float:
        """Return their sum."""
        return (
            self.explained
            + self.silent
            + self.contradicted
            + self.another
            + self.change
            + self.late
            + self.prior
        )


@dataclass(frozen=True, slots=True)
class Candidate:
    """A CI, or a set of up to three, whose failure explains symptoms.

    Attributes:
        cis: Ids, sorted.
        score: The sum of the terms; higher is more suspect.
        terms: Of the score.
        is_symptomatic: Every CI of it suffers itself.
        is_origin: It does, and nothing that it relies on does.
        explained: Ids of the symptoms that its failure brings about, sorted.
        unexplained: The other symptoms, sorted.
        contradicted: Ids of healthy CIs that it would have brought down, sorted.
        silent: Number of CIs of the observed kind that it would have brought DOWN and that say
            nothing; what is merely DEGRADED may go unnoticed.
        paths: For each explained symptom a shortest chain from the candidate to it.
        changes: Recent changes of its CIs.
    """

    cis: tuple[str, ...]
    score: float
    terms: Terms
    is_symptomatic: bool
    is_origin: bool
    explained: tuple[str, ...]
    unexplained: tuple[str, ...]
    contradicted: tuple[str, ...]
    silent: int
    paths: Mapping[str, tuple[Step, ...]]
    changes: tuple[RecentChange, ...]


@dataclass(frozen=True, slots=True)
class RootCauses:
    """The answer: candidates, what explains everything, and what to look at next.

    Attributes:
        candidates: Single CIs by score, highest first; of equals an origin first, then the one
            nearer to the symptoms, then by id.
        sets: Sets of two and three in the same order: each scores higher than every part of it.
        minimal_explaining_sets: Sets of up to three CIs that explain as many symptoms as any, of
            which none can be spared; fewer CIs first, then by ids.
        explained_by_best: How many symptoms these explain.
        check_next: Id of the CI whose state tells the candidates apart best: the weight of those
            that say it is down comes nearest to one half. None where nothing does.
        is_complete: Every candidate and every set of them was tried, and no gate on the way has
            members that explain nothing alone: of such CIs no set is formed.
    """

    candidates: tuple[Candidate, ...]
    sets: tuple[Candidate, ...]
    minimal_explaining_sets: tuple[tuple[str, ...], ...]
    explained_by_best: int
    check_next: str | None
    is_complete: bool


def _check_aware(ci: str, moment: datetime | None) -> None:
    if moment is not None and moment.tzinfo is None:
        raise InvalidObservation(ci, "times must carry a time zone, for example UTC")
