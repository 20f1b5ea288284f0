"""Do the arguments of operations arrive as the contract wants them?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from cmdb.client import editing_calls, inventory_calls, practice_calls
from cmdb.client.inputs import filter_input
from cmdb.errors import BadValue
from cmdb.model.selection import And, Filter, Not, Or, Sort, Where
from cmdb.ports import (
    EditReason,
    IncidentUpdate,
    Listing,
    NewAffected,
    NewIncident,
    NewRelationship,
    RecordListing,
    Target,
)
from tests.unit.client.samples import WHY

AT = datetime(2026, 5, 1, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wanted", "sent"),
    [
        (Where("name", "contains", "web"), {"name": {"contains": "web"}}),
        (Where("class", "eq", "Host"), {"class": {"eq": "Host"}}),
        (Where("lifecycle", "in", ["in_use"]), {"lifecycle": {"in": ["IN_USE"]}}),
        (Where("lifecycle", "ne", "retired"), {"lifecycle": {"ne": "RETIRED"}}),
        (Where("updated_at", "gte", AT), {"updatedAt": {"gte": "2026-05-01T22:00:00Z"}}),
        (Where("cpu", "gt", 4), {"attributes": [{"name": "cpu", "gt": 4}]}),
        (Where("os", "is_null", True), {"attributes": [{"name": "os", "isNull": True}]}),
        (Where("os", "starts_with", "L"), {"attributes": [{"name": "os", "startsWith": "L"}]}),
        (
            Not(Or((Where("cpu", "eq", 1), Where("cpu", "eq", 2)))),
            {
                "not": {
                    "or": [
                        {"attributes": [{"name": "cpu", "eq": 1}]},
                        {"attributes": [{"name": "cpu", "eq": 2}]},
                    ]
                }
            },
        ),
        (And((Where("name", "eq", "a"),)), {"and": [{"name": {"eq": "a"}}]}),
        (Or(()), {"or": []}),
        (And(()), {"not": {"or": []}}),
    ],
    ids=str,
)
def test_a_filter_is_a_typed_object(wanted: Filter, sent: dict[str, Any]) -> None:
    assert filter_input(wanted) == sent


@pytest.mark.parametrize(
    "wanted", [Where("lifecycle", "eq", "gone"), Where("name", "is_null", True)], ids=str
)
def test_a_condition_without_a_word_in_the_api_is_refused(wanted: Filter) -> None:
    with pytest.raises(BadValue):
        filter_input(wanted)


def test_a_page_says_all_of_itself() -> None:
    sort = Sort("updated_at", descending=True)
    call = inventory_calls.list_cis(Listing("Host", None, sort, 10, "c", include_retired=True))

    assert call.variables == {
        "class": "Host",
        "sort": {"field": "updated_at", "direction": "DESC"},
        "first": 10,
        "after": "c",
        "includeRetired": True,
    }


def test_an_empty_list_of_states_is_not_the_same_as_none() -> None:
    everything = practice_calls.list_incidents(RecordListing())
    nothing = practice_calls.list_incidents(RecordListing(states=[], cis=[]))
    some = practice_calls.list_incidents(RecordListing(states=["in_progress"], from_at=AT))

    assert everything.variables == {"first": 50}
    assert nothing.variables == {"states": [], "cis": [], "first": 50}
    assert some.variables == {
        "states": ["IN_PROGRESS"],
        "fromAt": "2026-05-01T22:00:00Z",
        "first": 50,
    }


def test_a_state_that_there_is_not_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(BadValue, match="in_progress"):
        practice_calls.list_incidents(RecordListing(states=["lost"]))


def test_moments_are_revisions_or_times() -> None:
    call = inventory_calls.diff_moments(12, AT, ["web"])

    assert call.variables == {"first": 12, "second": "2026-05-01T22:00:00Z", "outages": ["web"]}


def test_targets_say_only_what_was_said() -> None:
    targets = [Target("a"), Target("b", "at_risk", AT, AT)]
    call = inventory_calls.preview_change(targets, AT, AT)

    assert call.variables["targets"] == [
        {"ci": "a", "effect": "OUTAGE"},
        {
            "ci": "b",
            "effect": "AT_RISK",
            "startAt": "2026-05-01T22:00:00Z",
            "endAt": "2026-05-01T22:00:00Z",
        },
    ]


def test_an_incident_and_its_update() -> None:
    new = NewIncident("slow", (NewAffected("web", "degraded", AT),))
    update = IncidentUpdate(state="resolved", resolution="restarted")

    opened = practice_calls.open_incident(new, WHY).variables["input"]
    updated = practice_calls.update_incident("i", update, EditReason("done", 7, "k"))

    assert opened["affected"] == [
        {"ci": "web", "effect": "DEGRADED", "onsetAt": "2026-05-01T22:00:00Z"}
    ]
    assert updated.variables["input"] == {
        "incident": "i",
        "state": "RESOLVED",
        "resolution": "restarted",
        "reason": "done",
        "idempotencyKey": "k",
        "expectedVersion": 7,
    }


def test_a_manual_value_is_taken_back_by_null() -> None:
    call = editing_calls.set_attributes("web", {"cpu": None, "os": "L"}, WHY)

    assert call.variables["input"]["values"] == {"cpu": None, "os": "L"}


def test_what_a_relationship_does_not_say_is_left_to_its_type() -> None:
    short = editing_calls.add_relationship(NewRelationship("depends_on", "a", "b"), WHY)
    whole = editing_calls.add_relationship(NewRelationship("t", "a", "b", "soft", 0.0), WHY)

    assert {"strength", "toleratesSeconds"}.isdisjoint(short.variables["input"])
    assert whole.variables["input"]["toleratesSeconds"] == 0.0
