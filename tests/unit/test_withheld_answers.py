"""Does a kept answer lose every trace of what its reader may not see, and nothing else?"""

from __future__ import annotations

from typing import Any

from cmdb.services.withheld_answers import ids_in, withhold

DB = {"id": "1", "class": "Host", "name": "db", "lifecycle": "in_use"}
VAULT = {"id": "2", "class": "Host", "name": "vault-7", "lifecycle": "in_use"}
ANSWER: dict[str, Any] = {
    "worst": [
        {"ci": DB, "owner": "a", "support": "b", "margin": 1, "evidence": [{"provider": VAULT}]},
        {"ci": VAULT, "owner": "secret team", "support": "c", "margin": 0},
    ],
    "present": [{"ci": VAULT, "kind": "incident", "title": "vault burns", "id": "i"}],
    "basis": {"assumptions": ["'Host/vault-7' has no k_min", "Recovery is immediate."]},
}


def test_every_ci_named_anywhere_is_found() -> None:
    assert ids_in(ANSWER) == {"1", "2"}


def test_names_teams_titles_and_sentences_are_withheld() -> None:
    made = withhold(ANSWER, {"2"})

    hidden = {"id": "", "class": "Host", "name": "(not visible to you)", "lifecycle": ""}
    assert made["worst"][0]["evidence"] == [{"provider": hidden}]
    assert made["worst"][1] == {"ci": hidden, "owner": "", "support": "", "margin": 0}
    assert made["present"][0]["title"] == "(not visible to you)"
    assert made["basis"]["assumptions"] == ["Recovery is immediate."]
    for text in ("vault", "secret", '"2"'):
        assert text not in str(made)


def test_what_may_be_seen_stays_as_it_was() -> None:
    assert withhold(ANSWER, {"2"})["worst"][0]["ci"] == DB
    assert withhold(ANSWER, set()) == ANSWER
