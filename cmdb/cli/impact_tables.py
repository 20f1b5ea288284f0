"""How is a blast radius shown so that a planner understands it at a glance?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cmdb.cli.output import (
    CRITICALITY,
    duration_text,
    plural,
    print_lines,
    print_table,
    time_text,
)
from cmdb.model.impact_reports import (
    AssumedOutage,
    Basis,
    BlastRadiusReport,
    ExplainReport,
    Hit,
    Step,
)
from cmdb.model.reports import NamedCI

MOST_ROWS = 40
MOST_FAILURES = 3
STATES = ("DOWN", "DEGRADED", "AT_RISK")
_TITLES = {
    "DOWN": "DOWN: fails with it",
    "DEGRADED": "DEGRADED: works, but not fully",
    "AT_RISK": "AT RISK: works, with less redundancy than planned",
}


def print_blast_radius(report: BlastRadiusReport) -> None:
    """Print verdict, affected services, other CIs and how far to trust the answer."""
    print_lines([verdict(report.outages, report.hits)], style="bold")
    print_hits(report.hits)
    print_basis(report.basis)


def verdict(outages: Iterable[AssumedOutage], hits: Sequence[Hit]) -> str:
    """Return the answer in one sentence."""
    what = " and ".join(f"{outage.ci} {outage.state.lower()}" for outage in outages)
    if not hits:
        return f"{what}: nothing else is affected, as far as is on record."
    services = [hit for hit in hits if hit.is_service]
    return f"{what}: {count_states(hits, 'CI')}; {_of_services(services)}."


def count_states(hits: Sequence[Hit], word: str) -> str:
    """Return `3 CIs DOWN, 1 DEGRADED, 0 AT_RISK`."""
    counts = [sum(hit.state == state for hit in hits) for state in STATES]
    first = f"{plural(counts[0], word)} DOWN"
    return f"{first}, {counts[1]} DEGRADED, {counts[2]} AT_RISK"


def _of_services(services: Sequence[Hit]) -> str:
    if not services:
        return "0 services among them"
    highest = max(hit.criticality for hit in services)
    return f"of services {count_states(services, 'service')}, up to {CRITICALITY[highest]}"


def print_hits(hits: Sequence[Hit]) -> None:
    """Print affected services first, then the other CIs by state."""
    services = [hit for hit in hits if hit.is_service]
    if services:
        print_lines([""])
        print_table(
            ("state", "service", "criticality", "owner", "support", "margin", "because"),
            [_service_row(hit) for hit in services[:MOST_ROWS]],
            title=f"SERVICES ({len(services)})",
        )
        _print_rest(services)
    for state in STATES:
        others = [hit for hit in hits if hit.state == state and not hit.is_service]
        if others:
            _print_state(state, others)


def _print_state(state: str, hits: Sequence[Hit]) -> None:
    columns, row = _COLUMNS[state]
    print_lines([""])
    print_table(
        columns, [row(hit) for hit in hits[:MOST_ROWS]], title=f"{_TITLES[state]} ({len(hits)})"
    )
    _print_rest(hits)


def _print_rest(hits: Sequence[Hit]) -> None:
    if len(hits) > MOST_ROWS:
        print_lines([f"... and {len(hits) - MOST_ROWS} more; --json lists them all."])


def _service_row(hit: Hit) -> tuple[object, ...]:
    team = hit.owner or "-", hit.support or "-"
    return (hit.state, hit.ci.name, CRITICALITY[hit.criticality], *team, margin_text(hit), why(hit))


def _down_row(hit: Hit) -> tuple[object, ...]:
    return (str(hit.ci), CRITICALITY[hit.criticality], hit.owner or "-", why(hit))


def _risk_row(hit: Hit) -> tuple[object, ...]:
    return (str(hit.ci), CRITICALITY[hit.criticality], margin_text(hit), why(hit))


_COLUMNS = {
    "DOWN": (("CI", "criticality", "owner", "because"), _down_row),
    "DEGRADED": (("CI", "criticality", "margin", "because"), _risk_row),
    "AT_RISK": (("CI", "criticality", "margin", "because"), _risk_row),
}


def margin_text(hit: Hit) -> str:
    """Return margin, single failures and time left in a few words."""
    if hit.state == "DOWN":
        return "-"
    parts = [] if hit.margin is None else [f"{hit.margin} left"]
    if hit.single_failures:
        names = [ci.name for ci in hit.single_failures[:MOST_FAILURES]]
        more = (hit.single_failure_count or 0) - len(names)
        parts.append(f"any of {', '.join(names)}{f' +{more}' if more > 0 else ''} takes it down")
    elif hit.single_failure_count == 0:
        parts.append("no single CI takes it down")
    if hit.down_at is not None:
        parts.append(f"DOWN at {time_text(hit.down_at)}")
    elif hit.down_after_seconds is not None:
        parts.append(f"DOWN after {duration_text(hit.down_after_seconds)}")
    if hit.best_state != hit.state:
        parts.append(f"{hit.best_state} if what is unknown works")
    return "; ".join(parts) or "-"


def why(hit: Hit) -> str:
    """Return the chain of evidence by names, guessed steps marked with `?`."""
    chain = chain_text(hit.evidence)
    if len(hit.members) > 1:
        chain += f" (missing: {', '.join(ci.name for ci in hit.members[:5])})"
    if hit.state == "DOWN" and hit.after_seconds:
        chain += f" (after {duration_text(hit.after_seconds)})"
    return chain


def chain_text(steps: Sequence[Step]) -> str:
    """Return steps as `feed -> rack ->? server`; names that occur twice carry their class."""
    if not steps:
        return "it is not up by itself"
    places = [steps[0].provider, *(step.dependent for step in steps)]
    twice = {ci.name for ci in places if sum(other.name == ci.name for other in places) > 1}
    text = _short(places[0], twice)
    for step in steps:
        text += f" {'->?' if step.is_inferred else '->'} {_short(step.dependent, twice)}"
    return text


def _short(ci: NamedCI, twice: set[str]) -> str:
    return str(ci) if ci.name in twice else ci.name


def print_basis(basis: Basis) -> None:
    """Print in plain sentences how far the answer can be trusted."""
    print_lines(["", *basis_lines(basis)])


def basis_lines(basis: Basis) -> list[str]:
    """Return the sentences about trust, assumptions and problems."""
    recorded = f" of {time_text(basis.recorded_at)}" if basis.recorded_at else ""
    lines = [f"Computed on revision {basis.revision}{recorded}."]
    if basis.is_partial:
        lines.append("PARTIAL: the budget ended the search; there may be more, and worse.")
    lines += _trust_lines(basis)
    lines += [f"Problem: {text}." for text in basis.problems[:MOST_ROWS]]
    lines += [f"Assumed: {text.rstrip('.')}." for text in basis.assumptions[:MOST_ROWS]]
    return lines


def _trust_lines(basis: Basis) -> list[str]:
    trust = basis.trust
    lines = []
    if trust.inferred_used:
        by = ", ".join(f"{name} {count}" for name, count in trust.inferred_by.items())
        guessed = f" (guessed by {by})" if by else ""
        hard = _hard_text(trust.inferred_hard, trust.inferred_used)
        lines.append(
            f"Trust: {trust.inferred_used} of the {trust.relationships_used} relationships used "
            f"are inferred{guessed}{hard}; marked ->? above."
        )
    elif trust.relationships_used:
        lines.append(
            f"Trust: all {trust.relationships_used} relationships used are stated by a source, "
            "none is inferred."
        )
    if trust.inferred_known:
        lines.append(
            f"In all, {trust.inferred_known} of the {trust.relationships_known} relationships on "
            "record are inferred and taken as hard unless marked otherwise."
        )
    if trust.stale_count:
        names = ", ".join(str(ci) for ci in trust.stale[:5])
        lines.append(
            f"Stale: {plural(trust.stale_count, 'CI')} not confirmed lately by any source: {names}."
        )
    return lines


def _hard_text(hard: int, inferred: int) -> str:
    if not hard:
        return ""
    return " and taken as hard" if hard == inferred else f", {hard} of them taken as hard"


def print_explanation(report: ExplainReport, asked: str) -> None:
    """Print every step by which an outage reaches one CI."""
    what = " and ".join(str(outage.ci) for outage in report.outages)
    if report.hit is None:
        print_lines([f"An outage of {what} does not reach {asked}."])
        return
    hit = report.hit
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


def _listed(cis: Sequence[NamedCI]) -> str:
    return ", ".join(ci.name for ci in cis) or "-"
