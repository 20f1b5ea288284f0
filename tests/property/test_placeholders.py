"""Is a key a placeholder if and only if too many records carry it now, whatever came before?"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cmdb.errors import Interrupted
from cmdb.model.records import Record
from cmdb.model.source_records import SourceRecord
from tests.fakes.deciding import apply, decided_on, is_refused
from tests.fakes.importing import AT, DisturbedStore, run, use_batches_of
from tests.fakes.memory_store import MemoryStore
from tests.property.strategies_placeholders import shared_record_sets
from tests.property.test_identity_order import batches_of, kept, newest, poured

EXAMPLES = {"long": 3_000, "ci": 300}.get(os.environ.get("CMDB_TEST_SIZE", ""), 40)
OFTEN = settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
OFTEN_WITH_PATCHES = settings(OFTEN, suppress_health_check=[HealthCheck.function_scoped_fixture])
MOST = 3
"""The rule, written out once more: so many records of one source may carry a key."""


def shared_keys(record: SourceRecord) -> set[str]:
    """Return the keys of a machine that can be shared by mistake, told apart from the product."""
    values = record.attributes
    found = {f"Host|macs={mac}" for mac in values.get("macs", ())}
    if "uuid" in values:
        found.add(f"Host|uuid={values['uuid']}")
    if "serial" in values:
        found.add(f"Host|serial={values['serial']}|vendor=v")
    return found if record.class_name != "SoftwareInstance" else set()


def expected_carriers(records: Sequence[SourceRecord]) -> set[tuple[str, str]]:
    """Return (placeholder, record) as counting the newest records gives them."""
    carriers: dict[str, list[SourceRecord]] = defaultdict(list)
    for record in newest(records):
        for key in shared_keys(record):
            carriers[key].append(record)
    return {
        (key, record.id)
        for key, found in carriers.items()
        if max(Counter((r.source, r.scope) for r in found).values()) > MOST
        for record in found
    }


def assert_is_function_of(store: MemoryStore, records: Sequence[SourceRecord]) -> None:
    expected = expected_carriers(records)
    held = {key: found for key, (found, _) in store.keys.items() if found.is_placeholder}
    assert store.carrying.keys() == expected
    assert held.keys() == {key for key, _ in expected}
    for key, found in held.items():
        origins = {store.carrying[key, witness].origin for witness in found.witnesses}
        assert (found.ci_id, found.contested) == ("", ())
        assert (len(origins), len(set(found.witnesses))) == (1, MOST + 1)
    assert store.picture() == poured([newest(records)]).picture()


@given(
    shared_record_sets(),
    st.randoms(use_true_random=False),
    st.lists(st.integers(0, 16), max_size=8),
)
@OFTEN
def test_corrections_and_late_deliveries_in_any_order_give_one_graph(
    pairs: list[tuple[Record, int]], random: Random, cuts: list[int]
) -> None:
    records = kept(pairs)
    told = [*records, *random.sample(records, len(records) // 3)]
    random.shuffle(told)

    store = poured(batches_of(told, cuts))

    assert_is_function_of(store, records)


@given(shared_record_sets(), st.randoms(use_true_random=False))
@OFTEN
def test_after_each_single_record_the_graph_is_that_of_all_so_far(
    pairs: list[tuple[Record, int]], random: Random
) -> None:
    records = kept(pairs)
    random.shuffle(records)
    store, told = MemoryStore(), []

    for record in records:
        told.append(record)
        apply(store, decided_on(store, record))
        expected = expected_carriers(told)
        assert store.carrying.keys() == expected

    assert_is_function_of(store, records)


@given(shared_record_sets())
@OFTEN
def test_two_writers_at_once_leave_what_one_after_the_other_leaves(
    pairs: list[tuple[Record, int]],
) -> None:
    *first, one, two, three = records = kept(pairs)
    store = MemoryStore()
    for record in first:
        apply(store, decided_on(store, record))

    for here, there in ((one, two), (two, three)):
        outcomes = [decided_on(store, record) for record in (here, there)]
        apply(store, outcomes[0])
        if is_refused(store, outcomes[1]):
            apply(store, decided_on(store, there))

    assert_is_function_of(store, records)


@given(shared_record_sets(), st.integers(1, 4), st.permutations([1, 2, 3]), st.integers(0, 12))
@OFTEN_WITH_PATCHES
def test_runs_in_batches_stopped_anywhere_end_where_one_piece_ends(
    monkeypatch: pytest.MonkeyPatch,
    pairs: list[tuple[Record, int]],
    size: int,
    order: list[int],
    stop: int,
) -> None:
    files = {at: [record for record, time in pairs if min(time, 3) == at] for at in order}
    whole, parted = DisturbedStore(), DisturbedStore()
    for at in (1, 2, 3):
        run(whole, files[at], observed_at=AT.replace(year=2000 + at))

    with monkeypatch.context() as patch:
        use_batches_of(patch, size)
        parted.writes_left = stop
        for at in order:
            when = AT.replace(year=2000 + at)
            try:
                run(parted, files[at], observed_at=when)
            except Interrupted:
                parted.writes_left = 1_000_000
                run(parted, files[at], observed_at=when)

    assert parted.picture() == whole.picture()
    assert_is_function_of(parted, list(parted.records.values()))
