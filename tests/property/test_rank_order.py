"""Does it matter when sources are ranked: before their records come, after, or in between?"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Executor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cmdb.model.check import check_record
from cmdb.model.records import Record
from tests.fakes.deciding import apply, decided_on
from tests.fakes.importing import (
    AT,
    DisturbedStore,
    EarlyWriter,
    LateWriter,
    before_write_number,
    run,
    use_batches_of,
)
from tests.fakes.ranking import rank
from tests.property.strategies_records import record_sets

EXAMPLES = {"long": 2_000, "ci": 300}.get(os.environ.get("CMDB_TEST_SIZE", ""), 80)
PRECEDENCES = st.integers(-2, 2)


def pour(store: DisturbedStore, pairs: Sequence[tuple[Record, int]]) -> None:
    for record, observed in pairs:
        made, _ = check_record(
            store.registry(), record, source="s", scope="z", observed_ms=observed, run="r"
        )
        if made is not None:
            apply(store, decided_on(store, made))


@given(record_sets(), PRECEDENCES, PRECEDENCES, st.integers(0, 8))
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
def test_ranks_before_after_and_between_records_give_one_graph(
    pairs: list[tuple[Record, int]], one: int, two: int, cut: int
) -> None:
    before, after, between = DisturbedStore(), DisturbedStore(), DisturbedStore()

    rank(before, "s1", one)
    rank(before, "s2", two)
    pour(before, pairs)
    pour(after, pairs)
    rank(after, "s1", one)
    rank(after, "s2", two)
    rank(between, "s1", two)
    pour(between, pairs[:cut])
    rank(between, "s2", two)
    pour(between, pairs[cut:])
    rank(between, "s1", one)

    assert after.picture() == before.picture()
    assert between.picture() == before.picture()


@given(
    record_sets(),
    PRECEDENCES,
    st.integers(1, 3),
    st.sampled_from([EarlyWriter, LateWriter]),
    st.integers(0, 6),
)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_a_rank_while_an_import_runs_ends_where_one_before_it_ends(
    monkeypatch: pytest.MonkeyPatch,
    pairs: list[tuple[Record, int]],
    precedence: int,
    size: int,
    writer: type[Executor],
    write: int,
) -> None:
    records = [record for record, _ in pairs]
    before, meanwhile = DisturbedStore(), DisturbedStore()
    rank(before, "s1", precedence)
    with monkeypatch.context() as patch:
        use_batches_of(patch, size, writer=writer)
        run(before, records, observed_at=AT)
        before_write_number(meanwhile, write, lambda: rank(meanwhile, "s1", precedence))

        run(meanwhile, records, observed_at=AT)

    if "s1" not in meanwhile.sources:
        # There were not as many writes.
        rank(meanwhile, "s1", precedence)

    assert meanwhile.picture() == before.picture()
