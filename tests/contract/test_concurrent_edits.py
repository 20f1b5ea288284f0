"""Do edits of one CI at the same moment all keep what they set?"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from cmdb.errors import KeyReused, StaleVersion, UnknownRelationship
from cmdb.model.rights import ROLES, SEES_ALL, Caller
from cmdb.ports import EditReason, NewRelationship
from cmdb.services.context import Context
from cmdb.services.edit_inventory import (
    add_ci,
    add_relationship,
    remove_relationship,
    set_attributes,
)
from cmdb.store.connection import Connection
from cmdb.store.graph_store import GraphStore
from tests.contract.stores import SetClock, host, kept, poured, store_over

NOTHING_SAID = EditReason()
MOMENTS = ["head", "source_records_of", "source_records", "identifiers", "ci_properties", "apply"]


class Meddled:
    """A store in which somebody else acts once, right before or after a certain call."""

    def __init__(self, store: GraphStore, moment: str, act: Callable[[], Any], *, after: bool):
        self._store = store
        self._moment = moment
        self._act: Callable[[], Any] | None = act
        self._after = after

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._store, name)
        return self._meddle(call) if name == self._moment else call

    def _meddle(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def meddled(*args: Any, **kwargs: Any) -> Any:
            act, self._act = self._act, None
            if act is not None and not self._after:
                act()
            answer = call(*args, **kwargs)
            if act is not None and self._after:
                act()
            return answer

        return meddled


@pytest.fixture
def store(connection: Connection) -> GraphStore:
    return store_over(connection)


def context(store: Any) -> Context:
    return Context(store, None, SetClock(), Caller("tester", frozenset(ROLES)))  # type: ignore[arg-type]  # edits need no engine


def a_host(store: GraphStore, name: str = "a") -> str:
    poured(store, kept(host(name)))
    return store.find_by_name(name, "PhysicalServer", SEES_ALL)[0].id


@pytest.mark.parametrize("had_record", [False, True])
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("moment", MOMENTS)
def test_an_edit_between_reading_and_writing_is_not_lost(
    store: GraphStore, moment: str, after: bool, had_record: bool
) -> None:
    ci = a_host(store)
    mine = context(store)
    if had_record:
        set_attributes(mine, ci, {"notes": "first"}, NOTHING_SAID)

    def somebody_else() -> None:
        set_attributes(mine, ci, {"owner": "them"}, NOTHING_SAID)

    meddled = Meddled(store, moment, somebody_else, after=after)
    set_attributes(context(meddled), ci, {"environment": "production"}, NOTHING_SAID)

    attributes = store.get_cis([ci], SEES_ALL)[ci].attributes
    assert (attributes["owner"], attributes["environment"]) == ("them", "production")
    assert attributes.get("notes") == ("first" if had_record else None)


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_edit_that_expects_a_version_is_refused_whenever_it_moves(
    store: GraphStore, moment: str
) -> None:
    ci = a_host(store)
    version = store.get_cis([ci], SEES_ALL)[ci].version

    def somebody_else() -> None:
        set_attributes(context(store), ci, {"owner": "them"}, NOTHING_SAID)

    meddled = Meddled(store, moment, somebody_else, after=False)
    with pytest.raises(StaleVersion):
        set_attributes(context(meddled), ci, {"owner": "me"}, EditReason(expected_version=version))

    assert store.get_cis([ci], SEES_ALL)[ci].attributes["owner"] == "them"


def test_a_relationship_added_meanwhile_stays(store: GraphStore) -> None:
    ids = [a_host(store, name) for name in ("a", "b", "c")]

    def somebody_else() -> None:
        add_relationship(
            context(store), NewRelationship("depends_on", ids[0], ids[1]), NOTHING_SAID
        )

    meddled = Meddled(store, "apply", somebody_else, after=False)
    add_relationship(context(meddled), NewRelationship("depends_on", ids[0], ids[2]), NOTHING_SAID)

    found = store.find_relationships([ids[0]], SEES_ALL)
    assert sorted(r.provider for r in found) == sorted(ids[1:])


def test_a_retry_of_an_edit_returns_its_first_answer_whatever_came_after(
    store: GraphStore,
) -> None:
    ci = a_host(store)
    version = store.get_cis([ci], SEES_ALL)[ci].version
    edit = EditReason(expected_version=version, idempotency_key="k")
    first = set_attributes(context(store), ci, {"owner": "me"}, edit)
    set_attributes(context(store), ci, {"owner": "them", "notes": "n"}, NOTHING_SAID)
    set_attributes(context(store), ci, {"name": "renamed", "owner": None}, NOTHING_SAID)
    head = store.head().revision

    again = set_attributes(context(store), ci, {"owner": "me"}, edit)

    assert again == first
    assert store.head().revision == head
    with pytest.raises((KeyReused, StaleVersion)):
        set_attributes(context(store), ci, {"owner": "you"}, edit)


def test_a_retry_of_an_addition_makes_no_second_ci(store: GraphStore) -> None:
    edit = EditReason(idempotency_key="k")
    first = add_ci(context(store), "TechnicalService", "mail", {}, {}, edit)

    again = add_ci(context(store), "TechnicalService", "mail", {}, {}, edit)

    assert again == first
    assert store.head().revision == 1


def test_a_retry_tells_of_the_present_where_the_log_has_lost_what_came_between(
    store: GraphStore,
) -> None:
    edit = EditReason(idempotency_key="k")
    first = add_ci(context(store), "TechnicalService", "mail", {}, {}, edit)
    now = set_attributes(context(store), first.id, {"notes": "n"}, NOTHING_SAID)
    store.erase_payloads(now.version, [0])

    again = add_ci(context(store), "TechnicalService", "mail", {}, {}, edit)

    assert again == now != first


def test_a_retry_of_a_removal_returns_its_first_answer(store: GraphStore) -> None:
    one, other = a_host(store), a_host(store, "b")
    made = add_relationship(context(store), NewRelationship("depends_on", one, other), NOTHING_SAID)
    edit = EditReason(idempotency_key="k")
    first = remove_relationship(context(store), made.id, edit)
    revision = store.head().revision

    again = remove_relationship(context(store), made.id, edit)

    assert (again, store.head().revision) == (first, revision)
    with pytest.raises(UnknownRelationship):
        remove_relationship(context(store), made.id, NOTHING_SAID)


def test_an_answer_that_was_kept_without_the_ends_is_given_again(
    store: GraphStore, connection: Connection
) -> None:
    one, other = a_host(store), a_host(store, "b")
    new, edit = NewRelationship("depends_on", one, other), EditReason(idempotency_key="k")
    first = add_relationship(context(store), new, edit)
    older = {"answer": json.dumps({"ci": one})}
    connection.write(
        lambda tx: tx.run("MATCH (i:Idempotency {key: 'k'}) SET i.answer = $answer", older)
    )

    assert add_relationship(context(store), new, edit) == first
