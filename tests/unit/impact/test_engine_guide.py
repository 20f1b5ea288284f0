"""Do the examples of the engine's page run, and do its figures by hand hold?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from impact.openpsa import Model, write_model
from impact.structure import Solver, TreeBuilder, measure_importance

GUIDE = Path(__file__).parents[3] / "docs" / "engine.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)


def shop() -> Model:
    builder = TreeBuilder(3)
    tree = builder.tree(builder.any_of([2, builder.all_of([0, 1])]))
    return Model("shop", "down", tree, ("s1", "s2", "db"), (0.1, 0.1, 0.01))


def test_there_are_two_examples() -> None:
    assert len(EXAMPLES) == 2


def test_the_model_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "plant.xml").write_bytes(write_model(shop()))
    monkeypatch.chdir(tmp_path)

    exec(compile(EXAMPLES[0], str(GUIDE), "exec"), {})  # noqa: S102 - our own page is what is tested

    first, *measures = capsys.readouterr().out.splitlines()
    assert first.startswith("0.0199")
    assert first.endswith("exact 2")
    assert measures[0].startswith("db 0.497")


def test_the_topology_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(EXAMPLES[1], str(GUIDE), "exec"), {})  # noqa: S102 - our own page is what is tested

    availability, per_year, hours = capsys.readouterr().out.split()
    assert float(availability) == 0.9801
    # 2 * 0.1 * 0.01 * 0.99 + 0.99 * 0.01 / 4 an hour.
    assert float(per_year) == pytest.approx(8760 * (0.00198 + 0.002475), abs=0.01)
    assert float(hours) == pytest.approx(0.0199 / (0.00198 + 0.002475))


def test_the_measures_by_hand() -> None:
    model = shop()

    with Solver() as solver:
        measures = measure_importance(
            solver, model.tree, model.probabilities, with_fussell_vesely=True
        )

    assert measures is not None
    database = next(m for m in measures if m.event == 2)
    assert database.birnbaum == pytest.approx(0.99)
    assert database.criticality == pytest.approx(0.497, abs=5e-4)
    assert database.risk_achievement_worth == pytest.approx(50.3, abs=0.05)
    assert database.risk_reduction_worth == pytest.approx(1.99, abs=5e-3)
    assert database.fussell_vesely == pytest.approx(0.503, abs=5e-4)
