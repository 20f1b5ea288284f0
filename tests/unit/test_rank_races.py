"""Does a rank survive being stopped, and others who write meanwhile?"""

from __future__ import annotations

from typing import Any

import pytest

from cmdb.errors import Interrupted, StalePlan
from cmdb.model.records import Item
from cmdb.services import rank_sources
from tests.fakes.deciding import apply, decided, host, tell
from tests.fakes.importing import before_write_number, run, use_batches_of
from tests.fakes.ranking import disputed, rank, rank_one_by_one, shown


def test_a_rank_that_was_stopped_is_finished_by_the_same_rank(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rank_one_by_one(monkeypatch)
    store = disputed(4)
    store.writes_left = 2
    with pytest.raises(Interrupted, match="The same command goes on"):
        rank(store, "early", 5)
    store.writes_left = 1_000
    halfway = sorted(shown(store).values())

    report = rank(store, "early", 5)

    assert halfway == ["early", "early", "late", "late"]
    assert set(shown(store).values()) == {"early"}
    assert (report.before, report.records, report.cis) == (5, 4, 2)


def test_a_ci_that_somebody_changes_meanwhile_is_decided_on_again() -> None:
    store = disputed()
    store.before_write = lambda: tell(store, host("h0", os="earlier"), "early", at=3)

    report = rank(store, "early", 5)

    assert shown(store) == {"h0": "earlier"}
    assert report.cis == 0


@pytest.mark.parametrize(("source", "at"), [("top", 0), ("early", 3)])
def test_a_record_that_comes_meanwhile_counts_although_it_changes_nothing_shown(
    source: str, at: int
) -> None:
    store = disputed()
    rank(store, "top", 9)
    store.before_write = lambda: tell(store, host("h0", os="late"), source, at)

    rank(store, "early", 5)

    assert shown(store) == {"h0": "late"}


def test_of_two_ranks_at_once_neither_undoes_the_other() -> None:
    store = disputed()
    store.before_write = lambda: rank(store, "late", 9)

    rank(store, "early", 5)

    assert (store.sources, shown(store)) == ({"early": 5, "late": 9}, {"h0": "late"})


def test_a_rank_gives_up_where_others_never_cease_to_write(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = disputed()
    monkeypatch.setattr(rank_sources, "LONGEST_PAUSE_SECONDS", 0)

    def refuse(*_: Any, **__: Any) -> None:
        raise StalePlan(["everything"])

    monkeypatch.setattr(store, "apply", refuse)

    with pytest.raises(StalePlan):
        rank(store, "early", 5)


def test_what_was_decided_by_an_earlier_precedence_is_refused() -> None:
    store = disputed()
    late = decided(store, host("h0", os="later"), source="late", at=3)

    rank(store, "early", 5)

    with pytest.raises(StalePlan, match="precedence"):
        apply(store, late)


@pytest.mark.parametrize("write", range(4))
def test_an_import_that_is_under_way_goes_on_by_the_new_rank(
    monkeypatch: pytest.MonkeyPatch, write: int
) -> None:
    use_batches_of(monkeypatch, 2)
    store = disputed(6)
    records: list[Item] = [host(f"h{number}", os="latest") for number in range(6)]
    before_write_number(store, write, lambda: rank(store, "early", 5))

    run(store, records, source="latest")

    assert store.sources == ({"early": 5} if write < 3 else {})
    assert set(shown(store).values()) == {"early" if write < 3 else "latest"}
