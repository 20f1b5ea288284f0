"""Is nobody kept waiting for a database that is known to be away, and is its return noticed?"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from cmdb.errors import CmdbError, DatabaseRefused, DatabaseUnavailable, WriteConflict
from cmdb.store import availability
from cmdb.store.availability import Availability

OUTAGE = DatabaseUnavailable("neo4j://here", "refused")


class Database:
    """What is asked, and what it answers."""

    def __init__(self) -> None:
        self.error: CmdbError | None = OUTAGE
        self.asked = threading.Semaphore(0)

    def probe(self) -> None:
        self.asked.release()
        if self.error is not None:
            raise self.error


@pytest.fixture
def database() -> Database:
    return Database()


@pytest.fixture
def known(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Availability]:
    monkeypatch.setattr(availability, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(availability, "PROBE_SECONDS", 0.01)
    made = Availability(database.probe, lambda error: error is OUTAGE)
    yield made
    made.close()


def is_there(known: Availability) -> bool:
    try:
        known.check()
    except DatabaseUnavailable:
        return False
    return True


def wait_until(what: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not what():
        assert time.monotonic() < until
        time.sleep(0.005)


def met(known: Availability) -> None:
    """Meet the outage until it is known."""
    may_try_again = known.patience()
    wait_until(lambda: not may_try_again(OUTAGE))


def test_an_outage_is_met_again_for_a_moment_and_then_known(known: Availability) -> None:
    may_try_again = known.patience()

    assert may_try_again(OUTAGE)
    assert is_there(known)
    time.sleep(0.06)
    assert not may_try_again(OUTAGE)
    assert not is_there(known)


def test_whoever_meets_it_after_that_is_not_patient(known: Availability) -> None:
    met(known)

    assert not known.patience()(OUTAGE)
    with pytest.raises(DatabaseUnavailable, match="refused"):
        known.check()


def test_its_return_is_noticed_without_any_request(known: Availability, database: Database) -> None:
    met(known)
    for _ in range(3):
        assert database.asked.acquire(timeout=10)
    assert not is_there(known)

    database.error = None

    wait_until(lambda: is_there(known))


def test_a_database_that_refuses_is_there_and_says_so_itself(
    known: Availability, database: Database
) -> None:
    met(known)

    database.error = DatabaseRefused("wrong password")

    wait_until(lambda: is_there(known))


def test_a_second_outage_is_known_like_the_first(known: Availability, database: Database) -> None:
    met(known)
    database.error = None
    wait_until(lambda: is_there(known))

    database.error = OUTAGE
    met(known)

    assert not is_there(known)


def test_other_errors_are_no_outage(known: Availability) -> None:
    may_try_again = known.patience()
    time.sleep(0.06)

    assert may_try_again(WriteConflict(1, "others"))
    assert may_try_again(DatabaseUnavailable("neo4j://here", "a commit was lost"))
    assert is_there(known)


def test_nothing_is_asked_after_the_end(known: Availability, database: Database) -> None:
    met(known)
    assert database.asked.acquire(timeout=10)

    known.close()

    while database.asked.acquire(blocking=False):
        pass
    assert not database.asked.acquire(timeout=0.1)
