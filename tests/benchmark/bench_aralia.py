"""How fast are exact probabilities of public fault trees, beside SCRAM's?

Both read the file and compute the probability of the top: SCRAM as a program of its own for each
model, ours in one process whose worker has started.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

from impact.openpsa import read_model
from impact.structure import Budget, Method, Solver
from tests.openpsa.models import ARALIA, Answer, answers

SMALL = ("chinese", "baobab2", "das9201", "edf9205", "isp9606")
HARDEST = "das9701"
ROUNDS = {"smoke": 1, "full": 3}
BUDGET = Budget(seconds=60.0)
TIMES_SLOWER, SLACK_SECONDS = 3.0, 0.5


def run(size: str) -> list[dict[str, Any]]:
    """Return the figures of one size, every probability checked."""
    known = {answer.name: answer for answer in answers() if answer.probability is not None}
    if not known:
        return [{"what": "public fault trees", "figure": "not run: the files are not here"}]
    names = SMALL if size == "smoke" else [name for name in known if name != HARDEST]
    program = shutil.which("scram")
    with Solver() as solver:
        began = time.perf_counter()
        solver.warm_up()
        start = time.perf_counter() - began
        pairs = {
            name: (
                min(_ours(solver, known[name]) for _ in range(ROUNDS[size])),
                min(_theirs(program, name) for _ in range(ROUNDS[size])) if program else None,
            )
            for name in names
        }
        rows = [*_rows(pairs), {"what": "start of the worker", "figure": f"{start:.2f} s"}]
        if size == "full":
            rows += _hardest(solver, known[HARDEST], program)
            rows.append(_sampled(solver))
    return rows


def _rows(pairs: dict[str, tuple[float, float | None]]) -> list[dict[str, Any]]:
    total = sum(ours for ours, _ in pairs.values())
    label = f"{len(pairs)} models"
    if any(theirs is None for _, theirs in pairs.values()):
        return [{"what": label, "figure": f"{total:.2f} s; no peer: scram is not installed"}]
    peer = sum(theirs or 0.0 for _, theirs in pairs.values())
    behind = {
        name: ours / (theirs or 1.0)
        for name, (ours, theirs) in pairs.items()
        if ours > max(TIMES_SLOWER * (theirs or 0.0), SLACK_SECONDS)
    }
    slowest = max(pairs, key=lambda name: pairs[name][0])
    return [
        {
            "what": f"{label}, total against SCRAM",
            "figure": f"{total / peer:.2f}x ({total:.2f} s against {peer:.2f} s)",
            "target": "<= 0.4x",
            "ok": total <= 0.4 * peer,
        },
        {
            "what": "models slower than 3x or 0.5 s, whichever is more",
            "figure": ", ".join(f"{name} {ratio:.1f}x" for name, ratio in behind.items())
            or f"none; slowest {slowest}, {pairs[slowest][0]:.2f} s",
            "target": "none",
            "ok": not behind,
        },
    ]


def _hardest(solver: Solver, answer: Answer, program: str | None) -> list[dict[str, Any]]:
    ours = _ours(solver, answer)
    if program is None:
        return [{"what": HARDEST, "figure": f"{ours:.1f} s; no peer: scram is not installed"}]
    theirs = _theirs(program, HARDEST)
    return [
        {
            "what": f"{HARDEST} against SCRAM",
            "figure": f"{ours / theirs:.3f}x ({ours:.1f} s against {theirs:.0f} s)",
            "target": "<= 0.05x",
            "ok": ours <= 0.05 * theirs,
        }
    ]


def _sampled(solver: Solver) -> dict[str, Any]:
    began = time.perf_counter()
    model = read_model(ARALIA / "nus9601.xml")
    found = solver.probability(model.tree, model.probabilities, budget=Budget(seconds=20.0), seed=1)
    seconds = time.perf_counter() - began
    assert found.ci95 is not None
    low, high = found.ci95
    assert low <= 1.032e-5
    assert high >= 9.39e-6
    width = (high - low) / 2 / found.value
    return {
        "what": "nus9601, which no diagram fits",
        "figure": f"{found.value:.3e}, 95 % half-width {width:.1%}, {seconds:.0f} s",
        "target": "<= 15 %, <= 60 s",
        "ok": width <= 0.15 and seconds <= 60,
    }


def _ours(solver: Solver, answer: Answer) -> float:
    """Return the seconds for one model; what earlier rounds found out about it is forgotten."""
    solver.forget()
    began = time.perf_counter()
    model = read_model(ARALIA / f"{answer.name}.xml")
    found = solver.probability(model.tree, model.probabilities, budget=BUDGET)
    seconds = time.perf_counter() - began
    assert found.method is Method.EXACT, answer.name
    assert answer.probability is not None
    assert abs(found.value - answer.probability) <= 1e-5 * answer.probability, answer.name
    return seconds


def _theirs(program: str, name: str) -> float:
    path: Path = ARALIA / f"{name}.xml"
    began = time.perf_counter()
    subprocess.run(
        [program, "--probability", "1", "-l", "1", str(path)], capture_output=True, check=True
    )
    return time.perf_counter() - began
