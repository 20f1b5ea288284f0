"""Does every operation ask for a right before anything else, and each role have what it should?

The table below is written by hand from the specification, not read from the code.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdb.errors import Forbidden
from cmdb.model.access import NewToken
from cmdb.model.import_reports import ImportRequest
from cmdb.model.records import ImportInput
from cmdb.model.rights import ROLES, Caller
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
    Operations,
    RecordListing,
    Target,
    UpsertRequest,
    WhatIfEdit,
)
from cmdb.services.context import Context
from cmdb.services.local_operations import LocalOperations
from cmdb.services.permit import ALLOWED, WRITING, Action, permit

PAGE = Path(__file__).parents[2] / "docs" / "access.md"
AT, LATER = datetime(2030, 1, 1, tzinfo=UTC), datetime(2030, 1, 2, tzinfo=UTC)
WHY = EditReason("because")
CLASS = {"name": "PowerSupply", "layer": "facility"}
TYPE = {"name": "cooled_by", "inverse": "cools", "strength": "hard", "several": "all"}

MAY = {
    "read": set(ROLES),
    "edit": {"planner", "administrator"},
    "import": {"importer", "administrator"},
    "incident": {"responder", "planner", "approver", "administrator"},
    "change": {"planner", "approver", "administrator"},
    "preview": {"responder", "planner", "approver", "administrator"},
    "administer": {"administrator"},
}
Call = Callable[[Operations], Any]
INVENTORY: dict[str, tuple[str, Call]] = {
    "list_classes": ("read", lambda o: o.list_classes()),
    "find_ci": ("read", lambda o: o.find_ci("a")),
    "list_cis": ("read", lambda o: o.list_cis(Listing())),
    "show_ci": ("read", lambda o: o.show_ci("a")),
    "get_history": ("read", lambda o: o.get_history("a")),
    "search_cis": ("read", lambda o: o.search_cis("a")),
    "blast_radius": ("read", lambda o: o.blast_radius(["a"])),
    "explain_impact": ("read", lambda o: o.explain_impact(["a"], "b")),
    "preview_change": ("read", lambda o: o.preview_change([Target("a")], AT, LATER)),
    "availability": ("read", lambda o: o.availability(AvailabilityQuestion(["a"]))),
    "single_points": ("read", lambda o: o.single_points(["a"])),
    "importance": ("read", lambda o: o.importance("a")),
    "cut_sets": ("read", lambda o: o.cut_sets("a")),
    "structure": ("read", lambda o: o.structure("a")),
    "root_cause": ("read", lambda o: o.root_cause(CauseQuestion([NewAffected("a")]))),
    "what_if": ("read", lambda o: o.what_if([WhatIfEdit("remove", "a")])),
    "conflicts": ("read", lambda o: o.conflicts(AT, LATER)),
    "diff_moments": ("read", lambda o: o.diff_moments(1, 2)),
    "list_log": ("read", lambda o: o.list_log()),
    "show_log": ("read", lambda o: o.show_log(1)),
    "anchor_log": ("read", lambda o: o.anchor_log()),
    "verify_log": ("read", lambda o: o.verify_log()),
    "doctor": ("read", lambda o: o.doctor()),
    "list_formats": ("read", lambda o: o.list_formats()),
    "import_inventory": (
        "import",
        lambda o: o.import_inventory(ImportInput(name="x"), ImportRequest("s", "records")),
    ),
    "export_inventory": ("administer", lambda o: o.export_inventory()),
    "list_sources": ("read", lambda o: o.list_sources()),
    "rank_source": ("administer", lambda o: o.rank_source("s", 1)),
    "add_ci": ("edit", lambda o: o.add_ci("Host", "a", {}, {"holder": "b"}, WHY)),
    "set_attributes": ("edit", lambda o: o.set_attributes("a", {"os": "x"}, WHY)),
    "retire_ci": ("edit", lambda o: o.retire_ci("a", WHY)),
    "restore_ci": ("edit", lambda o: o.restore_ci("a", WHY)),
    "add_relationship": (
        "edit",
        lambda o: o.add_relationship(NewRelationship("depends_on", "a", "b"), WHY),
    ),
    "remove_relationship": ("edit", lambda o: o.remove_relationship("a/depends_on/b", WHY)),
    "add_group": ("edit", lambda o: o.add_group(NewGroup("g", ("a",), 1), WHY)),
}
PRACTICES: dict[str, tuple[str, Call]] = {
    "open_incident": (
        "incident",
        lambda o: o.open_incident(NewIncident("t", (NewAffected("a"),)), WHY),
    ),
    "update_incident": ("incident", lambda o: o.update_incident("i", IncidentUpdate(), WHY)),
    "find_incident": ("read", lambda o: o.find_incident("i")),
    "list_incidents": ("read", lambda o: o.list_incidents(RecordListing())),
    "plan_change": (
        "change",
        lambda o: o.plan_change(NewChange("t", (Target("a"),), AT, LATER), WHY),
    ),
    "update_change": ("change", lambda o: o.update_change("c", ChangeUpdate(), WHY)),
    "find_change": ("read", lambda o: o.find_change("c")),
    "list_changes": ("read", lambda o: o.list_changes(RecordListing())),
    "keep_preview": (
        "preview",
        lambda o: o.keep_preview("t", [Target("a")], AT, LATER, reason=WHY),
    ),
    "find_preview": ("read", lambda o: o.find_preview("p")),
    "list_previews": ("read", lambda o: o.list_previews(RecordListing())),
    "compare_preview": ("read", lambda o: o.compare_preview("p")),
    "changes_near": ("read", lambda o: o.changes_near(["a"], AT)),
}
ADMINISTRATION: dict[str, tuple[str, Call]] = {
    "whoami": ("read", lambda o: o.whoami()),
    "create_token": ("administer", lambda o: o.create_token(NewToken("a", ("viewer",)), WHY)),
    "list_tokens": ("administer", lambda o: o.list_tokens()),
    "revoke_token": ("administer", lambda o: o.revoke_token("t", WHY)),
    "list_types": ("read", lambda o: o.list_types()),
    "show_class": ("read", lambda o: o.show_class("Host")),
    "register_class": ("administer", lambda o: o.register_class(CLASS, WHY)),
    "register_type": ("administer", lambda o: o.register_type(TYPE, WHY)),
    "upsert_records": ("import", lambda o: o.upsert_records(UpsertRequest("s", []), WHY)),
    "list_runs": ("read", lambda o: o.list_runs()),
    "find_run": ("read", lambda o: o.find_run("r")),
    "read_feed": ("read", lambda o: o.read_feed(0)),
    "log_figures": ("read", lambda o: o.log_figures()),
    "purge_payloads": ("administer", lambda o: o.purge_payloads(1, None, WHY)),
    "set_retention": ("administer", lambda o: o.set_retention(1, WHY)),
    "apply_retention": ("administer", lambda o: o.apply_retention(WHY)),
}
ALL = {**INVENTORY, **PRACTICES, **ADMINISTRATION}


class Reached(Exception):
    """The database, the engine, the clock or an importer was asked for something."""


class Guarded:
    """Stands for everything that may only be touched once the right was asked for."""

    def __getattr__(self, name: str) -> Any:
        raise Reached(name)


def operations(caller: Caller) -> Operations:
    guarded: Any = Guarded()
    context = Context(guarded, guarded, guarded, caller)
    return LocalOperations(context, lambda _: guarded, dict, _encode)


def _encode(records: Iterator[Any]) -> Iterator[bytes]:
    yield from map(repr, records)


def is_let_in(name: str, *roles: str, source: str = "") -> bool:
    caller = Caller("somebody", frozenset(roles), source)
    try:
        ALL[name][1](operations(caller))
    except Forbidden:
        return False
    except Reached:
        return True
    return True


def is_built(name: str) -> bool:
    rooms = ("incidents", "planned_changes", "kept_previews", "changes_near")
    return name not in PRACTICES or all(
        importlib.util.find_spec(f"cmdb.services.{room}") for room in rooms
    )


BUILT = [name for name in ALL if is_built(name)]


def test_the_table_names_every_operation() -> None:
    public = {name for name in dir(Operations) if not name.startswith("_")} - {"close"}

    assert public == ALL.keys()


@pytest.mark.parametrize("name", BUILT)
def test_an_operation_asks_before_it_touches_anything(name: str) -> None:
    assert not is_let_in(name)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", BUILT)
def test_a_role_is_let_in_exactly_where_the_table_says(name: str, role: str) -> None:
    assert is_let_in(name, role) == (role in MAY[ALL[name][0]])


@pytest.mark.parametrize("name", ["import_inventory", "upsert_records"])
def test_whoever_is_bound_to_a_source_writes_no_other(name: str) -> None:
    assert is_let_in(name, "importer", source="s")
    assert not is_let_in(name, "importer", source="other")
    assert not is_let_in(name, "administrator", source="other")


@given(st.sets(st.sampled_from(ROLES)), st.sampled_from(ROLES), st.sampled_from(list(ALLOWED)))
def test_a_role_more_never_takes_a_right_away(roles: set[str], more: str, action: Action) -> None:
    def may(held: set[str]) -> bool:
        try:
            permit(Caller("a", frozenset(held)), action)
        except Forbidden:
            return False
        return True

    assert may(roles | {more}) >= may(roles)
    assert may(roles) == any(may({role}) for role in roles)


def test_viewers_alone_write_nothing() -> None:
    assert set(ROLES) - WRITING == {"viewer"}


def test_the_page_about_access_shows_the_table_of_the_code() -> None:
    section = PAGE.read_text(encoding="utf-8").split("\n## Roles\n")[1].split("\n## ")[0]
    rows = dict(re.findall(r"^\| ([a-z_]+) \| (.+) \|$", section, re.MULTILINE))
    titles = [title.strip() for title in rows.pop("action").split("|")]
    shown = {
        action: {role for role, cell in zip(titles, cells.split("|"), strict=True) if cell.strip()}
        for action, cells in rows.items()
    }

    assert titles == list(ROLES)
    assert shown == {action: set(roles) for action, roles in ALLOWED.items()}


def test_a_refusal_says_whether_the_role_or_the_source_is_what_lacks() -> None:
    bound = Caller("scanner", frozenset({"importer"}), "mine")
    permit(bound, "import", "mine")

    with pytest.raises(Forbidden, match="bound to the data source mine"):
        permit(bound, "import", "theirs")
    with pytest.raises(Forbidden, match="Ask an administrator for the role"):
        permit(Caller("vic", frozenset({"viewer"})), "import", "mine")
