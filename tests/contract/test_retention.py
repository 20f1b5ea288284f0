"""Is old content erased as the policy says, and does all that remains stay true?"""

from __future__ import annotations

import pytest

from cmdb.errors import BadValue, LimitExceeded, UnknownRevision
from cmdb.model.access import NewToken
from cmdb.ports import EditReason
from cmdb.services.local_operations import LocalOperations
from cmdb.store.connection import Connection
from cmdb.store.graph_store import GraphStore
from tests.contract.services import WHY, link, machine, operations_over, upserted
from tests.contract.stores import SetClock, store_over


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def store(connection: Connection, clock: SetClock) -> GraphStore:
    return store_over(connection, clock)


@pytest.fixture
def operations(store: GraphStore, clock: SetClock) -> LocalOperations:
    return operations_over(store, clock)


@pytest.fixture
def aged(operations: LocalOperations, clock: SetClock) -> LocalOperations:
    """Three machines in a row, `b` changed twice: revisions 1 to 3 old, 4 and 5 new."""
    upserted(
        operations,
        machine("a"),
        {**machine("b"), "links": [link("a")]},
        {**machine("c"), "links": [link("b")]},
    )
    operations.set_attributes("b", {"os": "one"}, WHY)
    operations.create_token(NewToken("bob", ("viewer",)), WHY)
    clock.move(days=40)
    operations.set_attributes("b", {"os": "two"}, WHY)
    operations.set_retention(30, WHY)
    return operations


def test_what_is_older_than_the_policy_is_erased_but_for_the_newest_of_each(
    aged: LocalOperations, store: GraphStore
) -> None:
    report = aged.apply_retention(WHY)

    # Of revision 1 the first state of b, of revision 2 its second: a, c and the relationships
    # stand as they were first written.
    assert (report.days, report.entries, report.payloads) == (30, 2, 2)
    kept = {
        (entry.revision, change.kind): change.after.get("name", change.id)
        for entry in store.entries(1, 4)
        for change in entry.changes
        if change is not None
    }
    assert set(kept) == {(1, "ci"), (1, "relationship"), (3, "token"), (4, "ci")}
    (told,) = store.entries(6, 6)[0].changes
    assert told is not None
    assert (told.kind, told.after["through"], told.after["payloads"]) == ("retention", 3, 2)


def test_the_log_verifies_and_counts_what_is_erased(aged: LocalOperations) -> None:
    before = aged.anchor_log()

    aged.apply_retention(WHY)

    report = aged.verify_log(before)
    assert (report.entries, report.erased) == (6, 2)


def test_history_goes_on_and_says_that_there_was_more(aged: LocalOperations) -> None:
    whole = aged.get_history("b")
    aged.apply_retention(WHY)

    after = aged.get_history("b")

    assert not whole.is_partial
    assert after.is_partial
    assert after.events == tuple(e for e in whole.events if e.kind != "ci" or e.revision == 4)
    assert after.events[0].after == {"a_os": "two"}
    assert "a" in [event.after.get("name") for event in aged.get_history("a").events]
    assert not aged.get_history("a").is_partial


def test_later_moments_are_answered_and_earlier_ones_say_what_is_gone(
    aged: LocalOperations, store: GraphStore, clock: SetClock
) -> None:
    aged.apply_retention(WHY)

    for each in (aged, operations_over(store, clock)):
        for revision in (3, 4, 5, 6):
            hits = each.blast_radius(["a"], at=revision).hits
            assert [hit.ci.name for hit in hits] == ["b", "c"]
    for revision in (1, 2):
        with pytest.raises(UnknownRevision) as refused:
            operations_over(store, clock).blast_radius(["a"], at=revision)
        assert "erased" in refused.value.message
    assert aged.log_figures().newest_checkpoint == 3


def test_applied_again_there_is_nothing_left_to_erase(
    aged: LocalOperations, store: GraphStore, clock: SetClock
) -> None:
    aged.apply_retention(WHY)

    again = aged.apply_retention(WHY)

    assert (again.entries, again.payloads, store.head().revision) == (0, 0, 6)
    clock.move(days=40)
    aged.set_attributes("b", {"os": "three"}, WHY)
    assert aged.apply_retention(WHY).payloads == 1
    assert [hit.ci.name for hit in aged.blast_radius(["a"], at=7).hits] == ["b", "c"]
    assert aged.verify_log().erased == 3


def test_without_a_policy_nothing_is_erased(aged: LocalOperations, store: GraphStore) -> None:
    aged.set_retention(0, WHY)

    report = aged.apply_retention(WHY)

    assert (report.days, report.payloads, store.head().revision) == (0, 0, 6)


def test_the_policy_is_a_setting_in_the_log_that_every_replica_sees(
    aged: LocalOperations, connection: Connection, clock: SetClock
) -> None:
    elsewhere = operations_over(store_over(connection, clock), clock)

    assert elsewhere.log_figures().retention_days == 30
    (change,) = aged.show_log(5).changes
    assert (change.kind, change.before, change.after) == ("settings", {"days": 0}, {"days": 30})
    assert aged.set_retention(30, WHY).revision == 5


def test_a_retry_erases_nothing_more_and_returns_the_first_answer(
    aged: LocalOperations, clock: SetClock
) -> None:
    once = EditReason("because", idempotency_key="k")
    first = aged.apply_retention(once)
    aged.set_attributes("b", {"os": "three"}, WHY)
    clock.move(days=40)

    again = aged.apply_retention(once)

    assert (again.payloads, again.revision) == (first.payloads, first.revision)
    assert aged.verify_log().erased == 2


@pytest.mark.parametrize(("days", "error"), [(-1, BadValue), (36_501, LimitExceeded)])
def test_a_policy_out_of_bounds_is_refused(
    operations: LocalOperations, days: int, error: type[Exception]
) -> None:
    with pytest.raises(error):
        operations.set_retention(days, WHY)

    assert operations.set_retention(36_500, WHY).days == 36_500


def test_a_purge_takes_what_it_names_and_leaves_its_proof(
    aged: LocalOperations, store: GraphStore
) -> None:
    one = aged.purge_payloads(1, [0], WHY)
    rest = aged.purge_payloads(1, None, WHY)
    nothing = aged.purge_payloads(1, None, WHY)

    assert (one.payloads, rest.payloads, nothing.payloads) == (1, 4, 0)
    assert store.entries(1, 1)[0].changes == [None] * 5
    assert [c.kind for c in store.entries(6, 6)[0].changes if c] == ["purge"]
    assert aged.verify_log().erased == 5
    assert aged.find_ci("a").name == "a"
    with pytest.raises(BadValue):
        aged.purge_payloads(6, None, WHY)


def test_a_purge_of_what_is_not_there_is_refused(aged: LocalOperations) -> None:
    with pytest.raises(UnknownRevision):
        aged.purge_payloads(99, None, WHY)
    for index in (-1, 5):
        with pytest.raises(BadValue):
            aged.purge_payloads(1, [index], WHY)

    assert aged.purge_payloads(1, [4], WHY).payloads == 1


def test_figures_tell_entries_bytes_and_checkpoints(
    aged: LocalOperations, store: GraphStore
) -> None:
    figures = aged.log_figures()

    stored = store.stored_entries(1, 5)
    size = sum(len(e.body) + len(e.header) + len(e.change_hashes) for e in stored)
    assert (figures.entries, figures.bytes, figures.checkpoints) == (5, size, 0)
    aged.apply_retention(WHY)
    assert aged.log_figures().checkpoints == 1
