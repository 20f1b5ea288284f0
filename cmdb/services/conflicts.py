"""Which planned changes and open incidents harm services together, though none does alone?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal

from cmdb.errors import BadValue
from cmdb.model.analysis_reports import (
    ConflictCause,
    ConflictSpan,
    ConflictsReport,
    JointConflict,
    LeftGroup,
)
from cmdb.model.reports import NamedCI
from cmdb.services.analysis import names_of, some_of
from cmdb.services.context import Context
from cmdb.services.permit import permit
from cmdb.services.planned_changes import check_window, window_of
from cmdb.services.present import Present, present_between
from cmdb.services.record_writing import get_record
from cmdb.services.withholding import WITHHELD
from cmdb.snapshot import Snapshot
from impact import Outage
from impact import joint_outages as engine

AT_RISK_ONLY = "Targets that are only at risk count as if they failed."


def conflicts(
    context: Context,
    start_at: datetime | None = None,
    end_at: datetime | None = None,
    *,
    change_id: str = "",
) -> ConflictsReport:
    """Return every minimal set of planned changes and open incidents that harm a service together.

    Args:
        context: On whose behalf, and with what.
        start_at: Begin of the window; None: that of the recorded change.
        end_at: Its end; None: that of the recorded change.
        change_id: Tell only conflicts in which this change takes part; or empty.

    Raises:
        UnknownRecord: There is no change of that id.
        BadValue: No window, or one that cannot be.
    """
    permit(context.caller, "read")
    if change_id:
        window = window_of(get_record(context, "change", change_id))
        start_at, end_at = start_at or window[0], end_at or window[1]
    if start_at is None or end_at is None:
        raise BadValue("from" if start_at is None else "to", "the window is not told")
    check_window("window", start_at, end_at)
    snapshot = context.snapshots.latest()
    present = present_between(context, snapshot, start_at, end_at)
    outages: dict[str, list[Outage]] = {}
    for each in present.found:
        outages.setdefault(each.record.id, []).append(each.effect.outage)
    found = engine.joint_outages(
        snapshot.topology, [engine.Cause(name, tuple(set_)) for name, set_ in outages.items()]
    )
    causes = _causes(context, snapshot, present.found)
    has_risk = any(each.effect.effect == "at_risk" for each in present.found)
    best, worst = (
        _told(context, snapshot, causes, _concerning(conflicts_, change_id))
        for conflicts_ in (found.conflicts, found.worst)
    )
    return ConflictsReport(
        snapshot.revision,
        start_at,
        end_at,
        tuple(causes.values()),
        best,
        worst,
        found.is_complete and not present.is_partial,
        some_of(context, snapshot, found.incomplete),
        (*found.assumptions, AT_RISK_ONLY) if has_risk else found.assumptions,
    )


def _concerning(found: Iterable[engine.Conflict], change_id: str) -> Iterable[engine.Conflict]:
    return (each for each in found if not change_id or change_id in each.causes)


def _causes(
    context: Context, snapshot: Snapshot, found: Iterable[Present]
) -> Mapping[str, ConflictCause]:
    """Return each cause by id; its title is withheld if a CI of it is."""
    causes: dict[str, ConflictCause] = {}
    for each in found:
        record = each.record
        kind: Literal["incident", "change"] = "incident" if record.kind == "incident" else "change"
        ci = names_of(context, snapshot, [each.effect.ci])[0]
        known = causes.get(record.id)
        is_hidden = not ci.id or (known is not None and known.title == WITHHELD)
        title = WITHHELD if is_hidden else str(record.body["title"])
        causes[record.id] = ConflictCause(kind, record.id, title)
    return causes


def _told(
    context: Context,
    snapshot: Snapshot,
    causes: Mapping[str, ConflictCause],
    found: Iterable[engine.Conflict],
) -> tuple[JointConflict, ...]:
    def named(ci_id: str) -> NamedCI:
        return names_of(context, snapshot, [ci_id])[0]

    return tuple(
        JointConflict(
            named(each.service),
            each.effect.value,
            tuple(causes[cause] for cause in each.causes),
            tuple(ConflictSpan(span.start_at, span.end_at) for span in each.spans),
            tuple(
                LeftGroup(named(gate.ci), gate.standing, gate.members, gate.needed)
                for gate in each.gates
            ),
            some_of(context, snapshot, each.single_failures),
        )
        for each in found
    )
