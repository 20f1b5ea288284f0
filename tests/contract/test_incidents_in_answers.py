"""Do incidents enter the answers about impact, and is withheld there what must be?"""

from __future__ import annotations

from dataclasses import replace

from cmdb.model.records import Record
from cmdb.model.rights import Caller
from cmdb.ports import (
    IncidentUpdate,
    NewAffected,
    NewChange,
    NewIncident,
    RecordListing,
    Target,
)
from tests.contract.practice_estate import ADMIN, BROKEN, PLANNER, VIEWER, WHY, Shop, minutes
from tests.contract.stores import host, kept, poured


def test_services_are_told_with_whom_to_notify_and_restricted_ones_counted(shop: Shop) -> None:
    made = shop.as_(PLANNER).open_incident(BROKEN, WHY)

    told = shop.as_(VIEWER).find_incident(made.id).impact
    whole = shop.as_(ADMIN).find_incident(made.id).impact

    assert told is not None
    assert whole is not None
    assert {(s.ci.name, s.state, s.criticality, s.owner, s.support) for s in told.services} == {
        ("shop", "DOWN", 4, "shop team", "shop on call"),
        ("orders", "DOWN", 4, "orders team", "orders on call"),
    }
    assert (told.withheld, told.withheld_criticality) == (1, 4)
    assert told.withheld_owners == ("secret team",)
    assert {s.ci.name for s in whole.services} == {"shop", "orders", "secret"}
    assert (whole.withheld, whole.withheld_owners) == (0, ())
    secret = next(service.ci.id for service in whole.services if service.ci.name == "secret")
    assert secret not in str(told.to_json())
    assert "secret" not in str(told.to_json()).replace("secret team", "")


def test_a_resolved_incident_affects_nothing(shop: Shop) -> None:
    made = shop.as_(PLANNER).open_incident(BROKEN, WHY)
    shop.as_(PLANNER).update_incident(made.id, IncidentUpdate("resolved"), WHY)

    assert shop.as_(VIEWER).find_incident(made.id).impact is None


def test_an_open_incident_enters_the_blast_radius_and_a_resolved_one_does_not(shop: Shop) -> None:
    operations = shop.as_(ADMIN)
    incident = operations.open_incident(BROKEN, WHY)

    with_it = operations.blast_radius(["web-1"])
    then = operations.blast_radius(["web-1"], at=shop.store.head().revision)
    operations.update_incident(incident.id, IncidentUpdate("resolved"), WHY)
    without = operations.blast_radius(["web-1"])

    (present,) = with_it.present
    assert (present.ci.name, present.state, present.kind) == ("db", "DOWN", "incident")
    assert (present.id, present.title, present.end_at) == (incident.id, BROKEN.title, None)
    stands = {hit.ci.name: (hit.state, hit.is_present) for hit in with_it.hits}
    assert stands["orders"] == ("DOWN", True)
    assert stands["shop"] == ("DOWN", True)
    assert stands["pool"] == ("AT_RISK", False)
    assert [hit.ci.name for hit in with_it.added] == ["pool"]
    assert then.present == without.present == ()
    assert {hit.ci.name: hit.state for hit in without.hits} == {
        "shop": "AT_RISK",
        "pool": "AT_RISK",
    }
    assert [hit.ci.name for hit in then.hits] == [hit.ci.name for hit in without.hits]


def test_an_outage_together_with_an_incident_does_more(shop: Shop) -> None:
    operations = shop.as_(ADMIN)
    operations.open_incident(replace(BROKEN, affected=(NewAffected("web-1"),)), WHY)

    radius = operations.blast_radius(["web-2"])
    explained = operations.explain_impact(["web-2"], "shop")

    hit = next(hit for hit in radius.hits if hit.ci.name == "shop")
    assert (hit.state, hit.present_state, hit.is_present) == ("DOWN", "AT_RISK", False)
    assert explained.hit is not None
    assert {ci.name for ci in explained.groups[0].down} == {"web-1", "web-2"}
    assert explained.present == radius.present


def test_the_title_of_an_incident_on_a_restricted_ci_is_withheld(shop: Shop) -> None:
    vault = NewIncident("vault burns", (NewAffected("vault"),))
    shop.as_(ADMIN).open_incident(vault, WHY)

    (seen,) = shop.as_(VIEWER).blast_radius(["web-1"]).present
    (known,) = shop.as_(ADMIN).blast_radius(["web-1"]).present

    assert (seen.ci.name, seen.title) == ("(not visible to you)", "(not visible to you)")
    assert (known.ci.name, known.title) == ("vault", "vault burns")


def test_texts_of_a_record_are_withheld_from_whoever_may_not_see_all_its_cis(shop: Shop) -> None:
    both = (NewAffected("db"), NewAffected("vault"))
    why = IncidentUpdate(resolution="vault cooled", description="vault is hot")
    made = shop.as_(ADMIN).open_incident(NewIncident("vault burns", both), WHY)
    shop.as_(ADMIN).update_incident(made.id, why, WHY)
    window = (minutes(-60), minutes(120))
    move = NewChange("move vault", (Target("db"), Target("vault")), *window, "vault", "scheduled")
    planned = shop.as_(ADMIN).plan_change(move, WHY)
    kept = shop.as_(ADMIN).keep_preview("vault moved", [Target("vault")], *window, WHY)
    plain = shop.as_(ADMIN).open_incident(BROKEN, WHY)

    def told(caller: Caller) -> list[str]:
        operations, every = shop.as_(caller), RecordListing()
        answers = (
            operations.list_incidents(every),
            operations.find_incident(made.id),
            operations.list_changes(every),
            operations.find_change(planned.id),
            operations.list_previews(every),
            operations.find_preview(kept.id),
            operations.changes_near(["db"], minutes(-90)),
            operations.blast_radius(["web-1"]),
            operations.preview_change([Target("web-1")], *window),
        )
        return [str(answer.to_json()) for answer in answers]

    assert [text for text in told(VIEWER) if "vault" in text] == []
    assert all("vault" in text for text in told(ADMIN))
    assert shop.as_(VIEWER).find_incident(plain.id).incident.title == BROKEN.title


def test_a_retired_ci_of_an_incident_affects_nothing_and_is_told(shop: Shop) -> None:
    operations = shop.as_(ADMIN)
    made = operations.open_incident(BROKEN, WHY)
    operations.retire_ci("db", WHY)

    impact = operations.find_incident(made.id).impact

    assert impact is not None
    assert impact.services == ()
    assert "PhysicalServer/db takes no part in impact" in impact.basis.problems
    assert operations.blast_radius(["web-1"]).present == ()


def test_a_ci_that_was_merged_away_is_named_as_its_survivor_and_counts_as_it(shop: Shop) -> None:
    doubled = Record("Host", key="1", name="db again", attributes={"fqdn": "db.example.org"})
    poured(shop.store, kept(doubled))
    operations = shop.as_(ADMIN)
    one = operations.open_incident(replace(BROKEN, affected=(NewAffected("db again"),)), WHY)
    two = operations.open_incident(BROKEN, WHY)

    poured(shop.store, kept(host("db", fqdn="db.example.org"), observed_ms=5))

    names = {
        a.ci.name for i in (one, two) for a in operations.find_incident(i.id).incident.affected
    }
    assert names == {"db"}
    assert [p.ci.name for p in operations.blast_radius(["web-1"]).present] == ["db", "db"]
    for each in (one, two):
        impact = operations.find_incident(each.id).impact
        assert impact is not None
        assert {service.ci.name for service in impact.services} == {"orders", "shop", "secret"}
        assert impact.basis.problems == ()
