"""What does the question for the root cause answer?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cmdb.model.impact_reports import Step
from cmdb.model.practice_reports import NearEvent
from cmdb.model.reports import NamedCI, Report


@dataclass(frozen=True, slots=True)
class ObservedSymptom(Report):
    """A CI or service that suffers, and since when if that is known."""

    ci: NamedCI
    state: Literal["DOWN", "DEGRADED"]
    onset_at: datetime | None


@dataclass(frozen=True, slots=True)
class ScoreTerms(Report):
    """What a score is the sum of: see the guide to the engine for the weights.

    Attributes:
        explained: For symptoms that the failure brings about.
        silent: Against it: CIs that would be DOWN too and say nothing.
        contradicted: Against it: CIs that would suffer and were seen healthy.
        another: Against it: further CIs of a set.
        change: For a recent change before the onset.
        late: Against it: it suffers only after what it is to explain.
        prior: From how often such a CI fails.
    """

    explained: float
    silent: float
    contradicted: float
    another: float
    change: float
    late: float
    prior: float


@dataclass(frozen=True, slots=True)
class CausePath(Report):
    """A shortest chain from a candidate to a symptom; without steps it is the symptom itself."""

    symptom: NamedCI
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class CauseCandidate(Report):
    """A CI, or a set of up to three, whose failure explains symptoms.

    Attributes:
        cis: It.
        score: Sum of the terms; higher is more suspect.
        terms: Of the score.
        is_origin: It suffers, and nothing that it relies on does.
        explained: Symptoms that its failure brings about.
        unexplained: The others.
        contradicted: Healthy CIs that it would have broken.
        silent: Number of CIs that would be DOWN too and say nothing.
        paths: To each explained symptom.
        changes: What was changed about it before the onset, newest first.
    """

    cis: tuple[NamedCI, ...]
    score: float
    terms: ScoreTerms
    is_origin: bool
    explained: tuple[NamedCI, ...]
    unexplained: tuple[NamedCI, ...]
    contradicted: tuple[NamedCI, ...]
    silent: int
    paths: tuple[CausePath, ...]
    changes: tuple[NearEvent, ...]


@dataclass(frozen=True, slots=True)
class RootCauseReport(Report):
    """Which component it is, most likely, and what to look at next.

    Attributes:
        revision: Of the topology that was reasoned on.
        onset_at: The earliest onset: that topology is the one of then, unless `as_known_now`.
        as_known_now: The newest topology was reasoned on.
        symptoms: As they were read.
        candidates: Single CIs, the most suspect first.
        sets: Sets of two and three that score higher than every part of them.
        minimal_explaining_sets: Sets that explain as many symptoms as any, none of which has a CI
            to spare; at most 50.
        explained_by_best: How many symptoms these explain.
        check_next: The CI whose state tells the candidates apart best, or None.
        recorded_later: What was recorded about the candidates after the onset; it may have happened
            before it.
        is_complete: Every candidate, set and change was looked at.
    """

    revision: int
    onset_at: datetime
    as_known_now: bool
    symptoms: tuple[ObservedSymptom, ...]
    candidates: tuple[CauseCandidate, ...]
    sets: tuple[CauseCandidate, ...]
    minimal_explaining_sets: tuple[tuple[NamedCI, ...], ...]
    explained_by_best: int
    check_next: NamedCI | None
    recorded_later: tuple[NearEvent, ...]
    is_complete: bool
