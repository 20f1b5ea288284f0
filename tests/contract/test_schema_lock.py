"""When several processes start at once on one database, does exactly one change its schema?"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from cmdb.errors import DatabaseTooNew
from cmdb.model.shipped import shipped_registry
from cmdb.store import schema
from cmdb.store.connection import Connection
from cmdb.store.schema import MIGRATIONS, migrate
from cmdb.store.schema_lock import LOOK, MAKE, schema_lock
from tests.contract.stores import store_over

STARTING = 4
NOTED = "MATCH (m:Migration) RETURN m.number AS number ORDER BY number"
HEADS = "MATCH (h:LogHead) RETURN count(h) AS n"


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Counter[int]:
    """How often each migration ran."""
    counted: Counter[int] = Counter()

    def counting(number: int, run: Callable[[Connection], None]) -> Callable[[Connection], None]:
        def counted_run(connection: Connection) -> None:
            counted[number] += 1
            time.sleep(0.2)
            run(connection)

        return counted_run

    counting_ones = [counting(number, run) for number, run in enumerate(MIGRATIONS, start=1)]
    monkeypatch.setattr(schema, "MIGRATIONS", counting_ones)
    return counted


def test_of_many_that_start_at_once_one_migrates(
    connection: Connection, runs: Counter[int]
) -> None:
    together = threading.Barrier(STARTING)

    def start(_: int) -> int:
        together.wait()
        return migrate(connection, shipped_registry())

    with ThreadPoolExecutor(STARTING) as pool:
        found = list(pool.map(start, range(STARTING)))

    assert found == [len(MIGRATIONS)] * STARTING
    assert runs == dict.fromkeys(range(1, len(MIGRATIONS) + 1), 1)
    assert connection.read(NOTED) == [(n,) for n in range(1, len(MIGRATIONS) + 1)]
    assert connection.read(HEADS) == [(1,)]
    assert connection.read(LOOK) == []


def test_a_holder_that_was_killed_blocks_for_its_lease_only(connection: Connection) -> None:
    with schema_lock(connection):
        pass
    connection.write(lambda tx: tx.run(MAKE, {"me": "killed"}))
    began = time.monotonic()

    migrate(connection, shipped_registry(), lease_seconds=1)

    assert 1 <= time.monotonic() - began < 60
    assert connection.read(LOOK) == []
    assert store_over(connection).head().revision == 0


def test_a_holder_that_lives_is_waited_for_beyond_its_lease(connection: Connection) -> None:
    order: list[str] = []
    inside = threading.Event()

    def hold() -> None:
        with schema_lock(connection, lease_seconds=1.5):
            inside.set()
            time.sleep(4)
            order.append("first")

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(hold)
        assert inside.wait(60)
        with schema_lock(connection, lease_seconds=1.5):
            order.append("second")
        holding.result()

    assert order == ["first", "second"]


def test_a_failed_migration_leaves_the_lock_free(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Connection) -> None:
        raise LookupError("on purpose")

    with monkeypatch.context() as broken:
        broken.setattr(schema, "MIGRATIONS", [MIGRATIONS[0], fail])
        with pytest.raises(LookupError):
            migrate(connection, shipped_registry())

    assert connection.read(NOTED) == [(1,)]
    assert migrate(connection, shipped_registry()) == len(MIGRATIONS)


def test_an_older_program_refuses_and_its_newer_self_does_not(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(connection, shipped_registry())

    with monkeypatch.context() as older:
        older.setattr(schema, "MIGRATIONS", MIGRATIONS[:-1])
        with pytest.raises(DatabaseTooNew):
            migrate(connection, shipped_registry())

    assert migrate(connection, shipped_registry()) == len(MIGRATIONS)
