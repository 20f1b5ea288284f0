"""What would a change do, in which stretch of time, and how close does it come to worse?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cmdb.errors import BadValue
from cmdb.model.impact_reports import PreviewReport, Slice
from cmdb.model.nodes import Node
from cmdb.ports import Target
from cmdb.services.context import Context
from cmdb.services.find_ci import find_each
from cmdb.services.impact_answers import (
    check_part,
    report_basis,
    report_hits,
    report_outages,
)
from cmdb.services.impact_names import Names
from cmdb.services.outlook import Effect, Outlook, look_ahead
from cmdb.services.permit import permit
from cmdb.services.planned_changes import (
    check_number,
    check_window,
    check_within,
    targets_of,
    window_of,
)
from cmdb.services.present import Present, Presents, present_between, report_present, taking_part
from cmdb.services.record_writing import get_record
from cmdb.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Plan:
    """A change as it is asked about: targets by id, each with its window, and its own window."""

    effects: tuple[Effect, ...]
    start_at: datetime
    end_at: datetime
    change_id: str = ""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """The answer by ids, before names are given and withheld."""

    plan: Plan
    snapshot: Snapshot
    present: Presents
    outlook: Outlook


def preview_change(
    context: Context,
    targets: Sequence[Target],
    start_at: datetime | None,
    end_at: datetime | None,
    *,
    change_id: str = "",
) -> PreviewReport:
    """Return what happens in each stretch of time if the targets are affected from start to end.

    Open incidents and other planned changes are reckoned with.

    Args:
        context: On whose behalf, and with what.
        targets: What the change does to each CI; empty: what the recorded change does.
        start_at: When the work begins, an aware time; None: as the recorded change.
        end_at: When it ends, after the start; None: as the recorded change.
        change_id: A recorded change, which then does not count as another one; or empty.

    Raises:
        UnknownCI: With the nearest names.
        AmbiguousName: With the candidates.
        UnknownRecord: There is no change of that id.
        BadValue: No target or window, one that ends before it starts or has no time zone, a
            target's window outside that of the change, or a CI that takes no part in impact.
    """
    permit(context.caller, "read")
    plan = plan_of(context, targets, start_at, end_at, change_id)
    return report_preview(context, foresee(context, plan))


def plan_of(
    context: Context,
    targets: Sequence[Target],
    start_at: datetime | None,
    end_at: datetime | None,
    change_id: str = "",
) -> Plan:
    """Return the question with every CI by id and every window told; see `preview_change`."""
    recorded = get_record(context, "change", change_id) if change_id else None
    if recorded is not None:
        window = window_of(recorded)
        start_at, end_at = start_at or window[0], end_at or window[1]
    if start_at is None or end_at is None:
        raise BadValue("from" if start_at is None else "to", "the window of the change is not told")
    check_window("change", start_at, end_at)
    found = targets_of(recorded) if recorded and not targets else _by_id(context, targets)
    check_within(context, start_at, end_at, found)
    effects = [
        Effect(each.ci, each.effect, each.start_at or start_at, each.end_at or end_at)
        for each in found
    ]
    return Plan(tuple(effects), start_at, end_at, change_id)


def _by_id(context: Context, targets: Sequence[Target]) -> list[Target]:
    check_number(targets)
    found = find_each(context, [each.ci for each in targets])
    return [Target(found[each.ci].id, each.effect, each.start_at, each.end_at) for each in targets]


def foresee(context: Context, plan: Plan) -> Foreseen:
    """Return what the engine finds about a plan on the newest snapshot.

    Raises:
        BadValue: A CI takes no part in impact.
    """
    snapshot = context.snapshots.latest()
    blank = Node("change", plan.change_id, 0, "", {})
    asked = taking_part(context, snapshot, [Present(effect, blank) for effect in plan.effects])
    effects = tuple(each.effect for each in asked)
    if len(effects) < len(plan.effects):
        check_part(context, snapshot, [each.ci for each in plan.effects])
    plan = Plan(effects, plan.start_at, plan.end_at, plan.change_id)
    present = present_between(context, snapshot, plan.start_at, plan.end_at, without=plan.change_id)
    outlook = look_ahead(
        snapshot.topology, plan.effects, present.effects, plan.start_at, plan.end_at
    )
    return Foreseen(plan, snapshot, present, outlook)


def report_preview(context: Context, foreseen: Foreseen) -> PreviewReport:
    """Return the answer with names, those that the caller may not see withheld."""
    plan, outlook, present = foreseen.plan, foreseen.outlook, foreseen.present
    targets = {effect.ci for effect in plan.effects}
    every = [affected.ci for part in outlook.stretches for affected in part.affected]
    known = Names(context, foreseen.snapshot, [*targets, *present.cis, *every])
    slices = (
        Slice(
            part.start_at,
            part.end_at,
            tuple(report_hits(known, part.affected, targets, plan.start_at)),
        )
        for part in outlook.stretches
    )
    return PreviewReport(
        targets=report_outages(known, plan.effects),
        slices=tuple(slices),
        worst=tuple(report_hits(known, outlook.worst, targets, plan.start_at)),
        basis=report_basis(context, known, outlook.radius, targets, is_partial=present.is_partial),
        present=report_present(known, present),
    )
