"""Does a token open what it should, as long as it should, and does nothing give its secret away?"""

from __future__ import annotations

import gc
from datetime import timedelta

import orjson
import pytest

from cmdb.errors import BadValue, Conflict, StaleVersion, Unauthenticated, UnknownRecord
from cmdb.model.access import NewToken, hash_secret
from cmdb.model.log import decompress
from cmdb.model.nodes import Node, NodeKind
from cmdb.model.rights import Caller
from cmdb.ports import EditReason
from cmdb.services import authenticate as room
from cmdb.services.authenticate import authenticate, forget_tokens
from cmdb.services.local_operations import LocalOperations
from cmdb.store.connection import Connection
from cmdb.store.graph_store import GraphStore
from tests.contract.services import WHY, operations_over
from tests.contract.stores import SetClock, store_over

VIEWER = NewToken("bob", ("viewer",))


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def store(connection: Connection, clock: SetClock) -> GraphStore:
    return store_over(connection, clock)


@pytest.fixture
def operations(store: GraphStore, clock: SetClock) -> LocalOperations:
    return operations_over(store, clock)


def test_a_token_stands_for_its_roles_source_and_teams(
    operations: LocalOperations, store: GraphStore, clock: SetClock
) -> None:
    new = NewToken("scanner", ("importer", "viewer"), source="k8s", teams=("ops", "db"))

    made = operations.create_token(new, WHY)

    caller = authenticate(store, clock, made.secret)
    roles = frozenset({"importer", "viewer"})
    assert caller == Caller("scanner", roles, "k8s", frozenset({"ops", "db"}))
    assert made.token.roles == ("viewer", "importer")
    assert made.token.created_by == "root"
    assert made.token.expires_at == clock.now() + timedelta(days=90)
    assert operations.list_tokens().tokens == (made.token,)
    identity = operations_over(store, clock, caller).whoami()
    assert (identity.actor, identity.source, identity.teams) == ("scanner", "k8s", ("db", "ops"))


def test_neither_secret_nor_hash_is_in_the_log_or_in_an_answer(
    operations: LocalOperations, store: GraphStore
) -> None:
    made = operations.create_token(VIEWER, WHY)
    operations.revoke_token(made.token.id, WHY)

    entries = store.stored_entries(1, store.head().revision)
    texts = [e.header + decompress(e.body).decode() for e in entries]
    texts += [orjson.dumps(operations.list_tokens().to_json()).decode(), repr(made)]

    assert len(entries) == 2
    assert all(made.token.id in text for text in texts)
    for hidden in (made.secret, made.secret[10:], hash_secret(made.secret)):
        assert not [text for text in texts if hidden in text]


def test_a_token_revoked_in_one_request_opens_nothing_in_the_next(
    store: GraphStore, clock: SetClock
) -> None:
    made = operations_over(store.for_request(), clock).create_token(VIEWER, WHY)
    assert authenticate(store, clock, made.secret).actor == made.token.actor

    operations_over(store.for_request(), clock).revoke_token(made.token.id, WHY)

    with pytest.raises(Unauthenticated):
        authenticate(store, clock, made.secret)


def test_a_revoked_token_opens_nothing_at_once_here_and_soon_elsewhere(
    operations: LocalOperations,
    store: GraphStore,
    connection: Connection,
    clock: SetClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = operations.create_token(VIEWER, WHY)
    elsewhere = store_over(connection, clock)
    for each in (store, elsewhere):
        assert authenticate(each, clock, made.secret).actor == "bob"

    revoked = operations.revoke_token(made.token.id, WHY)

    assert revoked.revoked_at == clock.now()
    with pytest.raises(Unauthenticated):
        authenticate(store, clock, made.secret)
    # The other replica has not heard of it yet; once its memory is old, it asks again.
    assert authenticate(elsewhere, clock, made.secret).actor == "bob"
    memory = room._memory_of(elsewhere)
    began = memory._now()
    monkeypatch.setattr(memory, "_now", lambda: began + room.KEPT_SECONDS + 0.01)
    with pytest.raises(Unauthenticated):
        authenticate(elsewhere, clock, made.secret)


def test_a_token_ends_even_while_it_is_remembered(
    operations: LocalOperations, store: GraphStore, clock: SetClock
) -> None:
    end = clock.now() + timedelta(hours=1)
    made = operations.create_token(NewToken("bob", ("viewer",), expires_at=end), WHY)
    assert authenticate(store, clock, made.secret).actor == "bob"

    clock.move(hours=1)

    with pytest.raises(Unauthenticated):
        authenticate(store, clock, made.secret)


def test_an_answer_is_remembered_and_costs_no_read(
    operations: LocalOperations,
    store: GraphStore,
    clock: SetClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = operations.create_token(VIEWER, WHY)
    looked_up = []
    find = store.find_node

    def counted(kind: NodeKind, lookup: str) -> Node | None:
        looked_up.append(lookup)
        return find(kind, lookup)

    monkeypatch.setattr(store, "find_node", counted)

    for _ in range(3):
        authenticate(store, clock, made.secret)
    after_three = len(looked_up)
    forget_tokens(store)
    authenticate(store, clock, made.secret)

    assert (after_three, len(looked_up)) == (1, 2)


def test_a_look_up_that_a_revocation_overtook_is_not_remembered(
    operations: LocalOperations,
    store: GraphStore,
    clock: SetClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = operations.create_token(VIEWER, WHY)
    find = store.find_node

    def overtaken(kind: NodeKind, lookup: str) -> Node | None:
        found = find(kind, lookup)
        monkeypatch.setattr(store, "find_node", find)
        operations.revoke_token(made.token.id, WHY)
        return found

    monkeypatch.setattr(store, "find_node", overtaken)
    authenticate(store, clock, made.secret)

    with pytest.raises(Unauthenticated):
        authenticate(store, clock, made.secret)


def test_the_memory_holds_a_bounded_number_of_callers(store: GraphStore) -> None:
    memory = room._memory_of(store)
    known = room._Known(Caller("a"), 1)

    for number in range(room.MOST_KEPT + 10):
        memory.put(str(number), known, memory.forgotten)

    assert memory.get("9") is None
    assert memory.get("10") == known


def test_the_memory_goes_with_its_store(connection: Connection, clock: SetClock) -> None:
    before = len(room._memories)
    passing = store_over(connection, clock)
    forget_tokens(passing)
    assert len(room._memories) == before + 1

    del passing
    gc.collect()

    assert len(room._memories) <= before


@pytest.mark.parametrize(
    "secret", ["", "x", "cmdb_", "cmdb_unknown", "cmdb_" + "x" * 500, "cmdb_ü"]
)
def test_what_is_no_token_opens_nothing(store: GraphStore, clock: SetClock, secret: str) -> None:
    with pytest.raises(Unauthenticated):
        authenticate(store, clock, secret)


def test_whoever_holds_no_valid_token_is_told_the_same_whatever_it_is(
    operations: LocalOperations, store: GraphStore, clock: SetClock
) -> None:
    revoked, expired = (operations.create_token(VIEWER, WHY) for _ in range(2))
    operations.revoke_token(revoked.token.id, WHY)
    clock.move(days=91)

    told = set()
    for secret in (revoked.secret, expired.secret, "cmdb_unknown"):
        with pytest.raises(Unauthenticated) as refused:
            authenticate(store, clock, secret)
        told.add(refused.value.message)
    assert len(told) == 1


@pytest.mark.parametrize(
    ("new", "field"),
    [
        (NewToken("", ("viewer",)), "actor"),
        (NewToken("a\n", ("viewer",)), "actor"),
        (NewToken("a", ()), "roles"),
        (NewToken("a", ("king",)), "roles"),
        (NewToken("a", ("importer",)), "source"),
        (NewToken("a", ("importer", "planner")), "source"),
        (NewToken("a", ("viewer",), source="k8s"), "source"),
        (NewToken("a", ("importer",), source="manual"), "source"),
        (NewToken("a", ("viewer",), teams=("",)), "teams"),
        (NewToken("a", ("viewer",), expires_at=SetClock().at), "expires_at"),
        (
            NewToken("a", ("viewer",), expires_at=SetClock().at + timedelta(days=366.1)),
            "expires_at",
        ),
        (NewToken("a", ("viewer",), expires_at=SetClock().at.replace(tzinfo=None)), "expires_at"),
    ],
)
def test_a_token_that_makes_no_sense_is_refused_with_its_field(
    operations: LocalOperations, store: GraphStore, new: NewToken, field: str
) -> None:
    with pytest.raises(BadValue) as refused:
        operations.create_token(new, WHY)

    assert refused.value.facts["field"] == field
    assert store.head().revision == 0


@pytest.mark.parametrize(
    "new",
    [
        NewToken("a", ("importer",), source="k8s"),
        NewToken("a", ("importer", "administrator")),
        NewToken("a", ("viewer",), expires_at=SetClock().at + timedelta(days=366)),
    ],
)
def test_the_nearest_tokens_that_make_sense_are_made(
    operations: LocalOperations, new: NewToken
) -> None:
    assert operations.create_token(new, WHY).secret


def test_a_retry_makes_no_second_token_and_says_which_the_first_was(
    operations: LocalOperations,
) -> None:
    once = EditReason("because", idempotency_key="k")
    made = operations.create_token(VIEWER, once)

    with pytest.raises(Conflict) as refused:
        operations.create_token(VIEWER, once)

    assert refused.value.facts["token"] == made.token.id
    assert len(operations.list_tokens().tokens) == 1


def test_revoking_is_repeatable_checked_and_knows_its_tokens(operations: LocalOperations) -> None:
    made = operations.create_token(VIEWER, WHY)
    with pytest.raises(StaleVersion):
        operations.revoke_token(made.token.id, EditReason(expected_version=99))

    once = operations.revoke_token(made.token.id, EditReason(expected_version=made.token.version))

    assert operations.revoke_token(made.token.id, WHY) == once
    with pytest.raises(UnknownRecord):
        operations.revoke_token("nobody's", WHY)
