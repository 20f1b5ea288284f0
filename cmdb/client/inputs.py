"""How do the arguments of operations look as variables of a document?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, assert_never, get_args

from cmdb.client.call import sendable
from cmdb.errors import BadValue
from cmdb.model.definitions import LIFECYCLE
from cmdb.model.incidents import IncidentEffect, IncidentState
from cmdb.model.planned_changes import ChangeState, TargetEffect
from cmdb.model.selection import And, Filter, Not, Or, Where
from cmdb.ports.requests import (
    ChangeUpdate,
    IncidentUpdate,
    Listing,
    NewAffected,
    NewChange,
    NewIncident,
    RecordListing,
    Target,
)

_OPERATORS = {"starts_with": "startsWith", "ends_with": "endsWith", "is_null": "isNull"}
_FIELDS = {
    "id": "id",
    "class": "class",
    "name": "name",
    "lifecycle": "lifecycle",
    "version": "version",
    "created_at": "createdAt",
    "updated_at": "updatedAt",
}


def target_inputs(targets: Sequence[Target]) -> list[dict[str, Any]]:
    """Return what is done to each CI."""
    effects = get_args(TargetEffect)
    return [
        given(
            ci=each.ci,
            effect=word_of("effect", each.effect, effects),
            startAt=each.start_at,
            endAt=each.end_at,
        )
        for each in targets
    ]


def affected_inputs(affected: Sequence[NewAffected]) -> list[dict[str, Any]]:
    """Return what an incident does to each CI."""
    effects = get_args(IncidentEffect)
    return [
        given(
            ci=each.ci,
            effect=None if each.effect is None else word_of("effect", each.effect, effects),
            onsetAt=each.onset_at,
        )
        for each in affected
    ]


def incident_input(new: NewIncident) -> dict[str, Any]:
    """Return an incident to record."""
    return {
        "title": new.title,
        "description": new.description,
        "affected": affected_inputs(new.affected),
    }


def incident_update_input(update: IncidentUpdate) -> dict[str, Any]:
    """Return what is to change about an incident; what is left out stays."""
    affected = None if update.affected is None else affected_inputs(update.affected)
    return given(
        state=_state(update.state, IncidentState),
        title=update.title,
        description=update.description,
        affected=affected,
        resolution=update.resolution,
    )


def change_input(new: NewChange) -> dict[str, Any]:
    """Return a change to record."""
    return {
        "title": new.title,
        "description": new.description,
        "targets": target_inputs(new.targets),
        "startAt": new.start_at,
        "endAt": new.end_at,
        "state": _state(new.state, ChangeState),
    }


def change_update_input(update: ChangeUpdate) -> dict[str, Any]:
    """Return what is to change about a change; what is left out stays."""
    targets = None if update.targets is None else target_inputs(update.targets)
    return given(
        state=_state(update.state, ChangeState),
        title=update.title,
        description=update.description,
        startAt=update.start_at,
        endAt=update.end_at,
        targets=targets,
    )


def record_listing_input(listing: RecordListing, states: Any) -> dict[str, Any]:
    """Return which page of incidents, changes or previews is wanted.

    Args:
        listing: The page.
        states: Literal type of the states there are; None where there are none to ask for.
    """
    wanted = None
    if states is not None and listing.states is not None:
        wanted = [_state(each, states) for each in listing.states]
    return given(
        states=wanted,
        cis=listing.cis,
        fromAt=listing.from_at,
        toAt=listing.to_at,
        first=listing.first,
        after=listing.after or None,
    )


def listing_input(listing: Listing) -> dict[str, Any]:
    """Return which page of which CIs is wanted."""
    direction = "DESC" if listing.sort.descending else "ASC"
    return given(
        **{"class": listing.class_name},
        filter=None if listing.where is None else filter_input(listing.where),
        sort={"field": listing.sort.field, "direction": direction},
        first=listing.first,
        after=listing.after or None,
        includeRetired=listing.include_retired,
    )


def filter_input(wanted: Filter) -> dict[str, Any]:
    """Return a filter as a typed and/or/not object.

    Raises:
        BadValue: A condition that the API has no word for.
    """
    match wanted:
        case Where():
            return _condition(wanted)
        case And(parts):
            # An empty list means none, and an empty object within another is refused.
            none: dict[str, Any] = {"or": []}
            return {"and": [filter_input(part) for part in parts]} if parts else {"not": none}
        case Or(parts):
            return {"or": [filter_input(part) for part in parts]}
        case Not(part):
            return {"not": filter_input(part)}
    assert_never(wanted)


def _condition(wanted: Where) -> dict[str, Any]:
    operator = _OPERATORS.get(wanted.operator, wanted.operator)
    if wanted.field not in _FIELDS:
        return {"attributes": [{"name": wanted.field, operator: sendable(wanted.value)}]}
    if operator == "isNull":
        raise BadValue(wanted.field, "every CI has one", "Ask isNull of attributes.")
    value = sendable(wanted.value)
    if wanted.field == "lifecycle":
        several = value if isinstance(value, list) else [value]
        words = [word_of("lifecycle", each, LIFECYCLE) for each in several]
        value = words if isinstance(value, list) else words[0]
    return {_FIELDS[wanted.field]: {operator: value}}


def word_of(field: str, value: str, known: Sequence[str]) -> str:
    """Return the word of the API for one of a few values.

    Raises:
        BadValue: It is none of them.
    """
    if value not in known:
        raise BadValue(field, f"{value!r} is not known", f"One of {', '.join(known)}.")
    return value.upper()


def _state(state: str | None, states: Any) -> str | None:
    return None if state is None else word_of("state", state, get_args(states))


def given(**values: Any) -> dict[str, Any]:
    """Return the values that are there; an absent one and None mean the same to the server."""
    return {name: value for name, value in values.items() if value is not None}
