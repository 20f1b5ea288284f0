"""Is every edit that expects a version refused at another one, and made at the right one?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from cmdb.errors import StaleVersion
from cmdb.model.access import NewToken
from cmdb.ports import (
    ChangeUpdate,
    EditReason,
    IncidentUpdate,
    NewAffected,
    NewChange,
    NewIncident,
    NewRelationship,
    Target,
)
from cmdb.services.local_operations import LocalOperations
from tests.api.root_fields import ROOTS, input_of
from tests.contract.practice_estate import ADMIN, WHY, Shop, minutes

CLASS: dict[str, Any] = {
    "name": "Rectifier",
    "layer": "facility",
    "rules": ["name"],
    "summary": "AC to DC.",
}
TYPE: dict[str, Any] = {
    "name": "charged_by",
    "inverse": "charges",
    "strength": "soft",
    "several": "all",
}
NEEDS = NewRelationship("depends_on", "audit", "db", "soft")


@dataclass(frozen=True)
class Case:
    """An edit of what `prepare` makes or reads; that has an id or name, and a version."""

    prepare: Callable[[LocalOperations], tuple[str, int]]
    edit: Callable[[LocalOperations, str, EditReason], Any]


def of_ci(name: str) -> Callable[[LocalOperations], tuple[str, int]]:
    return lambda operations: (name, operations.find_ci(name).version)


def retired(operations: LocalOperations) -> tuple[str, int]:
    return "db", operations.retire_ci("db", WHY).version


def related(operations: LocalOperations) -> tuple[str, int]:
    made = operations.add_relationship(NEEDS, WHY)
    # The CI goes on to another version: it is not the one that counts.
    operations.set_attributes("audit", {"notes": "else"}, WHY)
    return made.id, made.version


def unrelated(_: LocalOperations) -> tuple[str, int]:
    return "", 0


def ended(operations: LocalOperations) -> tuple[str, int]:
    made = operations.remove_relationship(operations.add_relationship(NEEDS, WHY).id, WHY)
    return made.id, made.version


def registered(operations: LocalOperations) -> tuple[str, int]:
    return "", operations.register_class(CLASS, WHY).revision


def registered_type(operations: LocalOperations) -> tuple[str, int]:
    return "", operations.register_type(TYPE, WHY).revision


def incident(operations: LocalOperations) -> tuple[str, int]:
    made = operations.open_incident(NewIncident("slow", (NewAffected("db"),)), WHY)
    return made.id, made.version


def change(operations: LocalOperations) -> tuple[str, int]:
    new = NewChange("patch", (Target("db"),), minutes(60), minutes(120))
    made = operations.plan_change(new, WHY)
    return made.id, made.version


def token(operations: LocalOperations) -> tuple[str, int]:
    made = operations.create_token(NewToken("ann", ("viewer",)), WHY).token
    return made.id, made.version


def revoked(operations: LocalOperations) -> tuple[str, int]:
    made = operations.revoke_token(token(operations)[0], WHY)
    return made.id, made.version


def relate(operations: LocalOperations, _: str, why: EditReason) -> Any:
    return operations.add_relationship(replace(NEEDS, tolerates_seconds=30.0), why)


CASES: dict[str, Case] = {
    "setAttributes": Case(
        of_ci("db"), lambda o, ci, why: o.set_attributes(ci, {"notes": "n"}, why)
    ),
    "retireCi": Case(of_ci("db"), lambda o, ci, why: o.retire_ci(ci, why)),
    "restoreCi": Case(retired, lambda o, ci, why: o.restore_ci(ci, why)),
    "addRelationship": Case(related, relate),
    "addRelationship, not on record": Case(unrelated, relate),
    "addRelationship, ended": Case(ended, relate),
    "removeRelationship": Case(related, lambda o, each, why: o.remove_relationship(each, why)),
    "registerClass": Case(
        registered, lambda o, _, why: o.register_class({**CLASS, "summary": "else"}, why)
    ),
    "registerClass, as it is": Case(registered, lambda o, _, why: o.register_class(CLASS, why)),
    "registerRelationshipType": Case(
        registered_type, lambda o, _, why: o.register_type({**TYPE, "summary": "else"}, why)
    ),
    "updateIncident": Case(
        incident, lambda o, each, why: o.update_incident(each, IncidentUpdate("resolved"), why)
    ),
    "updateIncident, as it is": Case(
        incident, lambda o, each, why: o.update_incident(each, IncidentUpdate(title="slow"), why)
    ),
    "updateChange": Case(
        change, lambda o, each, why: o.update_change(each, ChangeUpdate("scheduled"), why)
    ),
    "revokeToken": Case(token, lambda o, each, why: o.revoke_token(each, why)),
    "revokeToken, revoked": Case(revoked, lambda o, each, why: o.revoke_token(each, why)),
}


@pytest.mark.parametrize("off_by", [1, -1, 999_999])
@pytest.mark.parametrize("name", CASES)
def test_another_version_is_refused_and_the_right_one_is_edited(
    name: str, off_by: int, shop: Shop
) -> None:
    case, operations = CASES[name], shop.as_(ADMIN)
    subject, version = case.prepare(operations)
    head = shop.store.head()

    with pytest.raises(StaleVersion) as refused:
        case.edit(operations, subject, EditReason("w", expected_version=version + off_by))

    assert shop.store.head() == head
    facts = refused.value.facts
    assert (facts["expected"], facts["actual"]) == (version + off_by, version)
    assert case.edit(operations, subject, EditReason("w", expected_version=version))


@pytest.mark.parametrize("name", CASES)
def test_a_retry_is_answered_although_its_first_attempt_moved_the_version(
    name: str, shop: Shop
) -> None:
    case, operations = CASES[name], shop.as_(ADMIN)
    subject, version = case.prepare(operations)
    once = EditReason("w", expected_version=version, idempotency_key="k")

    first = case.edit(operations, subject, once)

    assert case.edit(operations, subject, once) == first


def test_every_mutation_that_takes_a_version_is_tried() -> None:
    root = ROOTS["mutation"]
    assert root is not None
    versioned = {name for name in root.fields if "expectedVersion" in input_of(name).fields}

    assert versioned == {name.partition(",")[0] for name in CASES}
