"""Does a rank change at once what is shown everywhere, and which ranks are refused?"""

from __future__ import annotations

import pytest

from cmdb.errors import BadValue, Forbidden
from cmdb.model.inventory import from_epoch_ms
from cmdb.model.log import unseal
from cmdb.model.records import Link
from cmdb.model.rights import Caller
from cmdb.model.source_reports import SourceList
from cmdb.services import rank_sources
from tests.fakes.deciding import host, named, tell
from tests.fakes.importing import DisturbedStore, run
from tests.fakes.ranking import ADMINISTRATOR, context, disputed, rank, rank_one_by_one, shown


def listed(store: DisturbedStore, caller: Caller = ADMINISTRATOR) -> SourceList:
    return rank_sources.list_sources(context(store, caller))


def reasons(store: DisturbedStore) -> list[str]:
    return [str(unseal(entry).header.get("reason", "")) for entry in store.log]


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


def test_each_batch_is_one_entry_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    rank_one_by_one(monkeypatch)
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
