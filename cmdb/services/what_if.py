"""What would a replica more, or a feed less, change for services?"""

from __future__ import annotations

from collections.abc import Sequence

from cmdb.errors import BadValue
from cmdb.model.analysis_reports import WhatIfReport, WhatIfService
from cmdb.model.inventory import CI
from cmdb.ports import WhatIfEdit
from cmdb.services.analysis import (
    BUDGET_OF_MANY,
    MINUTES_A_YEAR,
    check_count,
    figure_of,
    is_left,
    lent_solver,
    names_of,
    some_of,
)
from cmdb.services.context import Context
from cmdb.services.find_ci import find_each
from cmdb.services.impact_answers import ask_about
from cmdb.services.permit import permit
from cmdb.snapshot import Snapshot
from impact import Topology, reachable, single_points
from impact import what_if as engine
from impact.availability import AvailabilityTerms, availabilities
from impact.errors import InvalidEdit

MOST_EDITS = 100
MOST_SERVICES = 20
TERMS = AvailabilityTerms(with_degraded=False, budget=BUDGET_OF_MANY)


def what_if(
    context: Context, edits: Sequence[WhatIfEdit], names: Sequence[str] = ()
) -> WhatIfReport:
    """Return what some edits would change for services, most saved first; nothing is stored.

    Args:
        context: On whose behalf, and with what.
        edits: Made one after the other.
        names: Services to compare; empty: those that rely on an edited CI, the most critical first.

    Raises:
        UnknownCI: With the nearest names.
        AmbiguousName: With the candidates.
        BadValue: No edit, one that cannot be made, or a CI that takes no part in impact.
    """
    permit(context.caller, "read")
    check_count("edits", len(edits), MOST_EDITS)
    snapshot = context.snapshots.latest()
    named = [edit.ci for edit in edits]
    named += (name for edit in edits for name in (edit.provider, edit.to) if name)
    ask_about(context, snapshot, named)
    found = find_each(context, named)
    try:
        after = engine.edited(snapshot.topology, [_edit(snapshot, edit, found) for edit in edits])
    except InvalidEdit as error:
        raise BadValue("edits", _readable(context, snapshot, error, found)) from error
    services, left_out = _services(context, snapshot, names, [found[e.ci].id for e in edits])
    rows = _compared(context, snapshot, after, services)
    rows.sort(key=lambda row: (-row.saved_minutes_per_year, row.service.name, row.service.id))
    told = tuple(_told(context, snapshot, edit, found) for edit in edits)
    return WhatIfReport(snapshot.revision, told, tuple(rows), left_out)


def _edit(snapshot: Snapshot, edit: WhatIfEdit, found: dict[str, CI]) -> engine.Edit:
    ci = found[edit.ci].id
    provider = found[edit.provider].id if edit.provider else ""
    to = found[edit.to].id if edit.to else ""
    match edit.kind:
        case "replica" if bool(provider) == bool(to):
            return engine.AddReplica(ci, instead=((provider, to),) if provider else ())
        case "move" if provider and to:
            return engine.Move(_holder(snapshot, ci, provider), provider, to)
        case "drop" if provider:
            return engine.Drop(_holder(snapshot, ci, provider), provider)
        case "remove":
            return engine.Remove(ci)
    raise BadValue("edits", f"a {edit.kind} needs provider and to as its kind says")


def _holder(snapshot: Snapshot, ci: str, provider: str) -> str:
    """Return the CI, or the implicit group of it, that relies on a provider."""
    topology = snapshot.topology
    place = topology.index(provider)
    rows = topology.dependents_of
    ends = set(rows.ends[int(rows.starts[place]) : int(rows.starts[place + 1])].tolist())
    if topology.index(ci) in ends:
        return ci
    groups = snapshot.implicit_groups
    holders = (topology.ids[end] for end in sorted(ends))
    return next((each for each in holders if each in groups and groups[each][0] == ci), ci)


def _services(
    context: Context, snapshot: Snapshot, names: Sequence[str], edited: Sequence[str]
) -> tuple[list[str], int]:
    if names:
        check_count("cis", len(names), MOST_SERVICES)
        return [ci.id for ci in ask_about(context, snapshot, names).cis], 0
    topology = snapshot.topology
    nodes = [*reachable(topology, edited).tolist(), *(topology.index(ci) for ci in edited)]
    services = [node for node in nodes if topology.is_service(node)]
    services.sort(key=lambda node: (-int(topology.criticality[node]), topology.ids[node]))
    chosen = [topology.ids[node] for node in services[:MOST_SERVICES]]
    return chosen, max(0, len(services) - MOST_SERVICES)


def _compared(
    context: Context, snapshot: Snapshot, after: Topology, services: list[str]
) -> list[WhatIfService]:
    before = snapshot.topology
    points = [single_points(topology, services) for topology in (before, after)]
    with lent_solver() as solver:
        now, then = (
            list(availabilities(each, services, solver, terms=TERMS, should_stop=is_left))
            for each in (before, after)
        )
    rows = []
    for place, service in enumerate(services):
        old, new = (set(each[service]) for each in points)
        gained = sorted((new - old) & set(before.ids))
        lost = sorted(old - new)
        one, other = now[place].unavailability, then[place].unavailability
        rows.append(
            WhatIfService(
                names_of(context, snapshot, [service])[0],
                figure_of(one),
                figure_of(other),
                (one.value - other.value) * MINUTES_A_YEAR,
                some_of(context, snapshot, gained),
                len(gained),
                some_of(context, snapshot, lost),
                len(lost),
            )
        )
    return rows


def _told(context: Context, snapshot: Snapshot, edit: WhatIfEdit, found: dict[str, CI]) -> str:
    ci, provider, to = (
        str(names_of(context, snapshot, [found[name].id])[0]) if name else ""
        for name in (edit.ci, edit.provider, edit.to)
    )
    match edit.kind:
        case "replica":
            return f"A replica of {ci}" + (f" on {to} instead of {provider}" if to else "")
        case "move":
            return f"{ci} relies on {to} instead of {provider}"
        case "drop":
            return f"{ci} relies on {provider} no more"
        case "remove":
            return f"{ci} is taken away"


def _readable(
    context: Context, snapshot: Snapshot, error: InvalidEdit, found: dict[str, CI]
) -> str:
    """Return what cannot be done, with names in place of ids."""
    text = f"'{error.ci}': {error.fault}"
    for ci in found.values():
        text = text.replace(f"'{ci.id}'", str(names_of(context, snapshot, [ci.id])[0]))
    return text
