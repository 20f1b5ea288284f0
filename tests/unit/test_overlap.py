"""Is a decision made again exactly when it read something that another batch writes?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from cmdb.model.changes import Carrier, ChangeSet, CIChange, IdentifierChange, LogChange, Pending
from cmdb.model.changes import RelationshipChange as Edge
from cmdb.model.inventory import Identifier
from cmdb.model.known import Known
from cmdb.model.overlap import overlaps
from tests.fakes.deciding import host, kept

RECORD = replace(kept(host("a")), ci_id="ci-a")
KEY = "SoftwareInstance|kind=web|@host=ci-h"
MAC = "Host|macs=02:00:00:00:00:01"
CARRIER = Carrier(MAC, RECORD.id, "s")
WAITING = Pending(KEY, RECORD.id)
EDGE = Edge("e", "depends_on", "ci-a", "ci-b", "", {}, {"live": True})

CASES = [
    (Known(records={RECORD.id: None}), ChangeSet(records=[RECORD])),
    (Known(records={RECORD.id: None}), ChangeSet(observed=[(RECORD.id, 2)])),
    (Known(records_of={"ci-a": ()}), ChangeSet(records=[RECORD])),
    (Known(cis={"ci-a": {"version": 1}}), ChangeSet(cis=[CIChange("ci-a", {}, {})])),
    (Known(identifiers={KEY: None}), ChangeSet(identifiers=[IdentifierChange(KEY, "ci-a")])),
    (
        Known(identifiers={KEY: Identifier(KEY, "x")}),
        ChangeSet(identifiers=[IdentifierChange(KEY, None)]),
    ),
    (Known(within={"ci-h": ()}), ChangeSet(identifiers=[IdentifierChange(KEY, "ci-a")])),
    (Known(outgoing={"ci-a"}), ChangeSet(relationships=[EDGE])),
    (Known(both_ways={"ci-b"}), ChangeSet(relationships=[EDGE])),
    (Known(carriers={MAC: ()}), ChangeSet(carriers_added=[CARRIER])),
    (Known(carriers={MAC: (CARRIER,)}), ChangeSet(carriers_removed=[CARRIER])),
    (Known(), ChangeSet(pending_added=[WAITING])),
    (Known(has_pending=True, waiting_for={KEY: ()}), ChangeSet(pending_added=[WAITING])),
    (Known(has_pending=True, waiting={RECORD.id: ()}), ChangeSet(pending_removed=[WAITING])),
    (Known(has_pending=True, waiting_within={"ci-h": ()}), ChangeSet(pending_added=[WAITING])),
    (Known(), ChangeSet(others=[LogChange("settings", "precedence", 0, {}, {})])),
]


@pytest.mark.parametrize(("known", "changes"), CASES)
def test_what_was_read_and_is_written_overlaps(known: Known, changes: ChangeSet) -> None:
    assert overlaps(known, set(), changes)


@pytest.mark.parametrize("changes", [changes for _, changes in CASES[:-1]])
def test_what_was_read_elsewhere_does_not_overlap(changes: ChangeSet) -> None:
    elsewhere = Known(
        identifiers={"Host|fqdn=z.example.org": None},
        records={"z": None},
        cis={"ci-z": {"version": 1}},
        records_of={"ci-z": ("z",)},
        outgoing={"ci-b", "ci-z"},
        both_ways={"ci-z"},
        waiting_for={"Host|fqdn=z.example.org": ()},
        waiting={"z": ()},
        within={"ci-z": ()},
        waiting_within={"ci-z": ()},
        carriers={"Host|serial=z": ()},
        has_pending=True,
    )

    assert not overlaps(elsewhere, {"z"}, changes)


def test_a_record_that_was_only_compared_overlaps_too() -> None:
    assert overlaps(Known(), {RECORD.id}, ChangeSet(records=[RECORD]))
