"""How available are services in the long run, and what matters most to one?"""

from __future__ import annotations

import math
from collections.abc import Sequence

from cmdb.errors import BadValue
from cmdb.model.analysis_reports import (
    AvailabilityReport,
    CIImportance,
    CutSet,
    CutSetsReport,
    ImportanceReport,
    ServiceAvailability,
)
from cmdb.services.analysis import (
    BUDGET,
    BUDGET_OF_MANY,
    MINUTES_A_YEAR,
    OUT_OF_BUDGET,
    check_count,
    figure_of,
    is_left,
    lent_solver,
    names_of,
    some_of,
    terms_of,
)
from cmdb.services.context import Context
from cmdb.services.impact_answers import ask_about
from cmdb.services.permit import permit
from cmdb.snapshot import Snapshot
from impact import availability as engine
from impact.structure import Importance, Limits, measure_importance

MOST_AT_ONCE = 100
MOST_MEASURES = 10_000
MOST_CUT_SETS = 1_000
LARGEST_CUT_SET = 8


def availability(
    context: Context, names: Sequence[str] = (), *, first: int = 20, after: str = ""
) -> AvailabilityReport:
    """Return how available these CIs are, or a page of all services in the order of the inventory.

    Raises:
        UnknownCI: With the nearest names.
        AmbiguousName: With the candidates.
        BadValue: A CI takes no part in impact, or the page cannot be.
    """
    permit(context.caller, "read")
    check_count("first", first, MOST_AT_ONCE)
    snapshot = context.snapshots.latest()
    if names:
        check_count("names", len(names), MOST_AT_ONCE)
        chosen = [ci.id for ci in ask_about(context, snapshot, names).cis]
        total, following = len(chosen), ""
    else:
        services = snapshot.services()
        begin = _place(services, after)
        chosen = services[begin : begin + first]
        total = len(services)
        following = chosen[-1] if begin + first < total else ""
    terms = terms_of(snapshot, BUDGET if len(chosen) == 1 else BUDGET_OF_MANY)
    with lent_solver() as solver:
        found = engine.availabilities(
            snapshot.topology, chosen, solver, terms=terms, should_stop=is_left
        )
        services_told = tuple(_told(context, snapshot, each) for each in found)
    return AvailabilityReport(snapshot.revision, services_told, following, total)


def importance(
    context: Context, name: str, *, first: int = 50, fussell_vesely: bool = False
) -> ImportanceReport:
    """Return how much each CI matters to one, the most critical first.

    Raises:
        UnknownCI: With the nearest names.
        AmbiguousName: With the candidates.
        BadValue: The CI takes no part in impact, or the number cannot be.
    """
    permit(context.caller, "read")
    check_count("first", first, MOST_MEASURES)
    snapshot = context.snapshots.latest()
    (ci,) = ask_about(context, snapshot, [name]).cis
    structure, events = _structure(snapshot, ci.id)
    with lent_solver() as solver:
        figure = solver.probability(structure.down, events.q, budget=BUDGET, should_stop=is_left)
        measures = measure_importance(
            solver,
            structure.down,
            events.q,
            with_fussell_vesely=fussell_vesely,
            budget=BUDGET,
            should_stop=is_left,
        )
    rows = [_measured(context, snapshot, events, measure) for measure in (measures or [])[:first]]
    return ImportanceReport(
        snapshot.revision,
        names_of(context, snapshot, [ci.id])[0],
        figure_of(figure),
        tuple(rows),
        len(measures or ()),
        OUT_OF_BUDGET if measures is None else "",
    )


def cut_sets(context: Context, name: str, *, largest: int = 3, first: int = 100) -> CutSetsReport:
    """Return the exact number of minimal cut sets of a CI, and those within limits.

    Raises:
        UnknownCI: With the nearest names.
        AmbiguousName: With the candidates.
        BadValue: The CI takes no part in impact, or a limit cannot be.
    """
    permit(context.caller, "read")
    check_count("first", first, MOST_CUT_SETS)
    check_count("largest", largest, LARGEST_CUT_SET)
    snapshot = context.snapshots.latest()
    (ci,) = ask_about(context, snapshot, [name]).cis
    structure, events = _structure(snapshot, ci.id)
    limits = Limits(largest=largest, limit=first)
    with lent_solver() as solver:
        count = solver.cut_set_count(structure.down, budget=BUDGET, should_stop=is_left)
        listed = solver.cut_sets(
            structure.down, events.q, limits, budget=BUDGET, should_stop=is_left
        )
    sets, is_complete = listed or ([], False)
    return CutSetsReport(
        snapshot.revision,
        names_of(context, snapshot, [ci.id])[0],
        None if count is None else str(count),
        tuple(
            CutSet(
                names_of(context, snapshot, [events.names[event] for event in each]),
                math.prod(events.q[event] for event in each),
            )
            for each in sets
        ),
        largest,
        first,
        is_complete,
        OUT_OF_BUDGET if count is None or listed is None else "",
    )


def _structure(snapshot: Snapshot, ci_id: str) -> tuple[engine.Structure, engine.Events]:
    topology = snapshot.topology
    structure = engine.StructureBuilder(topology).build(topology.index(ci_id))
    return structure, engine.read_events(topology, structure)


def _place(services: Sequence[str], after: str) -> int:
    if not after:
        return 0
    try:
        return services.index(after) + 1
    except ValueError:
        raise BadValue("after", "no page ended there", "Begin without it.") from None


def _told(
    context: Context, snapshot: Snapshot, found: engine.ServiceAvailability
) -> ServiceAvailability:
    return ServiceAvailability(
        names_of(context, snapshot, [found.service])[0],
        found.availability,
        figure_of(found.unavailability),
        None if found.degraded is None else figure_of(found.degraded),
        found.downtime_hours_per_year * 60.0,
        found.outages_per_year,
        found.mean_outage_hours,
        found.frequency_reason or "",
        found.relies_on,
        found.assumed_share,
        len(found.assumed_default),
        some_of(context, snapshot, found.assumed_default),
        len(found.assumed_perfect),
        some_of(context, snapshot, found.assumed_perfect),
        some_of(context, snapshot, found.unknown),
    )


def _measured(
    context: Context, snapshot: Snapshot, events: engine.Events, measure: Importance
) -> CIImportance:
    q = events.q[measure.event]
    worth = measure.risk_reduction_worth
    return CIImportance(
        names_of(context, snapshot, [events.names[measure.event]])[0],
        q,
        measure.birnbaum,
        measure.criticality,
        measure.risk_achievement_worth,
        "infinity" if worth == math.inf else worth,
        measure.fussell_vesely,
        measure.birnbaum * q * (1.0 - q) * MINUTES_A_YEAR,
    )
