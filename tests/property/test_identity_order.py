"""Does the inventory depend on the set of records alone, whatever their order and batches?"""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import count, pairwise
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cmdb.model.changes import Stamp
from cmdb.model.check import check_record
from cmdb.model.decisions import Rules
from cmdb.model.records import Record
from cmdb.model.source_records import SourceRecord
from cmdb.services import evidence
from tests.fakes.memory_store import MemoryStore
from tests.property.strategies_records import record_sets

EXAMPLES = {"long": 3_000, "ci": 400}.get(os.environ.get("CMDB_TEST_SIZE", ""), 100)


def kept(pairs: Sequence[tuple[Record, int]]) -> list[SourceRecord]:
    made = []
    for record, observed in pairs:
        source_record, _ = check_record(
            MemoryStore().registry(),
            record,
            source="s",
            scope="z",
            observed_ms=observed,
            run="r",
        )
        if source_record is not None:
            made.append(source_record)
    return made


def newest(records: Sequence[SourceRecord]) -> list[SourceRecord]:
    best: dict[str, SourceRecord] = {}
    for record in records:
        held = best.get(record.id)
        if held is None or (held.observed_ms, held.digest) < (record.observed_ms, record.digest):
            best[record.id] = record
    return list(best.values())


def poured(batches: Sequence[Sequence[SourceRecord]]) -> MemoryStore:
    store = MemoryStore()
    ids = count()
    for batch in batches:
        rules = Rules(store.registry(), {}, lambda: f"ci-{next(ids):05d}")
        known = evidence.begin(store)  # type: ignore[arg-type]  # the part that is read
        outcome = evidence.reconcile(store, known, rules, newest(batch))  # type: ignore[arg-type]  # as above
        store.apply(outcome.changes, Stamp("test"))
    return store


def batches_of(records: Sequence[Any], cuts: Sequence[int]) -> list[Sequence[Any]]:
    places = [0, *sorted({c % (len(records) + 1) for c in cuts}), len(records)]
    return [records[a:b] for a, b in pairwise(places) if b > a]


@given(record_sets(), st.randoms(use_true_random=False), st.lists(st.integers(0, 8), max_size=4))
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
def test_any_order_and_any_batches_give_one_graph(
    pairs: list[tuple[Record, int]], random: Random, cuts: list[int]
) -> None:
    records = kept(pairs)
    shuffled = [*records]
    random.shuffle(shuffled)

    together = poured([records])
    apart = poured(batches_of(shuffled, cuts))

    assert apart.picture() == together.picture()


@given(record_sets())
@settings(max_examples=EXAMPLES // 2, deadline=None, derandomize=True)
def test_the_same_records_again_change_nothing(pairs: list[tuple[Record, int]]) -> None:
    records = kept(pairs)
    store = poured([[record] for record in records])
    revision, picture = store.head().revision, store.picture()

    for record in records:
        rules = Rules(store.registry(), {}, lambda: "never")
        known = evidence.begin(store)  # type: ignore[arg-type]  # the part that is read
        outcome = evidence.reconcile(store, known, rules, [record])  # type: ignore[arg-type]  # as above
        store.apply(outcome.changes, Stamp("test"))

    assert (store.head().revision, store.picture()) == (revision, picture)
