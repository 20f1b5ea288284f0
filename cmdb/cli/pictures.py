"""What is drawn of a blast radius: which CIs, which arrows, in which columns?"""

from __future__ import annotations

from dataclasses import dataclass

from cmdb.model.impact_reports import BlastRadiusReport, Hit, Step
from cmdb.model.reports import NamedCI

MOST_DRAWN = 150


@dataclass(frozen=True, slots=True)
class Box:
    """One CI of a picture; `column` counts steps from the outage."""

    key: str
    ci: NamedCI
    state: str
    is_service: bool
    column: int


@dataclass(frozen=True, slots=True)
class Arrow:
    """Failure reaches `to` from `start`; `label` is the type of the relationship."""

    start: str
    to: str
    label: str
    is_inferred: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """Boxes in order of columns, arrows between them, and how many CIs were left out."""

    title: str
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
            outages.get(ci) or (known[ci].state if ci in known else "AT_RISK"),
            ci in known and known[ci].is_service,
            columns.get(ci, 0),
        )
        for ci in order
    )
    arrows = tuple(
        Arrow(keys[provider], keys[dependent], step.type, step.is_inferred)
        for (provider, dependent), step in sorted(steps.items())
    )
    names = ", ".join(str(outage.ci) for outage in report.outages)
    title = f"Blast radius of {names}"
    return Picture(title, boxes, arrows, sum(hit.ci.id not in cis for hit in report.added))


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
