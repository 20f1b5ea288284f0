"""`python -m impact MODEL.xml`: what a fault-tree model in the Open-PSA format comes to."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from impact.errors import ImpactError, InvalidModel
from impact.openpsa import Model, read_model
from impact.structure import Budget, Importance, Limits, Probability, Solver, measure_importance
from impact.structure.folding import fold

NOT_COHERENT = "the model is not coherent, so it has no minimal cut sets"
OUT_OF_BUDGET = "the budget ended first"
REFUSED, FOUND = 2, 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the answers about one model; return 0, or 2 if the file cannot be read."""
    options = _parser().parse_args(arguments)
    try:
        model = read_model(options.file, top=options.top, mission_hours=options.mission_hours)
        report = _report(model, options)
    except (ImpactError, OSError) as error:
        code = error.code if isinstance(error, ImpactError) else "unreadable_file"
        print(f"{code}: {_told(error, options.file)}", file=sys.stderr)
        return REFUSED
    print(json.dumps(report, indent=2) if options.json else _as_text(report))
    return FOUND


def _parser() -> argparse.ArgumentParser:
    budget = Budget()
    parser = argparse.ArgumentParser(prog="python -m impact", description=__doc__)
    parser.add_argument("file", type=Path, help="a model in the Open-PSA exchange format")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--top", help="the gate to take as the top")
    parser.add_argument("--mission-hours", type=float, help="mission time of the model, in hours")
    parser.add_argument("--seconds", type=float, default=budget.seconds, help="for exact work")
    parser.add_argument("--nodes", type=int, default=budget.nodes, help="of one diagram")
    parser.add_argument("--samples", type=int, default=budget.samples, help="of the fallback")
    parser.add_argument("--seed", type=int, default=0, help="of the samples")
    parser.add_argument("--events", type=int, default=10, help="how many to list; 0: all")
    parser.add_argument(
        "--fussell-vesely", action="store_true", help="measure it too; costs a diagram per event"
    )
    parser.add_argument("--cut-sets", type=int, metavar="N", help="list up to N minimal cut sets")
    parser.add_argument("--largest", type=int, default=4, help="events in a listed cut set")
    return parser


def _report(model: Model, options: argparse.Namespace) -> dict[str, Any]:
    budget = Budget(seconds=options.seconds, nodes=options.nodes, samples=options.samples)
    is_coherent = fold(model.tree).is_plain
    with Solver(budget.memory_mb) as solver:
        answer = solver.probability(
            model.tree, model.probabilities, budget=budget, seed=options.seed
        )
        measures = measure_importance(
            solver,
            model.tree,
            model.probabilities,
            with_fussell_vesely=options.fussell_vesely,
            budget=budget,
        )
        count = solver.cut_set_count(model.tree, budget=budget) if is_coherent else None
        report = {
            "model": model.name,
            "top": model.top,
            "events": len(model.events),
            "gates": len(model.tree.gates),
            "is_coherent": is_coherent,
            "probability": _probability(answer),
            "minimal_cut_sets": count,
            "minimal_cut_sets_reason": _reason(count, is_coherent),
            "importance": _importance(measures, model, options.events),
            "importance_reason": OUT_OF_BUDGET if measures is None else None,
        }
        if options.cut_sets is not None:
            limits = Limits(largest=options.largest, limit=options.cut_sets)
            report["cut_sets"] = _cut_sets(solver, model, limits, budget) if is_coherent else None
    return report


def _probability(answer: Probability) -> dict[str, Any]:
    return asdict(answer) | {"method": answer.method.value}


def _reason(count: int | None, is_coherent: bool) -> str | None:
    if not is_coherent:
        return NOT_COHERENT
    return OUT_OF_BUDGET if count is None else None


def _importance(
    measures: list[Importance] | None, model: Model, limit: int
) -> list[dict[str, Any]] | None:
    if measures is None:
        return None
    return [
        asdict(measure)
        | {
            "event": model.events[measure.event],
            "probability": model.probabilities[measure.event],
            "risk_reduction_worth": "infinity"
            if measure.risk_reduction_worth == math.inf
            else measure.risk_reduction_worth,
        }
        for measure in measures[: limit or None]
    ]


def _cut_sets(
    solver: Solver, model: Model, limits: Limits, budget: Budget
) -> dict[str, Any] | None:
    found = solver.cut_sets(model.tree, model.probabilities, limits, budget=budget)
    if found is None:
        return None
    sets, is_complete = found
    return {
        "limits": asdict(limits),
        "is_complete": is_complete,
        "sets": [
            {
                "events": [model.events[event] for event in events],
                "probability": math.prod(model.probabilities[event] for event in events),
            }
            for events in sets
        ],
    }


def _as_text(report: dict[str, Any]) -> str:
    answer = report["probability"]
    lines = [
        f"{report['model']}: top {report['top']}, {report['events']} events, "
        f"{report['gates']} gates",
        f"probability       {answer['value']:.9e}  ({answer['method']}{_how(answer)})",
        f"minimal cut sets  {report['minimal_cut_sets_reason'] or report['minimal_cut_sets']}",
    ]
    if report["importance"] is None:
        lines.append(f"importance        {report['importance_reason']}")
    elif report["importance"]:
        lines += ["", *_measure_lines(report["importance"])]
    if report.get("cut_sets"):
        lines += ["", *_cut_set_lines(report["cut_sets"])]
    return "\n".join(lines)


def _how(answer: dict[str, Any]) -> str:
    if answer["ci95"]:
        low, high = answer["ci95"]
        return (
            f", 95 % between {low:.3e} and {high:.3e}, {answer['samples']:,} samples, "
            f"seed {answer['seed']}"
        )
    if answer["bdd_nodes"]:
        return f", {answer['bdd_nodes']:,} nodes, order {answer['order']}"
    return ""


def _measure_lines(measures: list[dict[str, Any]]) -> list[str]:
    columns = {
        "probability": "q",
        "birnbaum": "birnbaum",
        "criticality": "criticality",
        "risk_achievement_worth": "RAW",
        "risk_reduction_worth": "RRW",
        "fussell_vesely": "FV",
    }
    shown = [name for name in columns if any(m[name] is not None for m in measures)]
    width = max(5, *(len(m["event"]) for m in measures))
    lines = ["event".ljust(width) + "".join(f"{columns[name]:>13}" for name in shown)]
    lines += [
        m["event"].ljust(width) + "".join(f"{_figure(m[name]):>13}" for name in shown)
        for m in measures
    ]
    return lines


def _figure(value: float | str | None) -> str:
    if value is None:
        return "-"
    return value if isinstance(value, str) else f"{value:.4e}"


def _cut_set_lines(listing: dict[str, Any]) -> list[str]:
    limits = listing["limits"]
    within = f"up to {limits['largest']} events, {limits['limit']} sets"
    state = "all of them" if listing["is_complete"] else "not all of them"
    return [
        f"cut sets of {within}: {state}",
        *(f"{cut['probability']:.4e}  {', '.join(cut['events'])}" for cut in listing["sets"]),
    ]


def _told(error: Exception, path: Path) -> str:
    if isinstance(error, InvalidModel):
        return f"{path}: {error}"
    if isinstance(error, OSError):
        return f"{path}: {error.strerror}"
    return str(error)


if __name__ == "__main__":
    sys.exit(main())
