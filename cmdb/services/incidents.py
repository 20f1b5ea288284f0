"""What is broken now, since when, and whom does it concern?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from cmdb.errors import BadValue
from cmdb.model.incidents import INCIDENT_MOVES, AffectedCI, Incident
from cmdb.model.inventory import from_epoch_ms, to_epoch_ms
from cmdb.model.nodes import Node
from cmdb.model.practice_reports import IncidentDetails, IncidentList
from cmdb.model.reports import plain
from cmdb.ports import EditReason, IncidentUpdate, NewAffected, NewIncident, RecordListing
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

EFFECTS = ("outage", "degraded")
_CLOCK_SKEW = timedelta(minutes=5)


def open_incident(context: Context, new: NewIncident, edit: EditReason) -> Incident:
    """Return the incident that was recorded, or that a retry with the same key recorded before.

    Raises:
        BadValue: It has no title, affects no CI, or one from a moment that is still to come.
        UnknownCI: With the nearest names.
    """
    permit(context.caller, "incident", "incidents")

    def draft() -> Node:
        body = {
            "title": check_title(new.title),
            "description": check_text("description", new.description),
            "affected": _affected(context, new.affected, {}),
            "opened_by": context.caller.actor,
            "resolved_at": None,
            "resolution": "",
        }
        return _placed(Node("incident", "", 0, "new", body))

    request = plain(asdict(new))
    made = create_record(context, "incident", draft, edit, "open incident", request)
    return _incidents(context, [made])[0]


def update_incident(
    context: Context, incident_id: str, update: IncidentUpdate, edit: EditReason
) -> Incident:
    """Return the incident after an update.

    CIs that the caller may not see stay affected whatever the update says. A CI that is affected
    already keeps its effect and onset where the update gives none.

    Raises:
        UnknownRecord: There is none of that id.
        IllegalTransition: With the legal moves.
        StaleVersion: It has another version than the caller expects.
        BadValue: It is closed, a value cannot be, or a CI was affected only after service was
            restored.
    """
    permit(context.caller, "incident", "incidents")

    def draft(before: Node) -> Node:
        if update.affected is None:
            return _updated(context, before, update, None)
        told = _told_already(context, before)
        return _updated(context, before, update, _affected(context, update.affected, told))

    request = plain(asdict(update))
    after = update_record(context, "incident", incident_id, draft, edit, request)
    return _incidents(context, [after])[0]


def find_incident(context: Context, incident_id: str) -> IncidentDetails:
    """Return an incident with the services it affects while it is open, and whom to notify.

    Raises:
        UnknownRecord: There is none of that id.
    """
    from cmdb.services.services_affected import services_of_incident

    permit(context.caller, "read", "incident")
    node = get_record(context, "incident", incident_id)
    (incident,) = _incidents(context, [node])
    impact = services_of_incident(context, node) if incident.is_open else None
    return IncidentDetails(incident, impact)


def list_incidents(context: Context, listing: RecordListing) -> IncidentList:
    """Return a page of incidents, newest first."""
    permit(context.caller, "read", "incidents")
    page = list_records(context, "incident", listing, tuple(INCIDENT_MOVES))
    return IncidentList(tuple(_incidents(context, page.nodes)), next_cursor(page))


def _told_already(context: Context, node: Node) -> dict[str, dict[str, Any]]:
    """Return what an incident says of each CI, by the CI that stands for it today."""
    cis = RecordCIs(context, node.concerns)
    latest_first = sorted(node.body["affected"], key=lambda each: -each["onset_at"])
    return {cis.survivor(each["ci"]): each for each in latest_first}


def _affected(
    context: Context, given: Sequence[NewAffected], told: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return what an incident says of each CI, as its body keeps it; `told` is what it said."""
    if not given:
        raise BadValue("affected", "no CI is named", "Name at least one.")
    cis = find_each(context, [each.ci for each in given])
    now = context.clock.now()
    found: dict[str, dict[str, Any]] = {}
    for each in given:
        onset_at = check_aware("onset", each.onset_at)
        if onset_at is not None and onset_at > now + _CLOCK_SKEW:
            raise BadValue("onset", f"{each.ci} is affected only from {onset_at:%Y-%m-%dT%H:%MZ}")
        ci = cis[each.ci]
        if ci.id in found:
            raise BadValue("affected", f"{ci.class_name}/{ci.name} is named twice")
        before = told.get(ci.id, {"effect": EFFECTS[0], "onset_at": to_epoch_ms(now)})
        effect = before["effect"] if each.effect is None else check_effect(each.effect, EFFECTS)
        since = before["onset_at"] if onset_at is None else to_epoch_ms(onset_at)
        found[ci.id] = {"ci": ci.id, "effect": effect, "onset_at": since}
    return list(found.values())


def _updated(
    context: Context, before: Node, update: IncidentUpdate, affected: list[dict[str, Any]] | None
) -> Node:
    begun = begin_update(before, update, INCIDENT_MOVES)
    body = dict(begun.body)
    if update.resolution is not None:
        body["resolution"] = check_text("resolution", update.resolution)
    if affected is not None:
        body["affected"] = _with_hidden(context, before, affected)
    if begun.state not in ("resolved", "closed"):
        body["resolved_at"] = None
    elif body["resolved_at"] is None:
        # By a clock that is ahead, it may have begun a little later than now.
        latest = max(each["onset_at"] for each in body["affected"])
        body["resolved_at"] = max(to_epoch_ms(context.clock.now()), latest)
    if affected is not None and body["resolved_at"] is not None:
        _check_onsets(affected, body["resolved_at"])
    return _placed(replace(begun, body=body))


def _check_onsets(affected: Sequence[Mapping[str, Any]], resolved_at: int) -> None:
    latest = max(each["onset_at"] for each in affected)
    if latest > resolved_at:
        onset, end = (f"{from_epoch_ms(at):%Y-%m-%dT%H:%MZ}" for at in (latest, resolved_at))
        raise BadValue(
            "onset",
            f"{onset} is after {end}, when service was restored",
            "Say since when the CI was affected, or move the incident back to in_progress.",
        )


def _with_hidden(
    context: Context, before: Node, affected: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return the CIs given and those that whoever gives them may not see."""
    hidden = RecordCIs(context, before.concerns).hidden()
    return affected + [each for each in before.body["affected"] if each["ci"] in hidden]


def _placed(node: Node) -> Node:
    """Return the record with its stretch of time and the CIs it is attached to."""
    affected = node.body["affected"]
    return replace(
        node,
        begin_at=min(each["onset_at"] for each in affected),
        end_at=node.body["resolved_at"],
        concerns=tuple(sorted({each["ci"] for each in affected})),
    )


def _incidents(context: Context, nodes: Sequence[Node]) -> list[Incident]:
    cis = RecordCIs(context, [ci for node in nodes for ci in node.concerns])
    return [_incident(node, cis) for node in nodes]


def _incident(node: Node, cis: RecordCIs) -> Incident:
    body = node.body
    affected = tuple(
        AffectedCI(cis.named(each["ci"]), each["effect"], from_epoch_ms(each["onset_at"]))
        for each in body["affected"]
    )
    return Incident(
        node.id,
        node.version,
        node.state,  # type: ignore[arg-type]  # the store holds no other
        cis.told(node, "title"),
        cis.told(node, "description"),
        affected,
        opened_at=from_epoch_ms(node.created_at),
        opened_by=body["opened_by"],
        updated_at=from_epoch_ms(node.updated_at),
        resolved_at=_time(body["resolved_at"]),
        resolution=cis.told(node, "resolution"),
    )


def _time(at: int | None) -> datetime | None:
    return None if at is None else from_epoch_ms(at)
