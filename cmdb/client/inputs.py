"""How do the arguments of operations look as variables of a document?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, assert_never

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


def target_inputs(targets: Sequence[Target]) -> list[dict[str, Any]]:
    """Return what is done to each CI."""
    return [
        given(ci=each.ci, effect=each.effect, startAt=each.start_at, endAt=each.end_at)
        for each in targets
    ]


def affected_inputs(affected: Sequence[NewAffected]) -> list[dict[str, Any]]:
    """Return what an incident does to each CI."""
    return [given(ci=each.ci, effect=each.effect, onsetAt=each.onset_at) for each in affected]


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
        state=update.state,
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
        "state": new.state,
    }


def change_update_input(update: ChangeUpdate) -> dict[str, Any]:
    """Return what is to change about a change; what is left out stays."""
    targets = None if update.targets is None else target_inputs(update.targets)
    return given(
        state=update.state,
        title=update.title,
        description=update.description,
        startAt=update.start_at,
        endAt=update.end_at,
        targets=targets,
    )


def record_listing_input(listing: RecordListing) -> dict[str, Any]:
    """Return which page of incidents, changes or previews is wanted."""
    return given(
        states=listing.states,
        cis=listing.cis,
        fromAt=listing.from_at,
        toAt=listing.to_at,
        first=listing.first,
        after=listing.after or None,
    )


def listing_input(listing: Listing) -> dict[str, Any]:
    """Return which page of which CIs is wanted."""
    return given(
        **{"class": listing.class_name or None},
        filter=None if listing.where is None else filter_input(listing.where),
        sort={"field": listing.sort.field, "descending": listing.sort.descending},
        first=listing.first,
        after=listing.after or None,
        includeRetired=listing.include_retired,
    )


def filter_input(wanted: Filter) -> dict[str, Any]:
    """Return a filter as a typed and/or/not object."""
    match wanted:
        case Where(field, operator, value):
            return {"where": {"field": field, "operator": operator, "value": value}}
        case And(parts):
            return {"and": [filter_input(part) for part in parts]}
        case Or(parts):
            return {"or": [filter_input(part) for part in parts]}
        case Not(part):
            return {"not": filter_input(part)}
    assert_never(wanted)


def given(**values: Any) -> dict[str, Any]:
    """Return the values that are there; an absent one and None mean the same to the server."""
    return {name: value for name, value in values.items() if value is not None}


def items_input(values: Mapping[str, str]) -> list[dict[str, str]]:
    """Return a mapping as a list of named values."""
    return [{"name": name, "value": value} for name, value in values.items()]
