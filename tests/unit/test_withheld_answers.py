"""Does a kept answer lose every trace of what its reader may not see, and nothing else?"""

from __future__ import annotations

from typing import Any

from cmdb.services.withheld_answers import ids_in, withhold
from cmdb.snapshot import IMPLICIT_GROUP
from cmdb.snapshot.groups import group_id, group_name

DB = {"id": "1", "class": "Host", "name": "db", "lifecycle": "in_use"}
VAULT = {"id": "2", "class": "Host", "name": "vault-7", "lifecycle": "in_use"}
ANSWER: dict[str, Any] = {
    "worst": [
        {"ci": DB, "owner": "a", "support": "b", "margin": 1, "evidence": [{"provider": VAULT}]},
        {"ci": VAULT, "owner": "red team", "support": "c", "margin": 0},
    ],
    "present": [
        {"ci": VAULT, "kind": "incident", "title": "vault burns", "id": "i"},
        {"ci": DB, "kind": "incident", "title": "it burns", "id": "i"},
        {"ci": DB, "kind": "change", "title": "away from vault-7", "id": "c"},
        {"ci": DB, "kind": "change", "title": "restart", "id": "d"},
    ],
    "basis": {"assumptions": ["'Host/vault-7' has no k_min", "Recovery is immediate."]},
}


def test_every_ci_named_anywhere_is_found() -> None:
    assert ids_in(ANSWER) == {"1", "2"}


def test_names_titles_and_sentences_are_withheld_and_whom_to_ask_is_told() -> None:
    made = withhold(ANSWER, {"2"})

    hidden = {"id": "", "class": "Host", "name": "(not visible to you)", "lifecycle": ""}
    assert made["worst"][0]["evidence"] == [{"provider": hidden}]
    assert made["worst"][1] == {"ci": hidden, "owner": "red team", "support": "c", "margin": 0}
    titles = [each["title"] for each in made["present"]]
    assert titles == ["(not visible to you)"] * 3 + ["restart"]
    assert made["basis"]["assumptions"] == ["Recovery is immediate."]
    for text in ("vault", '"2"'):
        assert text not in str(made)


def test_what_may_be_seen_stays_as_it_was() -> None:
    assert withhold(ANSWER, {"2"})["worst"][0]["ci"] == DB
    assert withhold(ANSWER, set()) == ANSWER


def test_an_implicit_group_is_withheld_with_the_ci_that_it_is_called_after() -> None:
    group = {
        "id": group_id("2", "routes_to"),
        "class": IMPLICIT_GROUP,
        "name": group_name("vault-7", 3, "routes_to"),
        "lifecycle": "in_use",
    }
    answer = {
        "evidence": [{"provider": DB, "dependent": group}],
        "basis": {"problems": [f"'ImplicitGroup/{group['name']}' is odd", "vault-7 too", "else"]},
    }

    made = withhold(answer, {"2"})

    assert ids_in(answer) == {"1", "2"}
    assert made["evidence"][0]["dependent"]["name"] == "(not visible to you)"
    assert made["basis"]["problems"] == ["else"]
    assert "vault" not in str(made)
    assert withhold(answer, {"1"})["evidence"][0]["dependent"] == group
    assert withhold(answer, set()) == answer
