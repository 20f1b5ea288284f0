"""Does nothing that a caller may not see leak by a list, the log, a history or an answer?

One CI is restricted to a team. Everything that a viewer outside it can ask is asked, and searched
for its name, its id and a value of it; the same questions by the team find it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from cmdb.errors import CmdbError, Forbidden, UnknownCI
from cmdb.model.changes import ChangeSet, Stamp
from cmdb.model.nodes import Node, NodeChange
from cmdb.model.rights import Caller
from cmdb.ports import EditReason, Listing, NewRelationship
from cmdb.services.local_operations import LocalOperations
from cmdb.store.connection import Connection
from cmdb.store.graph_store import GraphStore
from tests.contract.services import WHY, link, machine, operations_over, upserted
from tests.contract.stores import SetClock, store_over

NAME, VALUE = "hushhush", "topsecretos"
OUTSIDER = Caller("viewer", frozenset({"viewer"}), teams=frozenset({"web"}))
MEMBER = Caller("member", frozenset({"viewer"}), teams=frozenset({"vault"}))
OUTSIDE_PLANNER = Caller("planner", frozenset({"planner"}))


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def store(connection: Connection, clock: SetClock) -> GraphStore:
    store = store_over(connection, clock)
    root = operations_over(store, clock)
    secret = machine(NAME, os=VALUE, owner="vault-team", restricted_to=["vault"])
    front = {**machine("front"), "links": [link(NAME)]}
    upserted(root, machine("base"), {**secret, "links": [link("base")]}, front)
    root.set_attributes(NAME, {"os": VALUE + "2"}, EditReason(f"mend {NAME}"))
    root.set_attributes("front", {"os": "plain"}, EditReason("plain reason"))
    secret_id = root.find_ci(NAME).id
    about = Node("incident", "i-1", 0, "closed", {"title": f"{NAME} is down"}, (secret_id,))
    kept = Node("preview", "p-1", 0, "kept", {"answer": NAME})
    nodes = tuple(NodeChange(None, node) for node in (about, kept))
    store.apply(ChangeSet(nodes=nodes), Stamp("root", reason=f"tell of {NAME}"))
    return store


@pytest.fixture
def secret_id(store: GraphStore, clock: SetClock) -> str:
    return operations_over(store, clock).find_ci(NAME).id


QUESTIONS: dict[str, Callable[[LocalOperations], Any]] = {
    "list": lambda o: o.list_cis(Listing()),
    "search": lambda o: o.search_cis(NAME[:6]),  # the answer repeats the words
    "show": lambda o: o.show_ci("front"),
    "history": lambda o: o.get_history("front"),
    "history of the base": lambda o: o.get_history("base"),
    "log": lambda o: o.list_log(),
    "entry": lambda o: o.show_log(2),
    "first entry": lambda o: o.show_log(1),
    "newest entry": lambda o: o.show_log(4),
    "feed": lambda o: o.read_feed(0),
    "difference": lambda o: o.diff_moments(0, 4, ["base"]),
    "difference backwards": lambda o: o.diff_moments(4, 1, ["base"]),
    "radius": lambda o: o.blast_radius(["base"]),
    "explanation": lambda o: o.explain_impact(["base"], "front"),
    "doctor": lambda o: o.doctor(),
    "runs": lambda o: o.list_runs(),
}


def asked(operations: LocalOperations, question: str) -> str:
    return orjson.dumps(QUESTIONS[question](operations).to_json()).decode()


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_outsider_never_meets_name_value_or_id(
    store: GraphStore, clock: SetClock, secret_id: str, question: str
) -> None:
    told = asked(operations_over(store, clock, OUTSIDER), question)

    # A relationship's id is made of those of its ends.
    assert [hidden for hidden in (NAME, VALUE, secret_id) if hidden in told] == []


@pytest.mark.parametrize(
    "question",
    ["list", "search", "show", "history", "log", "entry", "feed", "difference", "radius"],
)
def test_the_team_meets_it_by_the_same_questions(
    store: GraphStore, clock: SetClock, question: str
) -> None:
    assert NAME in asked(operations_over(store, clock, MEMBER), question)


def test_what_is_withheld_is_counted(store: GraphStore, clock: SetClock) -> None:
    outsider = operations_over(store, clock, OUTSIDER)

    assert outsider.show_ci("front").withheld == 1
    assert outsider.get_history("front").withheld == 1
    # The CI itself and its relationships with both others.
    assert outsider.show_log(1).withheld == 3
    assert outsider.diff_moments(0, 1).withheld == 3
    feed = outsider.read_feed(0)
    assert [sum(c.is_withheld for c in entry.changes) for entry in feed.entries] == [3, 1, 0, 2]
    assert [e.entry.reason for e in feed.entries][1:3] == ["(not visible to you)", "plain reason"]
    everything = operations_over(store, clock).show_log(1)
    assert (everything.withheld, len(everything.changes)) == (0, 5)
    assert operations_over(store, clock).show_ci("front").withheld == 0


def test_impact_is_reduced_by_name_and_never_by_count(store: GraphStore, clock: SetClock) -> None:
    full = operations_over(store, clock).blast_radius(["base"])
    reduced = operations_over(store, clock, OUTSIDER).blast_radius(["base"])

    assert len(reduced.hits) == len(full.hits) == 2
    hidden = next(hit for hit in reduced.hits if not hit.ci.id)
    assert (hidden.ci.class_name, hidden.ci.name) == ("PhysicalServer", "(not visible to you)")
    assert (hidden.state, hidden.owner) == ("DOWN", "vault-team")
    assert reduced.basis.trust == full.basis.trust
    steps = operations_over(store, clock, OUTSIDER).explain_impact(["base"], "front").steps
    assert [step.type for step in steps] == ["depends_on", "depends_on"]


def test_it_cannot_be_named_nor_asked_about(
    store: GraphStore, clock: SetClock, secret_id: str
) -> None:
    outsider = operations_over(store, clock, OUTSIDER)

    for question in (
        lambda: outsider.show_ci(secret_id),
        lambda: outsider.get_history(NAME),
        lambda: outsider.blast_radius([NAME]),
        lambda: outsider.find_ci(f"PhysicalServer/{NAME}"),
    ):
        with pytest.raises(UnknownCI) as refused:
            question()
        assert refused.value.facts["nearest"] == []


def test_an_edit_that_meets_it_by_its_identifiers_is_refused(
    store: GraphStore, clock: SetClock, secret_id: str
) -> None:
    planner = operations_over(store, clock, OUTSIDE_PLANNER)
    head = store.head().revision
    by_serial = {"serial": NAME, "vendor": "acme"}
    relationship = operations_over(store, clock).show_ci("front").providers[0].relationship

    refusals = []
    for edit in (
        lambda: planner.add_ci("PhysicalServer", "mine", by_serial, {}, WHY),
        lambda: planner.set_attributes(secret_id, {"os": "x"}, WHY),
        lambda: planner.add_relationship(NewRelationship("depends_on", "base", secret_id), WHY),
        lambda: planner.remove_relationship(relationship.id, WHY),
    ):
        with pytest.raises(CmdbError) as refused:
            edit()
        refusals.append(refused.value)

    assert isinstance(refusals[0], Forbidden)
    assert not [error for error in refusals if VALUE in error.message]
    assert store.head().revision == head
    assert planner.add_ci("PhysicalServer", "mine", {**by_serial, "serial": "other"}, {}, WHY).id


def test_the_counts_of_classes_leave_it_out_and_the_team_counts_it(
    store: GraphStore, clock: SetClock
) -> None:
    def machines(caller: Caller) -> int:
        classes = operations_over(store, clock, caller).list_classes().classes
        return next(each.count for each in classes if each.name == "PhysicalServer")

    assert (machines(OUTSIDER), machines(MEMBER)) == (2, 3)
