"""Does a rank change what is shown everywhere at once, and does it survive stops and rivals?"""

from __future__ import annotations

from typing import Any

import pytest

from cmdb.errors import BadValue, Forbidden, Interrupted, StalePlan
from cmdb.model.inventory import from_epoch_ms
from cmdb.model.log import unseal
from cmdb.model.records import Item, Link
from cmdb.model.rights import Caller
from cmdb.model.source_reports import SourceList
from cmdb.services import rank_sources
from tests.fakes.deciding import apply, decided, host, named, tell
from tests.fakes.importing import DisturbedStore, before_write_number, run, use_batches_of
from tests.fakes.ranking import ADMINISTRATOR, context, rank


def listed(store: DisturbedStore, caller: Caller = ADMINISTRATOR) -> SourceList:
    return rank_sources.list_sources(context(store, caller))


def shown(store: DisturbedStore) -> dict[str, Any]:
    return {ci["name"]: ci.get("a_os") for ci in store.cis.values()}


def reasons(store: DisturbedStore) -> list[str]:
    return [str(unseal(entry).header.get("reason", "")) for entry in store.log]


def disputed(hosts: int = 1) -> DisturbedStore:
    """Return a store where `late` was heard last and so is believed."""
    store = DisturbedStore()
    for number in range(hosts):
        tell(store, host(f"h{number}", os="early"), source="early", at=1)
        tell(store, host(f"h{number}", os="late"), source="late", at=2)
    return store


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    use_batches_of(monkeypatch, 1)
    monkeypatch.setattr(rank_sources, "FIRST_BATCH", 1)


def test_the_values_of_a_source_that_is_ranked_higher_are_shown_and_back_again() -> None:
    store = disputed()

    first = rank(store, "early", 5)
    after_first = shown(store)
    second = rank(store, "early", 0)

    assert (after_first, shown(store)) == ({"h0": "early"}, {"h0": "late"})
    assert (first.before, first.precedence, first.records, first.cis) == (0, 5, 1, 1)
    assert (second.before, second.precedence, second.records, second.cis) == (5, 0, 1, 1)


def test_a_source_ranked_below_nought_yields_to_those_that_nobody_ranked() -> None:
    store = disputed()

    rank(store, "late", -1)

    assert shown(store) == {"h0": "early"}


def test_a_source_may_be_ranked_above_edits_by_hand_by_ranking_those_lower() -> None:
    store = disputed()
    tell(store, host("h0", os="by hand"), source="manual", at=1)
    assert shown(store) == {"h0": "by hand"}

    rank(store, "manual", -7)

    assert shown(store) == {"h0": "late"}


def test_the_strength_of_a_relationship_follows_the_rank_of_either_source() -> None:
    store = DisturbedStore()
    tell(store, host("provider"))
    tell(store, host("user", Link("depends_on", named("provider"), strength="hard")), source="a")
    back = Link("depends_on", named("user"), strength="soft", reverse=True)
    tell(store, host("provider", back, key="p"), source="b")
    (edge,) = store.edges
    strengths = [store.edges[edge]["strength"]]

    reports = []
    for source, precedence in (("b", 1), ("a", 2), ("a", -3), ("b", -4)):
        reports.append(rank(store, source, precedence))
        strengths.append(store.edges[edge]["strength"])

    assert strengths == ["hard", "soft", "hard", "soft", "hard"]
    assert [report.relationships for report in reports] == [1, 1, 1, 1]


def test_a_relationship_that_a_source_denies_ends_and_returns_with_its_rank() -> None:
    store = DisturbedStore()
    tell(store, host("provider"))
    tell(store, host("user", Link("depends_on", named("provider"))), source="a")
    denial = Link("depends_on", named("provider"), denied=True)
    tell(store, host("user", denial), source="b")
    states = []

    for precedence in (1, -1):
        rank(store, "b", precedence)
        states.append([edge["live"] for edge in store.edges.values()])

    assert states == [[False], [True]]


def test_a_thing_that_one_source_alone_knows_gets_no_new_version() -> None:
    store = disputed()
    tell(store, host("alone", os="early"), source="early")
    versions = {ci["name"]: ci["version"] for ci in store.cis.values()}

    rank(store, "early", 5)

    now = {ci["name"]: ci["version"] for ci in store.cis.values()}
    assert {name for name, version in now.items() if version != versions[name]} == {"h0"}


@pytest.mark.usefixtures("one_by_one")
def test_each_batch_is_one_entry_with_the_reason() -> None:
    store = disputed(3)
    before = store.head().revision

    report = rank(store, "early", 5, reason="the early one is right")

    assert reasons(store)[before:] == ["the early one is right"] * 4
    assert (report.first_revision, report.last_revision) == (before + 1, before + 4)


def test_the_same_rank_again_writes_nothing() -> None:
    store = disputed()
    rank(store, "early", 5)
    before = store.head().revision

    again = rank(store, "early", 5)

    assert (again.cis, again.first_revision, store.head().revision) == (0, 0, before)


@pytest.mark.usefixtures("one_by_one")
def test_a_rank_that_was_stopped_is_finished_by_the_same_rank() -> None:
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


def test_a_source_that_is_not_on_record_is_ranked_for_when_it_comes() -> None:
    store = disputed()

    report = rank(store, "Earlz", 5)
    tell(store, host("h0", os="earlz"), source="Earlz", at=0)

    assert (report.is_known, report.nearest, report.records) == (False, ("early",), 0)
    assert shown(store) == {"h0": "earlz"}


def test_a_name_ranked_by_mistake_goes_when_it_is_ranked_0_again() -> None:
    store = disputed()
    rank(store, "earlz", 5)
    names = [[each.name for each in listed(store).sources]]

    rank(store, "earlz", 0)

    names.append([each.name for each in listed(store).sources])
    assert names == [["manual", "earlz", "early", "late"], ["manual", "early", "late"]]


def test_the_list_holds_sources_of_runs_and_records_in_the_order_in_which_they_win() -> None:
    store = disputed(2)
    run(store, [], source="empty")
    rank(store, "late", -1)

    sources = listed(store).sources

    ended = next(iter(store.runs.values())).ended_at
    rows = [(s.name, s.precedence, s.is_default, s.records, s.last_finished_at) for s in sources]
    assert rows == [
        ("manual", 1_000_000, True, 0, None),
        ("early", 0, True, 2, None),
        ("empty", 0, True, 0, from_epoch_ms(ended)),
        ("late", -1, False, 2, None),
    ]


@pytest.mark.parametrize(
    ("source", "precedence", "field"),
    [
        ("early", 1_000_000, "precedence"),
        ("early", -1_000_000, "precedence"),
        ("manual", 1_000_001, "precedence"),
        ("", 1, "source"),
        ("a\nb", 1, "source"),
        ("x" * 201, 1, "source"),
    ],
)
def test_a_rank_out_of_bounds_is_refused_and_nothing_is_stored(
    source: str, precedence: int, field: str
) -> None:
    store = disputed()

    with pytest.raises(BadValue) as refused:
        rank(store, source, precedence)

    assert refused.value.facts["field"] == field
    assert store.sources == {}


@pytest.mark.parametrize(("source", "precedence"), [("early", 999_999), ("manual", 1_000_000)])
def test_a_rank_at_its_bound_is_taken(source: str, precedence: int) -> None:
    assert rank(disputed(), source, precedence).precedence == precedence


def test_an_administrator_alone_ranks_and_a_viewer_lists() -> None:
    store = disputed()
    viewer = Caller("eve", frozenset({"viewer", "importer", "approver"}))

    with pytest.raises(Forbidden):
        rank_sources.rank_source(context(store, viewer), "early", 5)
    assert (store.sources, shown(store)) == ({}, {"h0": "late"})
    assert rank_sources.rank_source(context(store), "early", 5).cis == 1

    with pytest.raises(Forbidden):
        listed(store, Caller("nobody"))
    assert [each.name for each in listed(store, viewer).sources] == ["manual", "early", "late"]
