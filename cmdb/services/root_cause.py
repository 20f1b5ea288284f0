"""These services hurt: which component is it, and what changed?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Literal

from cmdb.errors import BadValue
from cmdb.model.cause_reports import (
    CauseCandidate,
    CausePath,
    ObservedSymptom,
    RootCauseReport,
    ScoreTerms,
)
from cmdb.model.inventory import from_epoch_ms
from cmdb.model.practice_reports import NearEvent
from cmdb.model.reports import NamedCI
from cmdb.ports import CauseQuestion, NewAffected
from cmdb.services.analysis import check_count, names_of
from cmdb.services.changes_near import changes_near
from cmdb.services.context import Context
from cmdb.services.find_ci import find_each
from cmdb.services.impact_answers import ask_about
from cmdb.services.impact_names import Names
from cmdb.services.moments import snapshot_at
from cmdb.services.permit import permit
from cmdb.services.record_values import check_aware
from cmdb.services.record_writing import get_record
from cmdb.snapshot import Snapshot
from impact import State
from impact import root_cause as engine
from impact.errors import InvalidObservation

MOST_SYMPTOMS = 200
MOST_HEALTHY = 1_000
MOST_CANDIDATES = 100
MOST_HOURS = 24.0 * 366
MOST_EVENTS = 1_000
MOST_SETS = 50
ASKED_ABOUT = 300
"""How many of the best candidates are asked for their changes."""


def root_cause(context: Context, question: CauseQuestion) -> RootCauseReport:
    """Return which failures explain the symptoms best, with recent changes, and what to check next.

    The topology is that of the earliest onset, so that what was done to mend things does not hide
    what broke them. The log knows when something was recorded: what was recorded later about the
    candidates is listed apart, since it may have happened before.

    Raises:
        UnknownCI: With the nearest names.
        AmbiguousName: With the candidates.
        UnknownRecord: There is no incident of that id.
        BadValue: No symptom, a CI that took no part in impact then, one that is said to be both
            suffering and healthy, or a number that cannot be.
    """
    permit(context.caller, "read")
    _check(question)
    symptoms = [*question.symptoms, *_affected(context, question.incident)]
    check_count("symptoms", len(symptoms), MOST_SYMPTOMS)
    onset_at = _onset(context, question, symptoms)
    snapshot = snapshot_at(context, None if question.as_known_now else onset_at)
    ask_about(context, snapshot, [each.ci for each in symptoms])
    found = find_each(context, [*(each.ci for each in symptoms), *question.healthy])
    observed = [_observed(each, found[each.ci].id) for each in symptoms]
    healthy = [found[name].id for name in question.healthy]
    if healthy:
        ask_about(context, snapshot, healthy)
    try:
        first = engine.rank_causes(
            snapshot.topology, observed, healthy=healthy, limit=max(question.first, ASKED_ABOUT)
        )
        events, is_partial = _events(context, snapshot, first, onset_at, question.hours)
        changes = [
            engine.RecentChange(str(place), each.subject.id, each.at)
            for place, each in enumerate(events)
        ]
        # Without any time of onset, the engine takes every change for a fresh one: tell it one.
        timed = [
            engine.Symptom(each.ci, each.state, each.onset_at or onset_at) for each in observed
        ]
        ranked = engine.rank_causes(
            snapshot.topology, timed, healthy=healthy, changes=changes, limit=question.first
        )
    except InvalidObservation as error:
        label = names_of(context, snapshot, [error.ci])[0]
        raise BadValue("healthy", f"{label}: {error.fault}") from error
    named = _Named(context, snapshot, ranked, events, onset_at)
    return RootCauseReport(
        snapshot.revision,
        onset_at,
        question.as_known_now,
        tuple(
            ObservedSymptom(named.ci(each.ci), _word(each.state), each.onset_at)
            for each in observed
        ),
        tuple(named.candidate(each) for each in ranked.candidates),
        tuple(named.candidate(each) for each in ranked.sets),
        tuple(named.cis(each) for each in ranked.minimal_explaining_sets[:MOST_SETS]),
        ranked.explained_by_best,
        None if ranked.check_next is None else named.ci(ranked.check_next),
        tuple(each for each in events if each.kind == "log" and each.at > onset_at),
        ranked.is_complete and not is_partial,
    )


def _check(question: CauseQuestion) -> None:
    if not question.symptoms and not question.incident:
        raise BadValue("symptom", "nothing suffers", "Name what does, or an incident.")
    check_count("first", question.first, MOST_CANDIDATES)
    if len(question.healthy) > MOST_HEALTHY:
        raise BadValue("healthy", f"more than {MOST_HEALTHY:,} CIs are named")
    if not 0.0 <= question.hours <= MOST_HOURS:
        raise BadValue("hours", f"{question.hours:g} is not between 0 and {MOST_HOURS:,.0f}")
    for moment in (question.onset_at, *(each.onset_at for each in question.symptoms)):
        if moment is not None:
            check_aware("onset", moment)


def _affected(context: Context, incident_id: str) -> list[NewAffected]:
    """Return what an incident says of its CIs."""
    if not incident_id:
        return []
    body = get_record(context, "incident", incident_id).body
    return [
        NewAffected(each["ci"], each["effect"], from_epoch_ms(each["onset_at"]))
        for each in body["affected"]
    ]


def _onset(context: Context, question: CauseQuestion, symptoms: Sequence[NewAffected]) -> datetime:
    told = [each.onset_at for each in symptoms if each.onset_at is not None]
    if question.onset_at is not None:
        told.append(question.onset_at)
    return min(told, default=context.clock.now())


def _observed(symptom: NewAffected, ci: str) -> engine.Symptom:
    state = State.DEGRADED if symptom.effect == "degraded" else State.DOWN
    return engine.Symptom(ci, state, symptom.onset_at)


def _word(state: State) -> Literal["DOWN", "DEGRADED"]:
    return "DOWN" if state is State.DOWN else "DEGRADED"


def _events(
    context: Context,
    snapshot: Snapshot,
    ranked: engine.RootCauses,
    onset_at: datetime,
    hours: float,
) -> tuple[tuple[NearEvent, ...], bool]:
    """Return what touched the best candidates since some hours before the onset."""
    cis = dict.fromkeys(ci for each in (*ranked.candidates, *ranked.sets) for ci in each.cis)
    visible = [ci.id for ci in names_of(context, snapshot, cis) if ci.id][:ASKED_ABOUT]
    if not visible:
        return (), False
    try:
        since_at = onset_at - timedelta(hours=hours)
    except OverflowError as error:
        raise BadValue("hours", "that is before the year 1") from error
    near = changes_near(context, visible, since_at, 0, MOST_EVENTS)
    return near.events, near.is_partial


class _Named:
    """Gives names to what the engine found."""

    def __init__(
        self,
        context: Context,
        snapshot: Snapshot,
        ranked: engine.RootCauses,
        events: Sequence[NearEvent],
        onset_at: datetime,
    ) -> None:
        self._events = events
        self._onset_at = onset_at
        self._names = Names(
            context,
            snapshot,
            [
                end
                for each in (*ranked.candidates, *ranked.sets)
                for path in each.paths.values()
                for step in path
                for end in (step.provider, step.dependent)
            ],
        )
        self.ci = self._names.named

    def cis(self, ids: Iterable[str]) -> tuple[NamedCI, ...]:
        return tuple(self.ci(each) for each in ids)

    def candidate(self, found: engine.Candidate) -> CauseCandidate:
        cis = set(found.cis)
        return CauseCandidate(
            self.cis(found.cis),
            found.score,
            ScoreTerms(**asdict(found.terms)),
            found.is_origin,
            self.cis(found.explained),
            self.cis(found.unexplained),
            self.cis(found.contradicted),
            found.silent,
            tuple(
                CausePath(self.ci(symptom), tuple(self._names.step(step) for step in steps))
                for symptom, steps in found.paths.items()
            ),
            tuple(
                each
                for each in self._events
                if each.subject.id in cis and each.at <= self._onset_at
            ),
        )
