"""Is it clear what is wrong where no process for exact figures can be started?"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cmdb.errors import EngineUnavailable
from cmdb.server.http_errors import status_of_code
from cmdb.services.analysis import lent_solver
from impact.structure import FaultTree, Method, TreeBuilder


def bridge() -> FaultTree:
    builder = TreeBuilder(5)
    cuts = [(0, 2), (1, 3), (0, 4, 3), (2, 4, 1)]
    return builder.tree(builder.any_of(builder.all_of(cut) for cut in cuts))


def test_a_process_that_cannot_be_started_is_told_with_a_code(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", str(tmp_path / "absent"))
        with pytest.raises(EngineUnavailable, match="ask again") as caught, lent_solver() as solver:
            solver.probability(bridge(), [0.1] * 5)

    assert caught.value.code == "ENGINE_UNAVAILABLE"
    assert status_of_code(caught.value.code) == 503
    with lent_solver() as solver:
        assert solver.probability(bridge(), [0.1] * 5).method is Method.EXACT


def test_what_needs_no_process_is_answered_without_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    builder = TreeBuilder(2)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "absent"))

    with lent_solver() as solver:
        found = solver.probability(builder.tree(builder.all_of([0, 1])), [0.1, 0.5])

    assert found.value == pytest.approx(0.05)
