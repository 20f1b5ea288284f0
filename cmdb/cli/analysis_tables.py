"""How are answers about availability, single points and conflicts printed?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cmdb.cli.output import duration_text, plural, print_lines, print_table, time_text
from cmdb.model.analysis_reports import (
    AvailabilityReport,
    ConflictsReport,
    CutSetsReport,
    Figure,
    ImportanceReport,
    JointConflict,
    PlannedWork,
    ServiceAvailability,
    SinglePointsReport,
    TargetRisk,
    WhatIfReport,
)
from cmdb.model.reports import NamedCI

SHOWN_POINTS = 8


def print_availability(report: AvailabilityReport) -> None:
    """Print a row a service, then what was taken for granted."""
    print_table(
        ["service", "availability", "down a year", "outages a year", "mean outage", "degraded",
         "how", "assumed"],
        [_availability_row(each) for each in report.services],
        empty="There is no service.",
    )  # fmt: skip
    for each in report.services:
        if each.target is not None:
            print_lines([f"{each.service.name}: {_target(each.target)}"])
    if report.planned is not None:
        print_lines([_planned(report.planned), *_scheduled(report.services)])
    for each in report.services:
        if each.assumed_perfect_count or each.assumed_default_count:
            print_lines([_assumed(each)])
    figures: list[Figure | None] = [each.unavailability for each in report.services]
    figures += [each.target.missed for each in report.services if each.target is not None]
    texts = {text for figure in figures if figure is not None for text in figure.assumptions}
    if texts:
        print_lines(["", "Taken for granted:", *(f"  {text}" for text in sorted(texts))])


def _availability_row(each: ServiceAvailability) -> list[str]:
    mean = each.mean_outage_hours
    return [
        each.service.name,
        f"{each.availability:.6%}",
        duration_text(each.downtime_minutes_per_year * 60.0),
        "-" if each.outages_per_year is None else f"{each.outages_per_year:.3g}",
        "-" if mean is None else duration_text(mean * 3600.0),
        "-" if each.degraded is None else f"{each.degraded.value:.2e}",
        how_found(each.unavailability),
        f"{each.assumed_share:.0%}",
    ]


def _target(target: TargetRisk) -> str:
    allowed = duration_text(target.allowed_minutes * 60.0)
    agreed = (
        f"{target.target_percent:g} % of {target.period_hours:g} hours allow {allowed} of downtime"
    )
    missed = target.missed
    if missed is None or missed.ci95 is None or target.mean_downtime_minutes is None:
        return f"{agreed}; whether that is kept cannot be told: {target.reason}."
    low, high = missed.ci95
    return (
        f"{agreed}, missed in {missed.value:.2%} of {missed.samples:,} simulated periods "
        f"(95 % {low:.2%} to {high:.2%}, seed {missed.seed}); on average one has "
        f"{duration_text(target.mean_downtime_minutes * 60.0)}."
    )


def _planned(planned: PlannedWork) -> str:
    changes = plural(planned.changes, "planned change")
    how = "they count as downtime" if planned.mode == "counted" else "they are left out"
    return (
        f"{changes} from {time_text(planned.from_at)} to {time_text(planned.to_at)} with "
        f"{plural(planned.windows, 'stretch', 'stretches')} of outage: {how}."
    )


def _scheduled(services: Iterable[ServiceAvailability]) -> Iterable[str]:
    """Yield what planned windows alone take DOWN."""
    for each in services:
        times, hours = each.scheduled_interruptions_per_year, each.scheduled_hours_per_year
        if times and hours:
            yield (
                f"{each.service.name}: DOWN by plan {times:g} times a year, "
                f"for {duration_text(hours * 3_600.0)} altogether."
            )


def _assumed(each: ServiceAvailability) -> str:
    return (
        f"{each.service.name}: of {plural(each.relies_on, 'CI')}, {each.assumed_default_count} "
        f"have the figures of their class and {each.assumed_perfect_count} none, so that they "
        "never fail here."
    )


def how_found(figure: Figure) -> str:
    """Return in a few words how a probability was found."""
    if figure.ci95 is None:
        return figure.method
    low, high = figure.ci95
    return f"{figure.method}, 95 % {low:.2e} to {high:.2e}"


def print_single_points(report: SinglePointsReport) -> None:
    """Print a row a service, then the CIs that most services share."""
    rows = []
    for each in report.services:
        names = [str(ci) for ci in each.cis[:SHOWN_POINTS]]
        if each.count > len(names):
            names.append(f"and {each.count - len(names)} more")
        rows.append([each.service.name, each.count, ", ".join(names)])
    print_table(["service", "single points", "which"], rows, empty="There is no service.")
    if report.shared:
        print_lines([""])
        print_table(
            ["CI", "services"],
            [[str(each.ci), each.services] for each in report.shared],
            title="SHARED BY SEVERAL SERVICES",
        )


def print_importance(report: ImportanceReport) -> None:
    """Print P(DOWN), then a row a CI."""
    figure = report.unavailability
    print_lines([f"{report.service}: P(DOWN) {figure.value:.6e} ({how_found(figure)})"])
    if report.reason:
        return print_lines([f"No measure of importance: {report.reason}."])
    with_fv = any(each.fussell_vesely is not None for each in report.cis)
    print_table(
        ["CI", "q", "Birnbaum", "criticality", "RAW", "RRW", *(["FV"] if with_fv else []),
         "a replica saves a year"],
        [
            [
                str(each.ci),
                f"{each.unavailability:.2e}",
                f"{each.birnbaum:.2e}",
                _number(each.criticality),
                _number(each.risk_achievement_worth),
                _number(each.risk_reduction_worth),
                *([_number(each.fussell_vesely)] if with_fv else []),
                f"{each.replica_minutes_per_year:.1f} min",
            ]
            for each in report.cis
        ],
    )  # fmt: skip
    if report.count > len(report.cis):
        print_lines([f"... and {report.count - len(report.cis)} more; --limit lists them."])
    return None


def _number(value: float | str | None) -> str:
    if value is None:
        return "-"
    return value if isinstance(value, str) else f"{value:.4g}"


def print_cut_sets(report: CutSetsReport) -> None:
    """Print the exact number, then the listed sets with the limits they keep."""
    if report.reason:
        return print_lines([f"{report.service}: {report.reason}."])
    state = "all of them" if report.is_complete else "not all of them"
    print_lines(
        [
            f"{report.service}: {report.count} minimal cut sets",
            f"Listed: up to {plural(report.largest, 'CI')}, at most {report.limit} sets: {state}",
        ]
    )
    print_table(
        ["CIs", "probability"],
        [
            [", ".join(str(ci) for ci in each.cis), f"{each.probability:.3e}"]
            for each in report.sets
        ],
    )
    return None


def print_conflicts(report: ConflictsReport) -> None:
    """Print each conflict as a sentence with its times."""
    print_lines(
        [
            f"{plural(len(report.conflicts), 'conflict')} among "
            f"{plural(len(report.causes), 'planned change or open incident', _CAUSES)} from "
            f"{time_text(report.start_at)} to {time_text(report.end_at)}"
        ]
    )
    for each in report.conflicts:
        print_lines(["", *_sentences(each)])
    only_worst = [each for each in report.worst if each not in report.conflicts]
    if only_worst:
        print_lines(["", "If what is unknown has failed, also:"])
        for each in only_worst:
            print_lines(["", *_sentences(each)])
    if not report.is_complete:
        print_lines(["", "There may be more: the search was cut short."])


_CAUSES = "planned changes and open incidents"
_EFFECTS = {
    "DOWN": "take {} DOWN",
    "DEGRADED": "degrade {}",
    "REDUNDANCY_LOST": "leave {} with a single point of failure",
}


def _sentences(each: JointConflict) -> Iterable[str]:
    causes = " and ".join(f"{cause.title} ({cause.kind} {cause.id})" for cause in each.causes)
    yield f"{causes} together {_EFFECTS[each.effect].format(each.service)}"
    for span in each.spans:
        yield f"  from {time_text(span.start_at)} to {time_text(span.end_at)}"
    for group in each.groups:
        yield f"  {group.ci}: {group.standing} of {group.members} left, {group.needed} needed"
    if each.single_failures:
        yield f"  single points then: {', '.join(str(ci) for ci in each.single_failures)}"


def print_what_if(report: WhatIfReport) -> None:
    """Print the edits, then a row a service."""
    print_lines([*report.edits, ""])
    print_table(
        ["service", "P(DOWN) now", "then", "saved a year", "single points gained", "lost", "how"],
        [
            [
                each.service.name,
                f"{each.before.value:.4e}",
                f"{each.after.value:.4e}",
                f"{each.saved_minutes_per_year:.1f} min",
                _points(each.gained, each.gained_count),
                _points(each.lost, each.lost_count),
                how_found(each.after),
            ]
            for each in report.services
        ],
        empty="No service relies on what is edited.",
    )
    if report.left_out:
        print_lines([f"{plural(report.left_out, 'more service')} not compared; name them."])


def _points(cis: Sequence[NamedCI], count: int) -> str:
    names = ", ".join(str(ci) for ci in cis[:SHOWN_POINTS])
    return names if count <= SHOWN_POINTS else f"{names} and {count - SHOWN_POINTS} more"
