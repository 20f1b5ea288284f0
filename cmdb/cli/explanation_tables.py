"""How is it shown by which way an outage reaches a CI?"""

from __future__ import annotations

from collections.abc import Sequence

from cmdb.cli.output import print_lines, print_table
from cmdb.model.impact_reports import ExplainReport, Hit, Step
from cmdb.model.reports import NamedCI


def print_explanation(report: ExplainReport, asked: str) -> None:
    """Print every step by which an outage reaches one CI."""
    what = " and ".join(str(outage.ci) for outage in report.outages)
    if report.hit is None:
        print_lines([f"An outage of {what} does not reach {asked}."])
        return
    hit = report.hit
    if hit.is_present:
        print_lines([f"{hit.ci} is {hit.state} already, without that."])
    print_lines([f"An outage of {what} takes {hit.ci} {hit.state}: {why(hit)}"], style="bold")
    print_lines([""])
    print_table(
        ("fails", "reaches", "by", "strength", "inferred by"),
        [
            (
                str(s.provider),
                str(s.dependent),
                s.type or "any of",
                s.strength,
                s.inferred_by or ("yes" if s.is_inferred else "-"),
            )
            for s in report.steps
        ],
        title=f"Every step on the way ({len(report.steps)})",
    )
    if report.groups:
        print_lines([""])
        print_table(
            ("group", "members", "needs", "for full strength", "down", "degraded"),
            [
                (str(g.ci), g.members, g.k_min, g.k_full, _listed(g.down), _listed(g.degraded))
                for g in report.groups
            ],
            title="Groups counted on the way",
        )


def why(hit: Hit, longest: int = 99) -> str:
    """Return the chain of evidence by names, guessed steps marked with `?`."""
    return chain_text(hit.evidence, longest)


def chain_text(steps: Sequence[Step], longest: int = 99) -> str:
    """Return steps as `feed -> rack ->? server`; names that occur twice carry their class.

    Of a chain with more than `longest` CIs the middle is left out.
    """
    if not steps:
        return "not up before that"
    places = [steps[0].provider, *(step.dependent for step in steps)]
    twice = {ci.name for ci in places if sum(other.name == ci.name for other in places) > 1}
    text = [_short(places[0], twice)]
    text += [
        f"{'->?' if step.is_inferred else '->'} {_short(step.dependent, twice)}" for step in steps
    ]
    if len(text) > longest:
        head = (longest + 1) // 2
        text = [*text[:head], f"-> ({len(text) - longest} more)", *text[head - longest :]]
    return " ".join(text)


def _listed(cis: Sequence[NamedCI]) -> str:
    return ", ".join(ci.name for ci in cis) or "-"


def _short(ci: NamedCI, twice: set[str]) -> str:
    return str(ci) if ci.name in twice else ci.name
