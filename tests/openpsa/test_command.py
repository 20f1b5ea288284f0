"""What does `python -m impact` print about a model, and what about a file that is none?"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from impact.__main__ import main

BRIDGE = """\
<opsa-mef><define-fault-tree name="bridge">
<define-gate name="top"><or>
<and><basic-event name="a"/><basic-event name="b"/></and>
<and><basic-event name="c"/><basic-event name="d"/></and>
<and><basic-event name="a"/><basic-event name="e"/><basic-event name="d"/></and>
<and><basic-event name="c"/><basic-event name="e"/><basic-event name="b"/></and>
</or></define-gate></define-fault-tree>
<model-data>
<define-basic-event name="a"><float value="0.1"/></define-basic-event>
<define-basic-event name="b"><float value="0.1"/></define-basic-event>
<define-basic-event name="c"><float value="0.1"/></define-basic-event>
<define-basic-event name="d"><float value="0.1"/></define-basic-event>
<define-basic-event name="e"><float value="0.1"/></define-basic-event>
</model-data></opsa-mef>
"""


@pytest.fixture
def bridge(tmp_path: Path) -> Path:
    path = tmp_path / "bridge.xml"
    path.write_text(BRIDGE, encoding="utf-8")
    return path


def test_the_bridge_of_the_textbooks(bridge: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(bridge), "--json", "--fussell-vesely", "--cut-sets", "10"]) == 0

    told = json.loads(capsys.readouterr().out)
    # Two pairs and two triples of components at 0.1: 2q^2 + 2q^3 - 5q^4 + 2q^5.
    assert told["probability"]["value"] == pytest.approx(0.02152, abs=1e-15)
    assert told["probability"]["method"] == "exact"
    assert told["minimal_cut_sets"] == 4
    assert [len(cut["events"]) for cut in told["cut_sets"]["sets"]] == [2, 2, 3, 3]
    assert told["cut_sets"]["is_complete"] is True
    assert told["importance"][-1]["event"] == "e"
    assert told["importance"][-1]["birnbaum"] == pytest.approx(0.0162)


def test_the_table_names_events_and_how_it_was_found(
    bridge: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(bridge), "--events", "2", "--cut-sets", "2"]) == 0

    told = capsys.readouterr().out
    assert "2.152000000e-02  (exact" in told
    assert "minimal cut sets  4" in told
    assert "not all of them" in told
    assert len([line for line in told.splitlines() if line[:2] in ("a ", "b ", "c ", "d ")]) == 2


def test_a_budget_that_ends_gives_an_interval_and_says_so(
    bridge: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(bridge), "--json", "--seconds", "0", "--samples", "1000000"]) == 0

    told = json.loads(capsys.readouterr().out)
    low, high = told["probability"]["ci95"]
    assert told["probability"]["method"] == "monte_carlo"
    assert low < 0.02152 < high
    assert told["probability"]["seed"] == 0
    assert (told["minimal_cut_sets"], told["importance"]) == (None, None)
    assert told["minimal_cut_sets_reason"] == told["importance_reason"] == "the budget ended first"


def test_without_coherence_the_probability_is_exact_and_the_rest_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "odd.xml"
    path.write_text(BRIDGE.replace("<or>", "<xor>").replace("</or>", "</xor>"), encoding="utf-8")

    assert main([str(path), "--json", "--cut-sets", "5", "--fussell-vesely"]) == 0

    told = json.loads(capsys.readouterr().out)
    assert told["is_coherent"] is False
    assert told["probability"]["method"] == "exact"
    assert told["minimal_cut_sets"] is told["cut_sets"] is None
    assert "not coherent" in told["minimal_cut_sets_reason"]
    assert {measure["fussell_vesely"] for measure in told["importance"]} == {None}


@pytest.mark.parametrize(
    ("content", "code"), [("<opsa-mef/>", "invalid_model"), (None, "unreadable_file")]
)
def test_what_cannot_be_read_is_refused_by_its_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, code: str
) -> None:
    path = tmp_path / "model.xml"
    if content:
        path.write_text(content, encoding="utf-8")

    assert main([str(path)]) == 2

    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"{code}: {path}: ")


def test_the_module_runs_as_a_program(bridge: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "impact", str(bridge)], capture_output=True, text=True, check=True
    )

    assert "bridge: top top, 5 events" in done.stdout
