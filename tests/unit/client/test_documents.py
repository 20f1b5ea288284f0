"""Does the contract know every document of the client, and take what it sends with it?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from graphql import OperationDefinitionNode, build_schema, get_variable_values, parse, validate

from cmdb.client import (
    Client,
    administration_calls,
    analysis_calls,
    editing_calls,
    inventory_calls,
    practice_calls,
)
from cmdb.client.call import Call
from cmdb.client.documents import ALL
from cmdb.model.access import NewToken
from cmdb.model.log_reports import Anchor
from cmdb.model.selection import And, Not, Or, Sort, Where
from cmdb.ports import (
    AvailabilityQuestion,
    CauseQuestion,
    ChangeUpdate,
    EditReason,
    IncidentUpdate,
    Listing,
    NewAffected,
    NewChange,
    NewGroup,
    NewIncident,
    NewRelationship,
    RecordListing,
    SharedCause,
    Target,
    UpsertRequest,
    WhatIfEdit,
)
from tests.unit.client.samples import AT, WHY

CONTRACT = Path(__file__).resolve().parents[3] / "graphql" / "schema.graphql"
SCHEMA = build_schema(CONTRACT.read_text(encoding="utf-8"))
ROOMS = (inventory_calls, analysis_calls, editing_calls, practice_calls, administration_calls)
VERSIONED = EditReason("why", expected_version=3)
FILTER = And(
    (
        Not(Or((Where("cpu", "gte", 4), Where("os", "is_null", True)))),
        Where("lifecycle", "in", ["in_use"]),
        Where("name", "starts_with", "w"),
        Where("version", "lt", 9),
        Where("updated_at", "gte", AT),
        Where("id", "in", ["1"]),
        Where("class", "ne", "Host"),
    )
)
RECORDS = RecordListing(["new"], ["web"], AT, AT, 10, "cursor")
CHANGES = RecordListing(["draft"], ["web"], AT, AT, 10, "cursor")
AFFECTED = (NewAffected("web", "degraded", AT), NewAffected("db"))
TARGETS = (Target("web", "at_risk", AT, AT), Target("db"))
CAUSES = (SharedCause("pool", 0.05), SharedCause("feeds", q=0.001))
SENT: dict[str, list[tuple[Any, ...]]] = {
    "list_classes": [()],
    "find_ci": [("web",)],
    "list_cis": [(Listing(),), (Listing("Host", FILTER, Sort("cpu", True), 9, "c", True),)],
    "show_ci": [("web",)],
    "get_history": [("web",)],
    "search_cis": [("web",)],
    "blast_radius": [(["web"],)],
    "explain_impact": [(["web"], "db")],
    "preview_change": [(TARGETS, AT, AT), ((), None, None)],
    "availability": [
        (AvailabilityQuestion(),),
        (AvailabilityQuestion(["web"], 99.9, 168.0, "counted", AT, CAUSES, 5, "c"),),
    ],
    "single_points": [(), (["web"],)],
    "importance": [("web",)],
    "cut_sets": [("web",)],
    "structure": [("web",)],
    "conflicts": [(), (AT, AT)],
    "root_cause": [
        (CauseQuestion(AFFECTED, "i", ["web"], AT, True, 5.0, 3),),
        (CauseQuestion(AFFECTED),),
    ],
    "what_if": [([WhatIfEdit("drop", "web", "db"), WhatIfEdit("remove", "db")], ["web"])],
    "diff_moments": [(1, AT), (AT, 2, ["web"])],
    "list_log": [(), (5, 9)],
    "show_log": [(1,)],
    "anchor_log": [()],
    "verify_log": [(), (Anchor(1, "f" * 64),)],
    "doctor": [()],
    "list_formats": [()],
    "list_sources": [()],
    "rank_source": [("a", -1, "why")],
    "add_ci": [("Host", "h", {"cpu": 4}, {"cluster": "c"}, WHY)],
    "set_attributes": [("h", {"cpu": None}, VERSIONED)],
    "retire_ci": [("h", VERSIONED)],
    "restore_ci": [("h", VERSIONED)],
    "add_relationship": [(NewRelationship("runs_on", "a", "b", "hard", 2.0), WHY)],
    "remove_relationship": [("r", VERSIONED)],
    "add_group": [(NewGroup("g", ("a", "b"), 1, 2, "active", "o"), WHY)],
    "open_incident": [(NewIncident("slow", AFFECTED, "very"), WHY)],
    "update_incident": [
        ("i", IncidentUpdate("resolved", "t", "d", AFFECTED, "restarted"), VERSIONED),
        ("i", IncidentUpdate(), WHY),
    ],
    "find_incident": [("i",)],
    "list_incidents": [(RECORDS,), (RecordListing(),)],
    "plan_change": [(NewChange("c", TARGETS, AT, AT, "d", "scheduled"), WHY)],
    "update_change": [("c", ChangeUpdate("review", "t", "d", AT, AT, TARGETS), VERSIONED)],
    "find_change": [("c",)],
    "list_changes": [(CHANGES,), (RecordListing(),)],
    "keep_preview": [("t", TARGETS, AT, AT, WHY), ("t", (), None, None, WHY, "c")],
    "find_preview": [("p",)],
    "list_previews": [(RecordListing(["kept"], ["web"], AT, AT),), (RecordListing(),)],
    "compare_preview": [("p",)],
    "changes_near": [(["web"], AT)],
    "whoami": [()],
    "create_token": [(NewToken("bob", ("importer",), "src", ("t",), AT), WHY)],
    "list_tokens": [()],
    "revoke_token": [("t", VERSIONED)],
    "list_types": [()],
    "show_class": [("Host",)],
    "register_class": [({"name": "x"}, VERSIONED)],
    "register_type": [({"name": "x"}, VERSIONED)],
    "upsert_records": [(UpsertRequest("s", [{"class": "Host"}], {"site": "x"}, AT), WHY)],
    "list_runs": [(), ("s", 5)],
    "find_run": [("r",)],
    "read_feed": [(0,)],
    "log_figures": [()],
    "purge_payloads": [(1, None, WHY), (1, [0], WHY)],
    "set_retention": [(30, WHY)],
    "apply_retention": [(WHY,)],
}
STEPPED = {"import_inventory", "export_inventory", "follow", "close"}


def described(name: str) -> Callable[..., Call[Any]]:
    (found,) = (getattr(room, name) for room in ROOMS if hasattr(room, name))
    describe: Callable[..., Call[Any]] = found
    return describe


@pytest.mark.parametrize("name", ALL)
def test_the_contract_knows_the_document(name: str) -> None:
    assert validate(SCHEMA, parse(ALL[name].text)) == []


@pytest.mark.parametrize("name", SENT)
def test_the_contract_takes_what_is_sent(name: str) -> None:
    for arguments in SENT[name]:
        call = described(name)(*arguments)
        (operation,) = parse(call.document.text).definitions
        assert isinstance(operation, OperationDefinitionNode)
        declared = operation.variable_definitions or ()

        taken = get_variable_values(SCHEMA, declared, dict(call.variables))

        assert not isinstance(taken, list), taken
        assert set(call.variables) <= {each.variable.name.value for each in declared}


def test_every_method_is_tried() -> None:
    methods = {name for name in dir(Client) if not name.startswith("_")}

    assert methods - STEPPED == set(SENT)
