"""Under which terms is availability asked for: target, planned windows, common causes?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import get_args

from cmdb.errors import BadValue
from cmdb.model.analysis_reports import PlannedWork
from cmdb.ports import MONTH_HOURS, AvailabilityQuestion, PlannedMode, SharedCause
from cmdb.services.analysis import BUDGET, BUDGET_OF_MANY, check_count, names_of, terms_of
from cmdb.services.context import Context
from cmdb.services.find_ci import find_each
from cmdb.services.impact_answers import ask_about
from cmdb.services.planned_windows import planned_windows
from cmdb.snapshot import Snapshot
from impact.availability import (
    COMMON_CAUSE_OF,
    AvailabilityTerms,
    CommonCause,
    cause_probability,
)
from impact.errors import InvalidFigure

MOST_CAUSES = 100
MOST_PERIOD_HOURS = 8_784.0
"""A leap year: what lasts longer is no period of an agreement."""
SAMPLES = 10_000
"""Periods simulated of one service: P is known to about 1 % of the periods."""
SAMPLES_OF_MANY = 1_000
"""Periods simulated of each service of several: to about 3 %."""
LEFT_OUT = "Windows of planned changes are left out."
COUNTED = "Windows of planned changes count as downtime."
EXCLUDED = "Windows of planned changes are left out, as the agreement excludes them."
NOT_ALL = "More changes are planned than were reckoned with."


@dataclass(frozen=True, slots=True)
class Target:
    """A target that was agreed, its period, and how many periods are simulated."""

    percent: float
    hours: float
    samples: int


@dataclass(frozen=True, slots=True)
class Terms:
    """What the engine is asked beside the services, and how answers tell it.

    Attributes:
        asked: As the engine takes them.
        target: What may be missed; None: nothing.
        planned: Which planned changes were looked at; None: none.
        causes: What was assumed about common causes.
        about_planned: What was assumed about planned windows.
    """

    asked: AvailabilityTerms
    target: Target | None
    planned: PlannedWork | None
    causes: tuple[str, ...]
    about_planned: tuple[str, ...]


def check_terms(question: AvailabilityQuestion) -> None:
    """Return if target, period and planned windows can be asked for so.

    Raises:
        BadValue: One cannot.
    """
    percent, hours = question.target_percent, question.period_hours
    if percent is not None and not 0.0 <= percent <= 100.0:
        raise BadValue("target", f"{percent:g} is not between 0 and 100", "It is a percentage.")
    if percent is not None and 0.0 < percent <= 1.0:
        hint = "It is a percentage: 99.9, not 0.999."
        raise BadValue("target", f"{percent:g} % is the target of no service", hint)
    if hours is not None and percent is None:
        raise BadValue("period", "no target is given for it", "Give a target, such as 99.9.")
    if hours is not None and not 0.0 < hours <= MOST_PERIOD_HOURS:
        raise BadValue("period", f"{hours:g} is not between 0 and {MOST_PERIOD_HOURS:,.0f} hours")
    if question.planned is not None and question.planned not in get_args(PlannedMode):
        hint = f"One of {', '.join(get_args(PlannedMode))}."
        raise BadValue("planned", f"{question.planned!r} is not known", hint)
    if question.from_at is not None and question.planned is None:
        raise BadValue("from", "nobody asks for planned windows", "Say whether they count.")


def read_terms(
    context: Context, snapshot: Snapshot, question: AvailabilityQuestion, *, is_alone: bool
) -> Terms:
    """Return the terms of a question; planned changes are read only where it asks for them.

    Args:
        context: On whose behalf, and with what.
        snapshot: What is asked about.
        question: Checked by `check_terms`.
        is_alone: It is about one CI, so that more may be spent on it.

    Raises:
        UnknownCI: With the nearest names.
        AmbiguousName: With the candidates.
        BadValue: A common cause that cannot be, or a year that cannot.
    """
    asked = terms_of(snapshot, BUDGET if is_alone else BUDGET_OF_MANY)
    causes, told = _common_causes(context, snapshot, question.common_causes)
    asked = replace(asked, common_causes=causes)
    target = _target(question, SAMPLES if is_alone else SAMPLES_OF_MANY)
    if question.planned is None:
        return Terms(asked, target, None, told, (LEFT_OUT,))
    found = planned_windows(context, snapshot, question.from_at)
    is_counted = question.planned == "counted"
    asked = replace(asked, maintenance=found.windows, counts_maintenance=is_counted)
    planned = PlannedWork(
        question.planned,
        found.from_at,
        found.to_at,
        found.changes,
        len(found.windows),
        found.is_complete,
    )
    about = COUNTED if is_counted else EXCLUDED
    return Terms(asked, target, planned, told, (about,) if found.is_complete else (about, NOT_ALL))


def _target(question: AvailabilityQuestion, samples: int) -> Target | None:
    if question.target_percent is None:
        return None
    hours = MONTH_HOURS if question.period_hours is None else question.period_hours
    return Target(question.target_percent, hours, samples)


def _common_causes(
    context: Context, snapshot: Snapshot, given: Sequence[SharedCause]
) -> tuple[tuple[CommonCause, ...], tuple[str, ...]]:
    """Return common causes as the engine takes them, and each in words."""
    if not given:
        return (), ()
    check_count("common causes", len(given), MOST_CAUSES)
    names = [each.group for each in given]
    ask_about(context, snapshot, names)
    found = find_each(context, names)
    causes: dict[str, CommonCause] = {}
    told = []
    for each in given:
        group = found[each.group].id
        label = label_of(context, snapshot, group)
        if group in causes:
            raise BadValue("common cause", f"{label} comes twice")
        causes[group] = _common_cause(label, group, each)
        try:
            q = cause_probability(snapshot.topology, causes[group])
        except InvalidFigure as error:
            raise refusal(context, snapshot, error, list(causes.values())) from error
        by = f"beta = {each.beta:g}, so that q = {q:g}" if each.q is None else f"q = {q:g}"
        told.append(f"Members of {label} have a common cause with {by}.")
    return tuple(causes.values()), tuple(told)


def _common_cause(label: str, group: str, given: SharedCause) -> CommonCause:
    word, value = ("q", given.q) if given.beta is None else ("beta", given.beta)
    if value is None or (given.beta is not None and given.q is not None):
        raise BadValue("common cause", f"{label} needs a beta or a q, one of both")
    if not 0.0 <= value <= 1.0:
        raise BadValue("common cause", f"{label}: {word} = {value:g} is not between 0 and 1")
    return CommonCause(group, given.beta, given.q)


def refusal(
    context: Context, snapshot: Snapshot, error: InvalidFigure, causes: Sequence[CommonCause]
) -> BadValue:
    """Return why common causes cannot be, with names in place of ids."""
    fault = error.fault
    for each in causes:
        fault = fault.replace(f"'{each.group}'", label_of(context, snapshot, each.group))
    return BadValue("common cause", f"{label_of(context, snapshot, error.ci)}: {fault}")


def label_of(context: Context, snapshot: Snapshot, event: str) -> str:
    """Return how answers call a CI, or the common cause of a group."""
    group = event.removeprefix(COMMON_CAUSE_OF)
    prefix = event.removesuffix(group)
    return f"{prefix}{names_of(context, snapshot, [group])[0]}"
