"""Is a retry of every write told what the first was told, whatever others did in between?"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from cmdb.errors import Forbidden, KeyReused
from cmdb.model.access import NewToken
from cmdb.model.rights import Caller
from cmdb.ports import (
    ChangeUpdate,
    EditReason,
    IncidentUpdate,
    NewAffected,
    NewChange,
    NewGroup,
    NewIncident,
    NewRelationship,
    RecordListing,
    Target,
    UpsertRequest,
)
from cmdb.ports.operations import Operations
from cmdb.services.local_operations import LocalOperations
from cmdb.services.record_values import LONGEST_KEY
from cmdb.store.connection import Connection
from importers.records import IMPORTER
from tests.contract.practice_estate import ADMIN, PLANNER, WHY, Shop, minutes
from tests.contract.stores import host, kept, poured

ONCE = EditReason("because", idempotency_key="k" * LONGEST_KEY)
POWER: dict[str, Any] = {
    "name": "Rectifier",
    "layer": "facility",
    "rules": ["name"],
    "summary": "AC to DC.",
}
CHARGED = {"name": "charged_by", "inverse": "charges", "strength": "soft", "several": "all"}
RECORD = {
    "class": "TechnicalService",
    "key": "mail",
    "name": "mail",
    "attributes": {"code": "mail"},
}


@dataclass(frozen=True)
class Case:
    """A write, and what somebody else does to the same thing after it; `made` is its answer."""

    write: Callable[[LocalOperations, EditReason], Any]
    meddle: Callable[[LocalOperations, Any], Any]
    prepare: Callable[[LocalOperations], Any] = lambda _: None


def rename(operations: LocalOperations, *names: str) -> list[Any]:
    """What somebody else calls these from now on."""
    return [
        operations.set_attributes(name, {"name": f"{name} renamed", "notes": "else"}, WHY)
        for name in names
    ]


def incident(operations: LocalOperations) -> str:
    new = NewIncident("slow", (NewAffected("db", "degraded"),))
    return operations.open_incident(new, WHY).id


def change(operations: LocalOperations) -> str:
    new = NewChange("patch", (Target("db"),), minutes(60), minutes(120))
    return operations.plan_change(new, WHY).id


def only(page: Any) -> str:
    """The id of the only record there is."""
    (found,) = page
    return str(found.id)


def of_incidents(operations: LocalOperations) -> str:
    return only(operations.list_incidents(RecordListing()).incidents)


def of_changes(operations: LocalOperations) -> str:
    return only(operations.list_changes(RecordListing()).changes)


def relate(operations: LocalOperations, why: EditReason, tolerates: float | None = None) -> Any:
    return operations.add_relationship(
        NewRelationship("depends_on", "audit", "db", "soft", tolerates), why
    )


def related(operations: LocalOperations) -> str:
    dependent, provider = (operations.find_ci(name).id for name in ("audit", "vault"))
    return f"{dependent}/depends_on/{provider}"


def change_class(operations: LocalOperations, _: Any) -> Any:
    return operations.register_class({**POWER, "summary": "else"}, WHY)


def change_type(operations: LocalOperations, _: Any) -> Any:
    return operations.register_type({**CHARGED, "summary": "else"}, WHY)


UPSERT = UpsertRequest("scanner", (RECORD,))
CASES: dict[str, Case] = {
    "add_ci": Case(
        lambda o, why: o.add_ci("TechnicalService", "mail", {"code": "m"}, {}, why),
        lambda o, made: o.set_attributes(made.id, {"name": "post", "notes": "else"}, WHY),
    ),
    "set_attributes": Case(
        lambda o, why: o.set_attributes("db", {"name": "data", "notes": "mine"}, why),
        lambda o, made: o.set_attributes(made.id, {"notes": "theirs"}, WHY),
    ),
    "retire_ci": Case(
        lambda o, why: o.retire_ci("db", why),
        lambda o, _: (o.restore_ci("db", WHY), rename(o, "db")),
    ),
    "restore_ci": Case(
        lambda o, why: o.restore_ci("db", why),
        lambda o, _: o.retire_ci("db", WHY),
        lambda o: o.retire_ci("db", WHY),
    ),
    "restore_ci, retired by its source": Case(
        lambda o, why: o.restore_ci("old", why),
        lambda o, _: o.retire_ci("old", WHY),
    ),
    "add_relationship": Case(
        lambda o, why: relate(o, why, 30.0),
        lambda o, made: (relate(o, WHY, 60.0), o.remove_relationship(made.id, WHY)),
    ),
    "add_relationship, renamed": Case(
        lambda o, why: relate(o, why),
        lambda o, _: (relate(o, WHY, 60.0), rename(o, "audit", "db")),
    ),
    "remove_relationship": Case(
        lambda o, why: o.remove_relationship(related(o), why),
        lambda o, _: o.add_relationship(NewRelationship("depends_on", "audit", "vault"), WHY),
    ),
    "add_group": Case(
        lambda o, why: o.add_group(NewGroup("pair", ("db", "web-1"), 1, owner="audit"), why),
        lambda o, made: (
            o.set_attributes(made.id, {"k_min": 2, "k_full": 2}, WHY),
            rename(o, "db", "audit"),
        ),
    ),
    "upsert_records": Case(
        lambda o, why: o.upsert_records(UPSERT, why),
        lambda o, _: o.set_attributes("mail", {"notes": "else"}, WHY),
    ),
    "register_class": Case(lambda o, why: o.register_class(POWER, why), change_class),
    "register_class, as it is": Case(
        lambda o, why: o.register_class(POWER, why),
        change_class,
        lambda o: o.register_class(POWER, WHY),
    ),
    "register_type": Case(lambda o, why: o.register_type(CHARGED, why), change_type),
    "open_incident": Case(
        lambda o, why: o.open_incident(NewIncident("gone", (NewAffected("db"),)), why),
        lambda o, made: (
            o.update_incident(made.id, IncidentUpdate("resolved", "else", "words"), WHY),
            o.update_incident(made.id, IncidentUpdate(affected=(NewAffected("web-1"),)), WHY),
            rename(o, "web-2"),
        ),
    ),
    "update_incident": Case(
        lambda o, why: o.update_incident(
            of_incidents(o), IncidentUpdate("resolved", resolution="off and on"), why
        ),
        lambda o, made: (
            o.update_incident(made.id, IncidentUpdate("in_progress", title="else"), WHY),
            o.update_incident(made.id, IncidentUpdate("closed"), WHY),
        ),
        incident,
    ),
    "plan_change": Case(
        lambda o, why: o.plan_change(
            NewChange("move", (Target("db"),), minutes(60), minutes(120)), why
        ),
        lambda o, made: (
            o.update_change(made.id, ChangeUpdate("scheduled", end_at=minutes(180)), WHY),
            o.update_change(made.id, ChangeUpdate(targets=(Target("web-1"),)), WHY),
        ),
    ),
    "update_change": Case(
        lambda o, why: o.update_change(
            of_changes(o), ChangeUpdate("scheduled", description="mine"), why
        ),
        lambda o, made: o.update_change(made.id, ChangeUpdate("cancelled", title="else"), WHY),
        change,
    ),
    "keep_preview": Case(
        lambda o, why: o.keep_preview("tonight", [Target("db")], minutes(1), minutes(2), why),
        lambda o, _: (rename(o, "shop"), o.retire_ci("db", WHY)),
    ),
    "rank_source": Case(
        lambda o, why: o.rank_source("scanner", 10, why),
        lambda o, _: o.rank_source("scanner", 30, WHY),
        lambda o: o.upsert_records(UPSERT, WHY),
    ),
    "rank_source, as it is": Case(
        lambda o, why: o.rank_source("scanner", 0, why),
        lambda o, _: o.rank_source("scanner", 30, WHY),
    ),
    "revoke_token": Case(
        lambda o, why: o.revoke_token(only(o.list_tokens().tokens), why),
        lambda o, made: o.revoke_token(made.id, WHY),
        lambda o: o.create_token(NewToken("ann", ("viewer",)), WHY),
    ),
    "purge_payloads": Case(
        lambda o, why: o.purge_payloads(1, [0], why),
        lambda o, _: (o.set_retention(90, WHY), o.purge_payloads(1, None, WHY)),
    ),
    "purge_payloads, gone already": Case(
        lambda o, why: o.purge_payloads(1, [0], why),
        lambda o, _: o.set_retention(90, WHY),
        lambda o: o.purge_payloads(1, [0], WHY),
    ),
    "set_retention": Case(
        lambda o, why: o.set_retention(30, why), lambda o, _: o.set_retention(90, WHY)
    ),
    "apply_retention": Case(
        lambda o, why: o.apply_retention(why), lambda o, _: o.set_retention(90, WHY)
    ),
}
NOT_HERE = {
    "create_token": "its secret is shown once: a retry is refused (test_tokens.py)",
    "import_inventory": "files carry no key here: what is on record already is written once",
}


@pytest.fixture
def shop(connection: Connection) -> Shop:
    made = Shop(connection)
    poured(made.store, kept(replace(host("old"), lifecycle="retired")))
    return made


@pytest.fixture
def operations(shop: Shop) -> LocalOperations:
    return operations_of(shop, ADMIN)


def operations_of(shop: Shop, caller: Caller) -> LocalOperations:
    found = shop.as_(caller)
    # Nothing is listed or exported here, so that what does it need not fit.
    return LocalOperations(found._context, lambda _: IMPORTER, dict, iter)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", CASES)
def test_a_retry_is_told_the_first_answer_and_writes_nothing(
    name: str, shop: Shop, operations: LocalOperations
) -> None:
    case = CASES[name]
    case.prepare(operations)
    shop.clock.move(minutes=1)
    first = case.write(operations, ONCE)
    shop.clock.move(minutes=1)
    case.meddle(operations, first)
    head = shop.store.head()
    shop.clock.move(minutes=1)

    again = case.write(operations, ONCE)

    assert again == first
    assert shop.store.head() == head


def test_every_write_with_a_key_is_tried() -> None:
    takes_key = {
        name
        for name, method in inspect.getmembers(Operations, inspect.isfunction)
        if "EditReason" in str(inspect.signature(method))
    }

    assert takes_key - NOT_HERE.keys() == {name.partition(",")[0] for name in CASES}


@pytest.mark.parametrize("name", ["set_attributes", "add_relationship", "add_group"])
def test_the_key_serves_no_other_request(name: str, operations: LocalOperations) -> None:
    CASES[name].write(operations, ONCE)
    other = EditReason("because", idempotency_key="another")

    with pytest.raises(KeyReused):
        operations.set_attributes("web-3", {"notes": "other"}, ONCE)

    assert operations.set_attributes("web-3", {"notes": "other"}, other).attributes["notes"]


def test_who_may_no_longer_see_the_ci_is_not_told_by_a_retry(shop: Shop) -> None:
    planner, admin = shop.as_(PLANNER), shop.as_(ADMIN)
    first = planner.set_attributes("db", {"notes": "mine"}, ONCE)
    related = relate(planner, replace(ONCE, idempotency_key="r"))
    again = planner.set_attributes("db", {"notes": "mine"}, ONCE)

    admin.set_attributes("db", {"restricted_to": ["red"]}, WHY)

    assert again == first
    with pytest.raises(Forbidden):
        planner.set_attributes("db", {"notes": "mine"}, ONCE)
    with pytest.raises(Forbidden):
        relate(planner, replace(ONCE, idempotency_key="r"))
    admin.set_attributes("db", {"restricted_to": None}, WHY)
    assert planner.set_attributes("db", {"notes": "mine"}, ONCE) == first
    assert relate(planner, replace(ONCE, idempotency_key="r")) == related


@pytest.mark.parametrize("name", CASES)
def test_the_key_of_one_actor_answers_nobody_else(name: str, shop: Shop) -> None:
    """What others see may differ, and what was done is not theirs."""
    case = CASES[name]
    ann, bob = operations_of(shop, ADMIN), operations_of(shop, replace(ADMIN, actor="bob"))
    case.prepare(ann)
    first = case.write(ann, ONCE)
    head = shop.store.head()

    with pytest.raises(KeyReused):
        case.write(bob, ONCE)

    assert shop.store.head() == head
    assert case.write(ann, ONCE) == first
