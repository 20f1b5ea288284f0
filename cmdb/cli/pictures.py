"""What is drawn of an answer: which CIs, which arrows, in which columns?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cmdb.model.impact_reports import BlastRadiusReport, Hit, Step
from cmdb.model.reports import NamedCI
from cmdb.model.structure_reports import StructureEdge, StructureNode, StructureReport

MOST_DRAWN = 150


@dataclass(frozen=True, slots=True)
class Box:
    """One CI of a picture; columns go from left to right, as failure does.

    Attributes:
        key: Of this box among the others.
        ci: Which.
        state: What decides its colour.
        note: What is written below its class.
        is_service: Rounded then.
        column: 0 stands on the left.
    """

    key: str
    ci: NamedCI
    state: str
    note: str
    is_service: bool
    column: int


@dataclass(frozen=True, slots=True)
class Arrow:
    """Failure reaches `to` from `start`; `label` says over what."""

    start: str
    to: str
    label: str
    is_dashed: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """Boxes in order of columns, arrows between them, and how many CIs were left out."""

    title: str
    legend: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    left_out: int


def draw(report: BlastRadiusReport) -> Picture:
    """Return the picture of a blast radius: shortest chains and missing members of groups.

    Drawn is what the outages add; open incidents and other changes only where a chain needs them.
    Of more than `MOST_DRAWN` CIs the least harmed are left out, unless a chain leads over them.
    """
    hits = {hit.ci.id: hit for hit in report.added[:MOST_DRAWN]}
    known = {hit.ci.id: hit for hit in report.hits}
    steps = {
        (step.provider.id, step.dependent.id): step
        for hit in hits.values()
        for step in hit.evidence
    }
    outages = {present.ci.id: present.state for present in report.present}
    outages |= {outage.ci.id: outage.state for outage in report.outages}
    steps |= _missing_members(hits, known, set(outages))
    cis = {ci.id: ci for step in steps.values() for ci in (step.provider, step.dependent)}
    cis |= {outage.ci.id: outage.ci for outage in report.outages}
    columns = _columns([ci for ci in outages if ci in cis], list(steps))
    order = sorted(cis, key=lambda ci: (columns.get(ci, 0), cis[ci].name, ci))
    keys = {ci: f"n{number}" for number, ci in enumerate(order)}
    boxes = tuple(
        Box(
            keys[ci],
            cis[ci],
            state,
            state.replace("_", " "),
            ci in known and known[ci].is_service,
            columns.get(ci, 0),
        )
        for ci in order
        for state in [outages.get(ci) or (known[ci].state if ci in known else "AT_RISK")]
    )
    arrows = tuple(
        Arrow(keys[provider], keys[dependent], step.type, step.is_inferred)
        for (provider, dependent), step in sorted(steps.items())
    )
    names = ", ".join(str(outage.ci) for outage in report.outages)
    title = f"Blast radius of {names}"
    legend = "Failure goes from left to right; dashed: inferred; rounded: a service"
    left_out = sum(hit.ci.id not in cis for hit in report.added)
    return Picture(title, legend, boxes, arrows, left_out)


def draw_structure(report: StructureReport) -> Picture:
    """Return the picture of what a service relies on, the service on the right.

    Of more than `MOST_DRAWN` nodes the farthest are left out.
    """
    nodes = report.nodes[:MOST_DRAWN]
    edges = [e for e in report.edges if max(e.provider, e.dependent) < len(nodes)]
    depths = _depths(len(nodes), edges)
    boxes = tuple(
        Box(
            f"n{place}",
            node.ci,
            "SINGLE_POINT" if node.is_single_point else "GROUP" if node.needed else "OTHER",
            _structure_note(node, place),
            place == 0,
            max(depths) - depths[place],
        )
        for place, node in enumerate(nodes)
    )
    arrows = tuple(
        Arrow(f"n{edge.provider}", f"n{edge.dependent}", edge.kind, edge.kind == "soft")
        for edge in edges
    )
    return Picture(
        f"What {report.service} relies on",
        "Failure goes from left to right; dashed: it only degrades; red: a single point of failure",
        boxes,
        arrows,
        report.count - len(nodes),
    )


def _depths(count: int, edges: Sequence[StructureEdge]) -> list[int]:
    """Return the most steps from the service to each node; those of a circle are equally deep."""
    import networkx as nx

    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(count))
    graph.add_edges_from((edge.dependent, edge.provider) for edge in edges)
    circles = nx.condensation(graph)
    depths = [0] * count
    for circle in nx.topological_sort(circles):
        before = [circles.nodes[above]["members"] for above in circles.predecessors(circle)]
        depth = max((depths[next(iter(members))] + 1 for members in before), default=0)
        for place in circles.nodes[circle]["members"]:
            depths[place] = depth
    return depths


def _structure_note(node: StructureNode, place: int) -> str:
    words = ["the service"] if place == 0 else []
    if node.is_single_point:
        words.append("single point")
    if node.needed is not None:
        words.append(f"{node.needed} of {node.members} needed")
    return ", ".join(words)


def _missing_members(
    hits: dict[str, Hit], known: dict[str, Hit], outages: set[str]
) -> dict[tuple[str, str], Step]:
    """Return a step for each missing member of a group, since a chain shows only one."""
    return {
        (member.id, hit.ci.id): Step(member, hit.ci, "has_member", "gate")
        for hit in hits.values()
        for member in hit.members
        if member.id in outages or member.id in known
    }


def _columns(starts: list[str], arrows: list[tuple[str, str]]) -> dict[str, int]:
    """Return the number of steps from the nearest outage."""
    leaving: dict[str, list[str]] = {}
    for provider, dependent in arrows:
        leaving.setdefault(provider, []).append(dependent)
    found = dict.fromkeys(starts, 0)
    frontier = starts
    while frontier:
        following = []
        for provider in frontier:
            for dependent in leaving.get(provider, ()):
                if dependent not in found:
                    found[dependent] = found[provider] + 1
                    following.append(dependent)
        frontier = following
    return found
