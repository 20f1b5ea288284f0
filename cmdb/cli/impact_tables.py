"""How is a blast radius shown so that a planner understands it at a glance?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cmdb.cli.explanation_tables import why
from cmdb.cli.output import (
    CRITICALITY,
    duration_text,
    plural,
    print_lines,
    print_rows,
    time_text,
)
from cmdb.cli.trust_tables import print_basis, print_present
from cmdb.model.impact_reports import (
    AssumedOutage,
    BlastRadiusReport,
    Hit,
)

STATES = ("DOWN", "DEGRADED", "AT_RISK")
_TITLES = {
    "DOWN": "DOWN: fails with it",
    "DEGRADED": "DEGRADED: works, but not fully",
    "AT_RISK": "AT RISK: works, with less redundancy than planned",
}


@dataclass(frozen=True, slots=True)
class Detail:
    """How much is printed.

    Attributes:
        rows: Most rows of a state, services apart; 0 tells only how many there are.
        longest_chain: Most CIs of a chain of evidence; longer ones lose their middle.
        names: Most CIs named in one cell.
    """

    rows: Mapping[str, int]
    longest_chain: int
    names: int = 3


USUAL = Detail({"DOWN": 40, "DEGRADED": 20, "AT_RISK": 10}, longest_chain=99)
ALL = Detail(dict.fromkeys(STATES, 10**9), longest_chain=99, names=20)
BRIEF = Detail({"DOWN": 4, "DEGRADED": 4, "AT_RISK": 0}, longest_chain=7)


def print_blast_radius(report: BlastRadiusReport, detail: Detail = USUAL) -> None:
    """Print verdict, affected services, other CIs and how far to trust the answer."""
    print_lines([verdict(report.outages, report.hits)], style="bold")
    print_hits(report.hits, detail)
    print_present(report.present)
    print_basis(report.basis)


def verdict(outages: Iterable[AssumedOutage], hits: Sequence[Hit]) -> str:
    """Return the answer in one sentence; what is so without the outages does not count."""
    what = " and ".join(f"{outage.ci} {outage.state}" for outage in outages)
    added = [hit for hit in hits if not hit.is_present]
    if not added:
        more = "more than is so already" if hits else "else"
        return f"{what}: nothing {more} is affected, as far as is on record."
    hits = added
    services = [hit for hit in hits if hit.is_service]
    if not services:
        return f"{what} takes {count_states(hits, 'CI')}; no service on record is affected."
    highest = CRITICALITY[max(hit.criticality for hit in services)]
    return (
        f"{what} takes {count_states(services, 'service')} (up to {highest}); "
        f"of all: {count_states(hits, 'CI')}."
    )


def count_states(hits: Sequence[Hit], word: str = "") -> str:
    """Return `3 CIs DOWN, 1 DEGRADED, 0 AT_RISK`; without a word only the numbers."""
    counts = [sum(hit.state == state for hit in hits) for state in STATES]
    first = plural(counts[0], word) if word else str(counts[0])
    return f"{first} DOWN, {counts[1]} DEGRADED, {counts[2]} AT_RISK"


def print_hits(hits: Sequence[Hit], detail: Detail = USUAL) -> None:
    """Print affected services first, then the other CIs by state, then what is so already."""
    _print_affected([hit for hit in hits if not hit.is_present], detail)
    already = [hit for hit in hits if hit.is_present]
    listed = already[: detail.rows["DOWN"]]
    if listed:
        print_lines([""])
        title = f"ALREADY SO, BY INCIDENTS AND OTHER CHANGES ({len(already)})"
        _print_hits("already", listed, title, detail)
    if len(listed) < len(already):
        print_lines([f"... and {len(already) - len(listed)} more; --all lists them."])


def _print_affected(hits: Sequence[Hit], detail: Detail) -> None:
    services = [hit for hit in hits if hit.is_service]
    if services:
        print_lines([""])
        _print_hits("service", services, f"SERVICES ({len(services)})", detail)
    for state in STATES:
        others = [hit for hit in hits if hit.state == state and not hit.is_service]
        if others:
            _print_state(state, others, detail)


def _print_state(state: str, hits: Sequence[Hit], detail: Detail) -> None:
    listed = hits[: detail.rows[state]]
    title = f"{_TITLES[state]} ({len(hits)})"
    print_lines([""])
    if listed:
        _print_hits(state, listed, title, detail)
    if len(listed) < len(hits):
        text = f"... and {len(hits) - len(listed)} more" if listed else title
        print_lines([f"{text}; --all lists them."])


def _print_hits(kind: str, hits: Sequence[Hit], title: str, detail: Detail) -> None:
    """Print hits with their evidence; columns that would say nothing are left out."""
    columns: list[tuple[str, list[object]]] = []
    if kind in ("service", "already"):
        columns.append(("state", [hit.state for hit in hits]))
    if kind == "service":
        columns.append(("service", [hit.ci.name for hit in hits]))
    else:
        columns.append(("CI", [str(hit.ci) for hit in hits]))
    columns.append(("criticality", [CRITICALITY[hit.criticality] for hit in hits]))
    columns.append(("owner", [hit.owner for hit in hits]))
    if kind == "service":
        columns.append(("support", [hit.support for hit in hits]))
    columns.append(("to spare", [_spare(hit) for hit in hits]))
    columns.append(("falls if any of", [_falls_with(hit, detail.names) for hit in hits]))
    columns.append(("note", [_note(hit) for hit in hits]))
    told = [column for column in columns if any(column[1])]
    rows = zip(*([cell or "-" for cell in cells] for _, cells in told), strict=True)
    notes = [why(hit, detail.longest_chain) for hit in hits]
    print_rows([heading for heading, _ in told], list(rows), notes, title=title)


def _spare(hit: Hit) -> str:
    return "" if hit.margin is None or hit.state == "DOWN" else str(hit.margin)


def _falls_with(hit: Hit, most: int) -> str:
    """Return the CIs whose failure alone would now take it down."""
    if hit.state == "DOWN" or hit.single_failures is None:
        return ""
    names = ", ".join(ci.name for ci in hit.single_failures[:most])
    more = (hit.single_failure_count or 0) - min(most, len(hit.single_failures))
    return (names + (f" +{more}" if more > 0 else "")) or "no single CI"


def _note(hit: Hit) -> str:
    """Return what is known of time and of uncertainty."""
    parts = []
    if hit.down_at is not None:
        parts.append(f"DOWN at {time_text(hit.down_at)}")
    elif hit.down_after_seconds is not None:
        parts.append(f"DOWN after {duration_text(hit.down_after_seconds)}")
    elif hit.state == "DOWN" and hit.after_seconds:
        parts.append(f"after {duration_text(hit.after_seconds)}")
    if hit.present_state != "UP" and not hit.is_present:
        parts.append(f"{hit.present_state} already")
    if hit.best_state != hit.state:
        parts.append(f"{hit.best_state} if what is unknown works")
    if len(hit.members) > 1:
        parts.append(f"missing: {', '.join(ci.name for ci in hit.members[:5])}")
    return "; ".join(parts)
