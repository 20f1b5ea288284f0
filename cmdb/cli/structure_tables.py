"""How is the structure of a service printed?"""

from __future__ import annotations

from cmdb.cli.output import plural, print_lines, print_table
from cmdb.model.structure_reports import StructureNode, StructureReport


def print_structure(report: StructureReport) -> None:
    """Print a row for each CI, nearest first, with those that rely on it."""
    dependents: dict[int, list[str]] = {}
    for edge in report.edges:
        text = report.nodes[edge.dependent].ci.name
        told = text if edge.kind == "hard" else f"{text} ({edge.kind})"
        dependents.setdefault(edge.provider, []).append(told)
    print_table(
        ["CI", "distance", "unavailability", "", "what relies on it"],
        [
            [
                str(node.ci),
                node.distance,
                "-" if node.unavailability is None else f"{node.unavailability:.3g}",
                _mark(node),
                ", ".join(dependents.get(place, ())),
            ]
            for place, node in enumerate(report.nodes)
        ],
        empty="It relies on nothing.",
    )
    print_lines([f"{plural(report.single_point_count, 'single point')} of failure."])
    if not report.is_complete:
        print_lines([f"{report.count - len(report.nodes)} more, farther away: see --limit."])


def _mark(node: StructureNode) -> str:
    marks = ["single point"] if node.is_single_point else []
    if node.needed is not None:
        marks.append(f"{node.needed} of {node.members} needed")
    return ", ".join(marks)
