"""Can the registries grow while people work, and does nothing on record lose its meaning?"""

from __future__ import annotations

from typing import Any

import pytest

from cmdb.errors import BadValue, KeyReused, StalePlan, StaleVersion, UnknownClass
from cmdb.model.changes import Stamp
from cmdb.model.definition_changes import Definition
from cmdb.ports import EditReason, NewRelationship
from cmdb.services.local_operations import LocalOperations
from cmdb.store.connection import Connection
from cmdb.store.graph_store import GraphStore
from tests.contract.services import WHY, link, machine, operations_over, upserted
from tests.contract.stores import SetClock, decided, host, kept, poured, store_over

SUPPLY: dict[str, Any] = {
    "name": "PowerSupply",
    "layer": "facility",
    "rules": ["serial"],
    "attributes": [{"name": "serial"}, {"name": "watts", "kind": "integer", "unit": "W"}],
    "summary": "A power supply unit.",
}
COOLED: dict[str, Any] = {
    "name": "cooled_by",
    "inverse": "cools",
    "strength": "hard",
    "several": "all",
}


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def store(connection: Connection, clock: SetClock) -> GraphStore:
    return store_over(connection, clock)


@pytest.fixture
def operations(store: GraphStore, clock: SetClock) -> LocalOperations:
    return operations_over(store, clock)


def supply(name: str, watts: int = 500) -> dict[str, Any]:
    facts = {"serial": name, "watts": watts}
    return {"class": "PowerSupply", "key": name, "name": name, "attributes": facts}


def with_attribute(**changed: Any) -> dict[str, Any]:
    return {**SUPPLY, "attributes": [{"name": "serial"}, {"name": "watts", **changed}]}


def test_a_new_class_takes_cis_and_is_one_entry_of_the_log(
    operations: LocalOperations, store: GraphStore
) -> None:
    change = operations.register_class(SUPPLY, WHY)
    upserted(operations, supply("a"))

    assert (change.kind, change.name, change.revision) == ("class", "PowerSupply", 1)
    (logged,) = store.entries(1, 1)[0].changes
    assert logged is not None
    assert (logged.kind, logged.id, logged.previous) == ("class", "PowerSupply", 0)
    assert logged.after["rules"] == ["serial"]
    shown = operations.show_class("PowerSupply")
    assert (shown.version, shown.is_shipped) == (1, False)
    assert {"serial", "watts", "owner"} <= {each["name"] for each in shown.attributes}
    assert operations.show_ci("PowerSupply/a").ci.attributes["watts"] == 500


def with_fields(*names: str) -> dict[str, Any]:
    return {**SUPPLY, "attributes": [{"name": n} for n in ("serial", *names)]}


@pytest.mark.parametrize(
    "name",
    ["id", "class", "name", "lifecycle", "version", "created_at", "updated_at", "scope", "a_side"],
)
def test_an_attribute_is_not_called_like_what_every_ci_has(
    operations: LocalOperations, name: str
) -> None:
    with pytest.raises(BadValue) as refused:
        operations.register_class(with_fields(name), WHY)
    operations.register_class(with_fields(f"own_{name}"), WHY)
    with pytest.raises(BadValue):
        operations.register_class(with_fields(f"own_{name}", name), WHY)
    upserted(operations, {"class": "PowerSupply", "key": "p", "name": "p", "attributes": {
        "serial": "s", f"own_{name}": "kept"}})  # fmt: skip
    renamed = operations.set_attributes("PowerSupply/p", {"name": "q"}, WHY)

    assert refused.value.facts["field"] == f"attribute {name}"
    assert (renamed.name, renamed.attributes[f"own_{name}"]) == ("q", "kept")


def test_an_attribute_that_a_class_has_already_keeps_its_name(operations: LocalOperations) -> None:
    shipped = dict(operations.show_class("SoftwarePackage").definition)
    assert "version" in {each["name"] for each in shipped["attributes"]}

    shipped["attributes"] = [*shipped["attributes"], {"name": "shelf"}]
    operations.register_class(shipped, WHY)

    told = operations.show_class("SoftwarePackage").attributes
    assert {"version", "shelf"} <= {each["name"] for each in told}


def test_a_new_type_carries_impact(operations: LocalOperations) -> None:
    upserted(operations, machine("a"), machine("b"))
    operations.register_type(COOLED, WHY)

    operations.add_relationship(NewRelationship("cooled_by", "a", "b"), WHY)

    hits = operations.blast_radius(["b"]).hits
    assert [(hit.ci.name, hit.state) for hit in hits] == [("a", "DOWN")]
    assert "cooled_by" in {each.name for each in operations.list_types().types}


def test_a_second_store_notices_with_the_head_and_its_old_plans_are_refused(
    operations: LocalOperations, connection: Connection, clock: SetClock
) -> None:
    upserted(operations, machine("a"), machine("b"))
    other = store_over(connection, clock)
    elsewhere = operations_over(other, clock)
    assert elsewhere.blast_radius(["b"]).hits == ()
    with pytest.raises(UnknownClass):
        other.registry().get_class("PowerSupply")
    planned = decided(other, [kept(host("new"))]).changes

    operations.register_class(SUPPLY, WHY)
    operations.register_type(COOLED, WHY)
    operations.add_relationship(NewRelationship("cooled_by", "a", "b"), WHY)

    with pytest.raises(StalePlan) as refused:
        other.apply(planned, Stamp("tester"))
    assert "registry" in refused.value.facts["moved"][0]
    assert other.registry().get_class("PowerSupply").layer == "facility"
    assert [hit.ci.name for hit in elsewhere.blast_radius(["b"]).hits] == ["a"]
    assert poured(other, kept(host("new"))).revision == other.head().revision
    assert upserted(elsewhere, supply("p"))[0]


def test_a_definition_is_written_only_if_nothing_was_written_meanwhile(store: GraphStore) -> None:
    before = store.head().sequence
    poured(store, kept(host("a")))
    late = Definition("class", "X", {}, {"name": "X"}, before)

    with pytest.raises(StalePlan):
        store.save_definition(late, Stamp("tester"))

    assert store.head().revision == 1
    assert store.definition_version("class", "X") == 0


def test_a_retry_returns_the_first_answer_and_its_key_serves_nothing_else(
    operations: LocalOperations, store: GraphStore
) -> None:
    once = EditReason("because", idempotency_key="k")
    first = operations.register_class(SUPPLY, once)
    operations.register_class(with_attribute(kind="integer", unit="W", summary="more"), WHY)

    assert operations.register_class(SUPPLY, once) == first
    assert store.head().revision == 2
    with pytest.raises(KeyReused):
        operations.register_class(with_attribute(kind="number"), once)


def test_the_same_definition_again_changes_nothing(
    operations: LocalOperations, store: GraphStore
) -> None:
    first = operations.register_class(SUPPLY, WHY)

    assert operations.register_class(SUPPLY, WHY) == first
    assert store.head().revision == 1


def test_an_expected_version_that_is_over_is_a_named_conflict(operations: LocalOperations) -> None:
    new = EditReason("because", expected_version=0)
    version = operations.register_class(SUPPLY, new).revision
    more = with_attribute(kind="integer", unit="W", summary="rated")

    with pytest.raises(StaleVersion):
        operations.register_class(more, new)

    held = EditReason("because", expected_version=version)
    assert operations.register_class(more, held).revision == version + 1


@pytest.mark.parametrize(
    ("definition", "told"),
    [
        (with_attribute(kind="boolean"), "watts"),
        ({**SUPPLY, "attributes": [{"name": "serial"}]}, "watts"),
        (with_attribute(kind="integer", unit="kW"), "watts"),
        (with_attribute(kind="integer", unit="W", maximum=499), "watts"),
        ({**SUPPLY, "rules": []}, "rule"),
        ({**SUPPLY, "layer": "compute"}, "layer"),
        ({**SUPPLY, "parent": "PhysicalServer", "attributes": [SUPPLY["attributes"][1]]}, "parent"),
        ({**SUPPLY, "is_gate": True}, "is_gate"),
    ],
)
def test_what_would_orphan_a_ci_on_record_is_refused_and_allowed_before_there_is_one(
    operations: LocalOperations, definition: dict[str, Any], told: str
) -> None:
    operations.register_class(SUPPLY, WHY)
    upserted(operations, supply("a"))
    operations.retire_ci("a", WHY)

    with pytest.raises(BadValue) as refused:
        operations.register_class(definition, WHY)

    assert told in refused.value.message
    assert operations.show_class("PowerSupply").definition["layer"] == "facility"
    twin = {**definition, "name": "Unused"}
    operations.register_class({**SUPPLY, "name": "Unused"}, WHY)
    assert operations.register_class(twin, WHY).definition["name"] == "Unused"


@pytest.mark.parametrize(
    "definition",
    [
        with_attribute(kind="integer", unit="W", maximum=500),
        with_attribute(kind="integer", unit="W", summary="rated"),
        {**SUPPLY, "rules": ["watts", "serial"]},
        {**SUPPLY, "attributes": [*SUPPLY["attributes"], {"name": "colour"}]},
        {**SUPPLY, "availability": {"mttf_hours": 1000, "mttr_hours": 1}},
    ],
)
def test_what_orphans_nothing_is_allowed_while_cis_are_on_record(
    operations: LocalOperations, definition: dict[str, Any]
) -> None:
    operations.register_class(SUPPLY, WHY)
    upserted(operations, supply("a"))

    assert operations.register_class(definition, WHY).revision > 2


def test_a_value_that_lost_against_another_source_is_not_orphaned_either(
    operations: LocalOperations,
) -> None:
    operations.register_class(SUPPLY, WHY)
    upserted(operations, supply("a", 700), source="one")
    upserted(operations, supply("a", 400), source="two")
    operations.rank_source("two", 5)
    assert operations.show_ci("a").ci.attributes["watts"] == 400

    with pytest.raises(BadValue):
        operations.register_class(with_attribute(kind="integer", unit="W", maximum=500), WHY)

    assert operations.register_class(with_attribute(kind="integer", unit="W", maximum=700), WHY)


@pytest.mark.parametrize(
    "narrowed",
    [{"providers": ["PowerSupply"]}, {"dependents": ["facility"]}, {"max_providers": 1}],
)
def test_ends_of_a_type_are_narrowed_only_while_all_relationships_fit(
    operations: LocalOperations, narrowed: dict[str, Any]
) -> None:
    operations.register_class(SUPPLY, WHY)
    operations.register_type(COOLED, WHY)
    links = [link("b", "cooled_by"), link("c", "cooled_by")]
    upserted(operations, machine("b"), machine("c"), {**machine("a"), "links": links})

    with pytest.raises(BadValue):
        operations.register_type({**COOLED, **narrowed}, WHY)

    fitting = {"providers": ["compute"], "dependents": ["PhysicalServer"], "max_providers": 2}
    kept_ends = {name: fitting[name] for name in narrowed}
    assert operations.register_type({**COOLED, **kept_ends}, WHY).kind == "relationship_type"


def test_what_is_shipped_can_be_extended_and_nothing_else(operations: LocalOperations) -> None:
    shipped = dict(operations.show_class("PhysicalServer").definition)
    more = {**shipped, "attributes": [*shipped["attributes"], {"name": "colour"}]}

    operations.register_class(more, WHY)

    upserted(operations, machine("a", colour="red"))
    assert operations.show_ci("a").ci.attributes["colour"] == "red"
    for less in (
        {**more, "attributes": []},
        {**more, "rules": more["rules"][1:]},
        {**more, "rules": ["colour", *more["rules"]]},
        {**more, "layer": "network"},
    ):
        with pytest.raises(BadValue):
            operations.register_class(less, WHY)
    depends_on = next(t for t in operations.list_types().types if t.name == "runs_on").definition
    with pytest.raises(BadValue):
        operations.register_type({**depends_on, "strength": "weak"}, WHY)


def test_retired_values_of_an_earlier_definition_are_read_after_a_restart(
    operations: LocalOperations, connection: Connection, clock: SetClock
) -> None:
    operations.register_class(SUPPLY, WHY)
    operations.register_type(COOLED, WHY)
    upserted(operations, machine("a"), {**machine("b"), "links": [link("a", "cooled_by")]})

    again = operations_over(store_over(connection, clock), clock)

    assert [hit.ci.name for hit in again.blast_radius(["a"]).hits] == ["b"]
