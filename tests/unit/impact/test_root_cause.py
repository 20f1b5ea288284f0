"""Candidates for the cause: what a responder at three in the morning would doubt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from impact import State, Topology
from impact.errors import InvalidBudget, InvalidFigure, InvalidObservation, UnknownNode
from impact.root_cause import Candidate, RecentChange, RootCauses, Symptom, rank_causes

THREE = datetime(2026, 5, 2, 3, tzinfo=UTC)
NAMES = ["shop", "mail", "web", "db", "host", "other-host", "wiki"]


def estate() -> Topology:
    """Return two services on one database on a host, and a wiki on another host."""
    return Topology.build(
        ids=NAMES,
        dependents=[0, 2, 1, 3, 6],
        providers=[2, 3, 3, 4, 5],
        strengths=[0, 0, 0, 0, 0],
        is_service=[1, 1, 0, 0, 0, 0, 1],
    )


def pair() -> Topology:
    """Return a shop on a pool of two databases of which one is needed."""
    return Topology.build(
        ids=["shop", "pool", "db-1", "db-2"],
        dependents=[0, 1, 1],
        providers=[1, 2, 3],
        strengths=[0, 2, 2],
        is_gate=[0, 1, 0, 0],
        k_min=[0, 1, 0, 0],
    )


def all_of(*cis: str) -> list[Symptom]:
    """Return symptoms of some CIs."""
    return [Symptom(ci) for ci in cis]


def candidate(found: RootCauses, *cis: str) -> Candidate:
    """Return the candidate of these CIs."""
    return next(each for each in found.candidates if each.cis == cis)


def test_the_deepest_that_suffers_and_explains_all_comes_first() -> None:
    found = rank_causes(estate(), all_of("shop", "mail", "web", "db"))

    first = found.candidates[0]
    assert first.cis == ("db",)
    assert first.is_origin
    assert first.explained == ("db", "mail", "shop", "web")
    assert first.unexplained == ()
    assert [step.dependent for step in first.paths["shop"]] == ["web", "shop"]
    assert found.minimal_explaining_sets == (("db",), ("host",))
    assert found.check_next == "host"
    assert found.is_complete


def test_terms_add_up_to_the_score() -> None:
    for each in rank_causes(estate(), all_of("shop", "mail", "web"), healthy=["wiki"]).candidates:
        assert each.score == pytest.approx(each.terms.total)


def test_a_cause_that_says_nothing_itself_is_found_over_a_gap() -> None:
    found = rank_causes(estate(), all_of("shop", "mail"), healthy=[])

    assert found.candidates[0].cis == ("db",)
    assert not found.candidates[0].is_symptomatic


def test_a_healthy_ci_exonerates_what_would_have_broken_it() -> None:
    found = rank_causes(estate(), all_of("shop"), healthy=["mail"])

    assert found.candidates[0].cis in (("shop",), ("web",))
    assert candidate(found, "db").contradicted == ("mail",)
    assert candidate(found, "db").score < candidate(found, "web").score


def test_a_fresh_change_makes_suspect_and_an_old_or_later_one_does_not() -> None:
    symptoms = [Symptom("shop", onset_at=THREE)]

    def with_change(at: datetime | None) -> Candidate:
        changes = [RecentChange("C1", "db", at)]
        return candidate(rank_causes(estate(), symptoms, changes=changes), "db")

    fresh = with_change(THREE - timedelta(minutes=5))
    old = with_change(THREE - timedelta(days=10))
    later = with_change(THREE + timedelta(minutes=5))
    assert fresh.terms.change == pytest.approx(3.0, abs=0.01)
    assert with_change(THREE - timedelta(hours=24)).terms.change == pytest.approx(1.5)
    assert old.terms.change < 0.01
    assert later.terms.change == 0.0
    assert with_change(None).terms.change == 3.0
    assert fresh.changes[0].id == "C1"


def test_a_candidate_that_suffers_after_what_it_is_to_explain_is_less_suspect() -> None:
    early, late = THREE, THREE + timedelta(minutes=10)
    symptoms = [Symptom("shop", onset_at=early), Symptom("web", onset_at=late)]

    found = rank_causes(estate(), symptoms)

    assert candidate(found, "web").terms.late < 0
    assert candidate(found, "db").terms.late == 0


def test_two_members_of_a_group_are_found_as_a_set() -> None:
    found = rank_causes(pair(), all_of("shop", "db-1", "db-2"))

    assert found.sets[0].cis == ("db-1", "db-2")
    assert found.sets[0].score > found.candidates[0].score
    assert found.minimal_explaining_sets == (("db-1", "db-2"),)


def test_members_that_nobody_watches_leave_the_answer_incomplete() -> None:
    unwatched = rank_causes(pair(), all_of("shop"))
    watched = rank_causes(pair(), all_of("shop", "db-1", "db-2"))

    assert not unwatched.is_complete
    assert watched.is_complete


def test_two_faults_that_share_nothing_are_found_as_a_set() -> None:
    found = rank_causes(estate(), all_of("shop", "mail", "web", "db", "wiki", "other-host"))

    assert found.sets[0].cis == ("db", "other-host")
    assert ("db", "other-host") in found.minimal_explaining_sets


def test_a_degraded_symptom_needs_no_outage_to_be_explained() -> None:
    topology = Topology.build(ids=["shop", "cache"], dependents=[0], providers=[1], strengths=[1])

    degraded = rank_causes(topology, [Symptom("shop", State.DEGRADED)])
    down = rank_causes(topology, [Symptom("shop")])

    assert candidate(degraded, "cache").explained == ("shop",)
    assert [each.cis for each in down.candidates] == [("shop",)]


def test_when_nothing_but_the_symptom_is_known_the_nearest_come_first() -> None:
    found = rank_causes(estate(), all_of("shop"))

    assert [each.cis for each in found.candidates[:2]] == [("shop",), ("web",)]
    assert found.check_next is not None


def test_what_fails_more_often_is_more_suspect() -> None:
    priors = {"shop": 0.0001, "web": 0.0001, "db": 0.0001, "host": 0.2}
    found = rank_causes(estate(), all_of("shop", "mail", "web", "db"), priors=priors)

    assert found.candidates[0].cis == ("host",)


def test_equals_are_ordered_by_id_whatever_the_order_of_the_nodes() -> None:
    orders = (["a", "b", "top"], ["b", "a", "top"])
    answers = []
    for names in orders:
        place = {name: number for number, name in enumerate(names)}
        topology = Topology.build(
            ids=names,
            dependents=[place["top"], place["top"]],
            providers=[place["a"], place["b"]],
            strengths=[0, 0],
        )
        answers.append([each.cis for each in rank_causes(topology, all_of("top")).candidates])

    assert answers[0] == answers[1]
    assert answers[0].index(("a",)) < answers[0].index(("b",))


def test_no_symptom_has_no_cause() -> None:
    assert rank_causes(estate(), []).candidates == ()
    assert rank_causes(estate(), [], healthy=["db"]).check_next is None


def test_trials_that_end_are_told() -> None:
    found = rank_causes(estate(), all_of("shop", "mail"), trials=2)

    assert not found.is_complete
    assert found.candidates


def test_contradictions_unknown_cis_and_no_budget_are_refused() -> None:
    with pytest.raises(InvalidObservation):
        rank_causes(estate(), all_of("shop"), healthy=["shop"])
    with pytest.raises(UnknownNode):
        rank_causes(estate(), all_of("nowhere"))
    with pytest.raises(UnknownNode):
        rank_causes(estate(), all_of("shop"), healthy=["nowhere"])
    with pytest.raises(InvalidBudget):
        rank_causes(estate(), all_of("shop"), limit=0)


def test_a_time_without_a_zone_is_refused_with_the_ci_it_was_given_for() -> None:
    naive = THREE.replace(tzinfo=None)

    with pytest.raises(InvalidObservation, match="time zone") as symptom:
        Symptom("shop", onset_at=naive)
    with pytest.raises(InvalidObservation, match="time zone") as change:
        RecentChange("C1", "db", naive)

    assert (symptom.value.ci, change.value.ci) == ("shop", "db")
    assert symptom.value.code == "invalid_observation"


def test_what_is_up_is_no_symptom() -> None:
    with pytest.raises(InvalidObservation, match="healthy"):
        Symptom("shop", State.UP)


@pytest.mark.parametrize("prior", [-0.1, 1.1, float("nan")])
def test_a_prior_that_is_no_probability_is_refused(prior: float) -> None:
    with pytest.raises(InvalidFigure) as refused:
        rank_causes(estate(), all_of("shop"), priors={"db": prior})

    assert refused.value.ci == "db"


def test_what_to_check_next_was_not_observed_yet() -> None:
    symptoms = all_of("shop", "mail", "web", "db")

    assert rank_causes(estate(), symptoms).check_next == "host"
    assert rank_causes(estate(), [*symptoms, Symptom("host")]).check_next is None
    assert rank_causes(estate(), symptoms, healthy=["host"]).check_next is None
