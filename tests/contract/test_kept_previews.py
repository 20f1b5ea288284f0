"""Are previews kept as they were, withheld as they must be, and compared with today?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from cmdb.errors import LimitExceeded
from cmdb.model.records import Link, Record, Reference
from cmdb.model.values import canonical_json
from cmdb.ports import (
    IncidentUpdate,
    NewAffected,
    NewChange,
    NewIncident,
    RecordListing,
    Target,
)
from cmdb.services import kept_previews
from tests.contract.practice_estate import ADMIN, PLANNER, VIEWER, WHY, Shop, minutes
from tests.contract.stores import kept, poured

BALANCED = ("web-1", "web-2")
WINDOW = (minutes(60), minutes(120))
PATCH = NewChange("patch the database", (Target("db"),), *WINDOW)


def test_restricted_targets_and_services_are_withheld(shop: Shop) -> None:
    change = replace(PATCH, targets=(Target("db"), Target("vault")), state="scheduled")
    made = shop.as_(ADMIN).plan_change(change, WHY)

    details = shop.as_(PLANNER).find_change(made.id)
    report = shop.as_(PLANNER).preview_change([], None, None, change_id=made.id)
    kept = shop.as_(ADMIN).keep_preview("before", [], None, None, WHY, made.id)
    seen = shop.as_(PLANNER).find_preview(kept.id)

    assert [t.ci.name for t in details.change.targets] == ["db", "(not visible to you)"]
    assert (details.impact.withheld, details.impact.withheld_criticality) == (1, 4)
    assert details.impact.withheld_owners == ("secret team",)
    for told in (details, report, seen):
        text = str(told.to_json())
        assert "'name': 'secret'" not in text
        assert "vault" not in text
        assert "orders" in text
    assert "'name': 'secret'" in str(kept.to_json())
    assert "secret team" in str(report.to_json())
    assert "secret team" in str(seen.to_json())
    assert [len(s.hits) for s in seen.preview.slices] == [len(s.hits) for s in kept.preview.slices]


def test_a_group_is_not_called_after_a_ci_that_the_reader_may_not_see(shop: Shop) -> None:
    servers = [Reference("PhysicalServer", {"serial": n, "vendor": "acme"}) for n in BALANCED]
    facts = {"vip": "10.0.0.1", "port": 443}
    balancer = Record(
        "LoadBalancer",
        key="front door",
        name="front door",
        attributes=facts,
        links=[Link("routes_to", server) for server in servers],
    )
    reference = Link("depends_on", Reference("LoadBalancer", facts), strength="hard")
    site = Record("BusinessService", key="site", name="site", attributes={"code": "site"})
    poured(shop.store, kept(balancer), kept(replace(site, links=[reference])))
    targets = [Target(name) for name in BALANCED]
    before = shop.as_(ADMIN).keep_preview("both", targets, *WINDOW, WHY)
    open_to_all = shop.as_(PLANNER).find_preview(before.id)

    shop.as_(ADMIN).set_attributes("front door", {"restricted_to": ["red"]}, WHY)
    seen = shop.as_(PLANNER).find_preview(before.id)
    report = shop.as_(PLANNER).preview_change(targets, *WINDOW)

    assert "front door: any of 2 (routes_to)" in str(before.to_json())
    assert open_to_all == before
    for told in (seen, report):
        assert "front door" not in str(told.to_json())
        assert "'name': 'site'" in str(told.to_json())
    assert "front door: any of 2" in str(shop.as_(ADMIN).find_preview(before.id).to_json())


def test_a_kept_preview_is_compared_with_today(shop: Shop) -> None:
    operations = shop.as_(ADMIN)
    kept = operations.keep_preview("restart web-1", [Target("web-1")], *WINDOW, WHY)
    same = operations.compare_preview(kept.id)

    operations.retire_ci("web-3", WHY)
    worse = operations.compare_preview(kept.id)
    operations.restore_ci("web-3", WHY)
    again = operations.compare_preview(kept.id)

    assert operations.find_preview(kept.id) == kept
    assert (same.differences, same.is_worse) == ((), False)
    assert [(d.ci.name, d.before, d.after, d.is_worse) for d in worse.differences] == [
        ("shop", "AT_RISK", "DOWN", True),
        ("pool", "AT_RISK", "DOWN", True),
    ]
    assert worse.differences[0].is_service
    assert worse.differences[0].margin_before == 0
    assert (worse.kept_revision, worse.is_worse) == (kept.preview.basis.revision, True)
    assert worse.revision > worse.kept_revision
    assert again.differences == ()
    (summary,) = operations.list_previews(RecordListing()).previews
    assert (summary.id, summary.title, summary.revision) == (
        kept.id,
        kept.title,
        worse.kept_revision,
    )


def test_a_preview_too_large_to_be_kept_is_refused(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = len(canonical_json(shop.as_(PLANNER).preview_change([Target("db")], *WINDOW).to_json()))

    monkeypatch.setattr(kept_previews, "MOST_BYTES", size - 1)
    with pytest.raises(LimitExceeded):
        shop.as_(PLANNER).keep_preview("large", [Target("db")], *WINDOW, WHY)
    monkeypatch.setattr(kept_previews, "MOST_BYTES", size)

    assert shop.as_(PLANNER).keep_preview("large", [Target("db")], *WINDOW, WHY).title == "large"


def test_the_title_of_an_incident_with_a_restricted_ci_of_no_part_is_withheld(shop: Shop) -> None:
    operations = shop.as_(ADMIN)
    both = (NewAffected("web-1"), NewAffected("vault"))
    burning = operations.open_incident(NewIncident("vault burns", both), WHY)
    operations.open_incident(NewIncident("web-2 is slow", (NewAffected("web-2"),)), WHY)
    operations.retire_ci("vault", WHY)
    kept = operations.keep_preview("restart", [Target("db")], *WINDOW, WHY)

    def titles() -> list[str]:
        return sorted(each.title for each in shop.as_(VIEWER).find_preview(kept.id).preview.present)

    before = titles()
    shop.clock.move(minutes=1)
    update = IncidentUpdate(affected=(NewAffected("web-1"),), title="something burns")
    operations.update_incident(burning.id, update, WHY)

    assert before == titles() == ["(not visible to you)", "web-2 is slow"]
    own = operations.find_preview(kept.id).preview.present
    assert sorted(each.title for each in own) == ["vault burns", "web-2 is slow"]
