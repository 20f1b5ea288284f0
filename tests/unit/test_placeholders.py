"""Does a key that too many carry identify again when they are corrected, and at what cost?"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from cmdb.errors import Interrupted
from cmdb.model.changes import Carrier
from cmdb.model.records import Link, Record, Reference
from tests.fakes.deciding import apply, decided, decided_together, host, is_refused, kept, tell
from tests.fakes.importing import AT, DisturbedStore, run, use_batches_of
from tests.fakes.memory_store import MemoryStore

MAC = "02:00:00:00:00:01"
KEY = f"Host|macs={MAC}"
OWN = "02:00:00:00:01:{:02}"
LATER = AT.replace(year=AT.year + 1)


def carrying(number: int, mac: str = MAC) -> Record:
    return Record("Host", key=f"h{number}", attributes={"macs": [mac]})


def corrected(number: int) -> Record:
    return carrying(number, OWN.format(number))


def with_carriers(count: int) -> MemoryStore:
    store = MemoryStore()
    for number in range(count):
        tell(store, carrying(number))
    return store


def shown(store: MemoryStore) -> int:
    return sum(not ci.get("merged_into") for ci in store.cis.values())


def test_what_is_left_of_four_carriers_is_one_thing_when_one_is_corrected() -> None:
    store = with_carriers(4)
    assert shown(store) == 4

    tell(store, corrected(0), at=2)

    assert shown(store) == 2
    assert store.keys[KEY][0].ci_id
    assert store.carrying == {}


def test_carriers_of_two_sources_are_counted_apart() -> None:
    store = with_carriers(4)
    for number in range(4):
        tell(store, carrying(number), "t")

    tell(store, corrected(0), at=2)

    assert store.keys[KEY][0].is_placeholder
    assert len(store.carrying) == 7
    tell(store, corrected(0), "t", at=2)
    assert not store.keys[KEY][0].is_placeholder
    assert store.carrying == {}


def test_a_version_that_is_older_than_the_correction_does_not_count() -> None:
    store = with_carriers(3)
    tell(store, corrected(3), at=2)

    tell(store, carrying(3), at=1)

    assert not store.keys[KEY][0].is_placeholder


def test_a_carrier_that_is_no_witness_leaves_without_a_look_at_the_others() -> None:
    store = with_carriers(6)
    witnesses = store.keys[KEY][0].witnesses
    numbers = {kept(carrying(number)).id: number for number in range(6)}
    (first, *_) = [number for record, number in numbers.items() if record not in witnesses]

    outcome = decided(store, corrected(first), at=2)
    apply(store, outcome)

    assert outcome.changes.read_set.carriers == {}
    assert [c.key for c in outcome.changes.carriers_removed] == [KEY]
    assert store.keys[KEY][0].witnesses == witnesses


def test_a_witness_that_leaves_is_followed_by_another() -> None:
    store = with_carriers(5)
    numbers = {kept(carrying(number)).id: number for number in range(5)}
    gone = store.keys[KEY][0].witnesses[0]

    tell(store, corrected(numbers[gone]), at=2)

    assert set(store.keys[KEY][0].witnesses) == numbers.keys() - {gone}


@pytest.mark.parametrize("first", range(5))
@pytest.mark.parametrize("second", range(5))
def test_two_writers_never_leave_a_placeholder_with_three_carriers(first: int, second: int) -> None:
    store = with_carriers(5)
    one, two = (decided(store, corrected(number), at=2) for number in (first, second))
    apply(store, one)

    if is_refused(store, two):
        tell(store, corrected(second), at=2)

    assert store.keys[KEY][0].is_placeholder == (first == second)


def test_one_more_carrier_refuses_no_writer_who_brings_another() -> None:
    store = with_carriers(5)
    one, two = (decided(store, carrying(number)) for number in (5, 6))
    apply(store, one)

    assert not is_refused(store, two)
    assert len(store.carrying) == 7


def test_a_reference_by_a_placeholder_waits_until_it_identifies() -> None:
    store = with_carriers(4)
    other = Reference("Host", {"macs": [MAC]})
    tell(store, host("web", Link("depends_on", other)))
    assert {key for key, _ in store.waiting} == {KEY}

    tell(store, corrected(0), at=2)

    assert [edge["live"] for edge in store.edges.values()] == [True]
    assert store.waiting == set()


def test_a_decision_names_the_key_that_identifies_again() -> None:
    store = with_carriers(4)
    tell(store, corrected(0), at=2)
    tell(store, carrying(4))
    assert store.keys[KEY][0].is_placeholder

    staying = kept(Record("Host", key="h1", attributes={"macs": [MAC], "os": "linux"}), at=3)
    leaving = kept(corrected(2), at=3)
    outcome = decided_together(store, [staying, leaving])

    mine, other = outcome.decisions
    assert (mine.rule, mine.matched) == ("macs", KEY)
    assert other.matched == ""


def test_an_import_that_corrects_a_thousand_carriers_reads_them_a_few_times_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    use_batches_of(monkeypatch, 50)
    store = CountingStore()
    names = [f"{number:04}" for number in range(1_000)]
    run(store, [host(name, macs=[MAC]) for name in names], observed_at=AT)
    store.carriers_read = 0

    random.Random(1).shuffle(names)
    run(store, [host(name) for name in names], observed_at=LATER)

    assert (store.carrying, KEY in store.keys, shown(store)) == ({}, False, 1_000)
    # Each batch may be decided twice: once while the batch before is written.
    assert 0 < store.carriers_read < 16_000


class CountingStore(DisturbedStore):
    """Counts what a run reads of carriers."""

    carriers_read = 0

    def carriers(self, keys: Sequence[str]) -> list[Carrier]:
        found = super().carriers(keys)
        self.carriers_read += len(found)
        return found


def test_an_import_without_placeholders_reads_and_writes_nothing_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    use_batches_of(monkeypatch, 2)
    store = CountingStore()
    monkeypatch.setattr(CountingStore, "carriers", None)

    run(store, [host(f"h{n}", macs=[OWN.format(n)]) for n in range(8)], observed_at=AT)

    assert (shown(store), store.carrying) == (8, {})


@pytest.mark.parametrize("size", [1, 2, 1_000])
def test_what_a_run_took_for_a_placeholder_and_is_none_is_settled_before_it_ends(
    monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    use_batches_of(monkeypatch, size)
    store = DisturbedStore()
    run(store, [corrected(n) for n in (2, 3)], observed_at=LATER)

    report = run(store, [carrying(n) for n in range(4)], observed_at=AT)

    assert report.decided["older"] == 2
    assert (shown(store), store.carrying) == (3, {})
    assert not store.keys[KEY][0].is_placeholder


def test_what_an_abandoned_run_took_for_a_placeholder_is_settled_by_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    use_batches_of(monkeypatch, 2)
    store = DisturbedStore()
    store.writes_left = 1
    with pytest.raises(Interrupted):
        run(store, [carrying(n) for n in range(6)], observed_at=AT)
    store.writes_left = 1_000_000
    assert store.uncertain_placeholders() == [KEY]

    run(store, [host("unrelated")], observed_at=AT)

    assert store.uncertain_placeholders() == []
    assert (shown(store), store.keys[KEY][0].is_placeholder) == (2, False)


@pytest.mark.parametrize("size", [1, 1_000])
def test_several_versions_in_one_input_count_by_the_newest(
    monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    use_batches_of(monkeypatch, size)
    store = DisturbedStore()
    first = [replace(carrying(n), observed_at=AT) for n in range(4)]

    run(store, [*first, replace(corrected(0), observed_at=LATER)])

    assert (shown(store), store.carrying) == (2, {})
