"""Is a log that is verified portion by portion verified as a whole?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from cmdb.errors import BadValue, LogBroken
from cmdb.model.log_reports import Anchor
from cmdb.services import verify_log as verifying
from cmdb.services.local_operations import LocalOperations
from cmdb.store.connection import Connection
from tests.contract.services import machine, operations_over, upserted
from tests.contract.stores import SetClock, store_over

ENTRIES = 5


@pytest.fixture
def operations(connection: Connection) -> LocalOperations:
    """Return the operations over a log of a few entries."""
    made = operations_over(store_over(connection), SetClock())
    for number in range(ENTRIES):
        upserted(made, machine(f"m{number}"))
    return made


def test_portions_go_on_from_each_other_to_the_end(operations: LocalOperations) -> None:
    whole = operations.verify_log()
    checked, after = [], None

    while True:
        part = operations.verify_log(after=after, first=2)
        checked.append(part.entries)
        after = part.until
        if not part.has_next:
            break

    assert whole.entries == ENTRIES
    assert not whole.has_next
    assert checked == [2, 2, 1]
    assert after == whole.until == whole.head


def test_a_portion_ends_when_its_time_is_over(
    operations: LocalOperations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifying, "_SMALL_BATCH", 1)
    allowed = operations.verify_log(first=ENTRIES)

    monkeypatch.setattr(verifying, "PORTION_SECONDS", 1e-9)

    assert (allowed.entries, allowed.has_next) == (ENTRIES, False)
    late = operations.verify_log(first=ENTRIES)
    assert (late.entries, late.has_next) == (1, True)


def test_a_portion_that_does_not_follow_from_the_one_before_is_refused(
    operations: LocalOperations,
) -> None:
    until = operations.verify_log(first=2).until
    forged = replace(until, hash="f" * 64)
    beyond = Anchor(ENTRIES + 1, until.hash)

    assert operations.verify_log(after=until).entries == ENTRIES - 2
    for after in (forged, beyond, Anchor(ENTRIES, "f" * 64)):
        with pytest.raises(LogBroken):
            operations.verify_log(after=after)


def test_an_anchor_is_met_in_the_portion_it_belongs_to(operations: LocalOperations) -> None:
    second = operations.verify_log(first=2).until
    forged = replace(second, hash="0" * 64)

    assert operations.verify_log(second, first=3).anchor == second
    assert operations.verify_log(forged, first=1).has_next
    for after, first in ((None, 2), (operations.verify_log(first=1).until, 1)):
        with pytest.raises(LogBroken, match="anchor"):
            operations.verify_log(forged, after=after, first=first)


@pytest.mark.parametrize("first", [0, -1, 10_001])
def test_a_portion_of_no_size_is_refused(operations: LocalOperations, first: int) -> None:
    with pytest.raises(BadValue):
        operations.verify_log(first=first)
