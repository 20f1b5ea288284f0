"""What is to be changed, when, and whom does it concern?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from cmdb.errors import BadValue, LimitExceeded
from cmdb.model.inventory import from_epoch_ms, to_epoch_ms
from cmdb.model.nodes import Node
from cmdb.model.planned_changes import CHANGE_MOVES, Change, ChangeTarget
from cmdb.model.practice_reports import ChangeDetails, ChangeList
from cmdb.model.reports import plain
from cmdb.ports import ChangeUpdate, EditReason, NewChange, RecordListing, Target
from cmdb.services.context import Context
from cmdb.services.find_ci import find_each
from cmdb.services.permit import permit
from cmdb.services.record_cis import RecordCIs
from cmdb.services.record_listing import list_records, next_cursor
from cmdb.services.record_values import (
    begin_update,
    check_aware,
    check_effect,
    check_text,
    check_title,
)
from cmdb.services.record_writing import create_record, get_record, update_record

EFFECTS = ("outage", "degraded", "at_risk")
MOST_WINDOWS = 100
"""Most different windows that the targets of one change have: each cuts time once more."""
FIRST_STATES = ("draft", "scheduled")


def plan_change(context: Context, new: NewChange, edit: EditReason) -> Change:
    """Return the change that was recorded, or that a retry with the same key recorded before.

    Raises:
        BadValue: It has no title or target, a window that cannot be, a target's window outside
            that of the change, or a state that none begins with.
        UnknownCI: With the nearest names.
    """
    permit(context.caller, "change", "changes")
    if new.state not in FIRST_STATES:
        hint = f"One of {', '.join(FIRST_STATES)}."
        raise BadValue("state", f"no change begins as {new.state!r}", hint)
    check_window("change", new.start_at, new.end_at)
    check_within(context, new.start_at, new.end_at, new.targets)

    def draft() -> Node:
        body = {
            "title": check_title(new.title),
            "description": check_text("description", new.description),
            "targets": _targets(context, new.targets),
            "planned_by": context.caller.actor,
        }
        begin_at, end_at = to_epoch_ms(new.start_at), to_epoch_ms(new.end_at)
        return _placed(
            context, Node("change", "", 0, new.state, body, begin_at=begin_at, end_at=end_at)
        )

    request = plain(asdict(new))
    made = create_record(context, "change", draft, edit, "plan change", request)
    return _changes(context, [made])[0]


def update_change(
    context: Context, change_id: str, update: ChangeUpdate, edit: EditReason
) -> Change:
    """Return the change after an update.

    Targets that the caller may not see stay targets whatever the update says.

    Raises:
        UnknownRecord: There is none of that id.
        IllegalTransition: With the legal moves.
        StaleVersion: It has another version than the caller expects.
        BadValue: It is closed or cancelled, or a value cannot be.
    """
    permit(context.caller, "change", "changes")

    def draft(before: Node) -> Node:
        targets = None if update.targets is None else _targets(context, update.targets)
        return _updated(context, before, update, targets)

    request = plain(asdict(update))
    after = update_record(context, "change", change_id, draft, edit, request)
    return _changes(context, [after])[0]


def find_change(context: Context, change_id: str) -> ChangeDetails:
    """Return a change with the services it affects during its windows, and whom to notify.

    Raises:
        UnknownRecord: There is none of that id.
    """
    from cmdb.services.services_affected import services_of_change

    permit(context.caller, "read", "change")
    node = get_record(context, "change", change_id)
    (change,) = _changes(context, [node])
    return ChangeDetails(change, services_of_change(context, node))


def list_changes(context: Context, listing: RecordListing) -> ChangeList:
    """Return a page of changes, newest first."""
    permit(context.caller, "read", "changes")
    page = list_records(context, "change", listing, tuple(CHANGE_MOVES))
    return ChangeList(tuple(_changes(context, page.nodes)), next_cursor(page))


def check_window(what: str, start_at: datetime, end_at: datetime) -> None:
    """Return if this is a stretch of time.

    Raises:
        BadValue: A time has no zone, or the end is not after the start.
    """
    check_aware("from", start_at)
    check_aware("to", end_at)
    if end_at <= start_at:
        raise BadValue("to", f"the window of the {what} must end after it starts")


def check_within(
    context: Context, start_at: datetime, end_at: datetime, targets: Sequence[Target]
) -> None:
    """Return if the window of every target lies in that of the change.

    Raises:
        BadValue: One does not, has no zone, or ends before it starts.
    """
    for each in targets:
        begin, end = each.start_at or start_at, each.end_at or end_at
        is_aware = begin.tzinfo is not None and end.tzinfo is not None
        if is_aware and start_at <= begin < end <= end_at:
            continue
        label = _label(context, each.ci)
        check_window(f"target {label}", begin, end)
        raise BadValue(
            "targets",
            f"the window of {label} is not inside that of the change",
            f"The change lasts from {start_at.isoformat()} to {end_at.isoformat()}.",
        )


def check_number(targets: Sequence[Target]) -> None:
    """Return if there are targets, with not too many different windows.

    Raises:
        BadValue: There is none.
        LimitExceeded: There are.
    """
    if not targets:
        raise BadValue("targets", "no CI is named", "Name at least one.")
    windows = {(each.start_at, each.end_at) for each in targets}
    if len(windows) > MOST_WINDOWS:
        hint = "Targets that share a window count once."
        raise LimitExceeded("windows of a change", MOST_WINDOWS, len(windows), hint)


def _label(context: Context, ci: str) -> str:
    """Return how a target is called that is given by id, or by what people call it."""
    known = RecordCIs(context, [ci])
    return str(known.named(ci)) if known.holds(ci) else ci


def _targets(context: Context, given: Sequence[Target]) -> list[dict[str, Any]]:
    """Return what a change does to each CI, as its body keeps it; None is the change's own time."""
    check_number(given)
    cis = find_each(context, [each.ci for each in given])
    found = []
    for each in given:
        check_effect(each.effect, EFFECTS)
        check_aware("from", each.start_at)
        check_aware("to", each.end_at)
        found.append(
            {
                "ci": cis[each.ci].id,
                "effect": each.effect,
                "start_at": None if each.start_at is None else to_epoch_ms(each.start_at),
                "end_at": None if each.end_at is None else to_epoch_ms(each.end_at),
            }
        )
    return found


def _updated(
    context: Context, before: Node, update: ChangeUpdate, targets: list[dict[str, Any]] | None
) -> Node:
    begun = begin_update(before, update, CHANGE_MOVES)
    body = dict(begun.body)
    if targets is not None:
        hidden = RecordCIs(context, before.concerns).hidden()
        body["targets"] = targets + [t for t in before.body["targets"] if t["ci"] in hidden]
    start_at, end_at = (
        before_at if given is None else to_epoch_ms(_aware(field, given))
        for field, given, before_at in (
            ("from", update.start_at, before.begin_at),
            ("to", update.end_at, before.end_at),
        )
    )
    return _placed(context, replace(begun, body=body, begin_at=start_at, end_at=end_at))


def _aware(field: str, moment: datetime) -> datetime:
    check_aware(field, moment)
    return moment


def _placed(context: Context, node: Node) -> Node:
    """Return the record attached to the CIs of its targets, whose windows lie in its own."""
    targets = node.body["targets"]
    start_at, end_at = window_of(node)
    check_window("change", start_at, end_at)
    check_within(context, start_at, end_at, [_target(each) for each in targets])
    return replace(node, concerns=tuple(sorted({each["ci"] for each in targets})))


def window_of(node: Node) -> tuple[datetime, datetime]:
    """Return begin and end of a recorded change."""
    assert node.begin_at is not None  # noqa: S101 - every change has a window
    assert node.end_at is not None  # noqa: S101 - with an end
    return from_epoch_ms(node.begin_at), from_epoch_ms(node.end_at)


def targets_of(node: Node) -> list[Target]:
    """Return what a recorded change does to each CI, by id; None stands for its own window."""
    return [_target(each) for each in node.body["targets"]]


def _target(kept: dict[str, Any]) -> Target:
    start_at, end_at = (None if at is None else from_epoch_ms(at) for at in _times(kept))
    return Target(kept["ci"], kept["effect"], start_at, end_at)


def _times(kept: dict[str, Any]) -> tuple[int | None, int | None]:
    return kept["start_at"], kept["end_at"]


def _changes(context: Context, nodes: Sequence[Node]) -> list[Change]:
    cis = RecordCIs(context, [ci for node in nodes for ci in node.concerns])
    return [_change(node, cis) for node in nodes]


def _change(node: Node, cis: RecordCIs) -> Change:
    start_at, end_at = window_of(node)
    targets = tuple(
        ChangeTarget(
            cis.named(each.ci), each.effect, each.start_at or start_at, each.end_at or end_at
        )
        for each in targets_of(node)
    )
    return Change(
        node.id,
        node.version,
        node.state,  # type: ignore[arg-type]  # the store holds no other
        cis.told(node, "title"),
        cis.told(node, "description"),
        start_at,
        end_at,
        targets,
        planned_at=from_epoch_ms(node.created_at),
        planned_by=node.body["planned_by"],
        updated_at=from_epoch_ms(node.updated_at),
    )
