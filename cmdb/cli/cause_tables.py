"""How is the answer to the question for the root cause printed?"""

from __future__ import annotations

from cmdb.cli.output import plural, print_lines, print_rows, time_text
from cmdb.model.cause_reports import CauseCandidate, RootCauseReport, ScoreTerms
from cmdb.model.practice_reports import NearEvent

SHOWN_EVENTS = 10
SHOWN_CHANGES = 2
SHOWN_SETS = 5
_WORDS = {
    "explained": "explains",
    "silent": "silence",
    "contradicted": "healthy",
    "another": "several",
    "change": "change",
    "late": "late",
    "prior": "prior",
}


def print_root_cause(report: RootCauseReport) -> None:
    """Print the verdict, the candidates with their terms, and what to check next."""
    print_lines([_verdict(report), ""])
    if report.candidates:
        _print_ranked("CANDIDATES", report.candidates)
    if report.sets:
        print_lines([""])
        _print_ranked("SETS THAT EXPLAIN MORE", report.sets[:SHOWN_SETS])
    sets = report.minimal_explaining_sets[:SHOWN_SETS]
    if sets:
        told = "; ".join(" + ".join(str(ci) for ci in each) for each in sets)
        most = plural(report.explained_by_best, "symptom")
        print_lines(["", f"Smallest explanations of {most}: {told}"])
    if report.check_next is not None:
        print_lines([f"Check next: {report.check_next}: its state splits the candidates best."])
    if report.recorded_later:
        print_lines(["", "Recorded after the onset, but it may have happened before:"])
        print_lines(_event(each) for each in report.recorded_later[:SHOWN_EVENTS])
    if not report.is_complete:
        print_lines(["", "Not everything was tried: there may be other candidates."])


def _verdict(report: RootCauseReport) -> str:
    symptoms = plural(len(report.symptoms), "symptom")
    since = f"since {time_text(report.onset_at)}"
    known = "as known now" if report.as_known_now else "as it was then"
    basis = f"topology of revision {report.revision}, {known}"
    if not report.candidates:
        return f"No CI explains any of {symptoms} {since} ({basis})."
    first = report.candidates[0]
    name = " and ".join(str(ci) for ci in first.cis)
    return f"{name} explains {len(first.explained)} of {symptoms} {since} ({basis})."


def _print_ranked(title: str, candidates: tuple[CauseCandidate, ...]) -> None:
    print_rows(
        ["CI", "score", "explains", "silent", "healthy"],
        [
            [
                " + ".join(str(ci) for ci in each.cis),
                f"{each.score:.1f}",
                len(each.explained),
                each.silent,
                len(each.contradicted),
            ]
            for each in candidates
        ],
        [_note(each) for each in candidates],
        title=title,
    )


def _note(each: CauseCandidate) -> str:
    lines = [_terms(each.terms)]
    if each.is_origin:
        lines.append("suffers itself, and nothing that it relies on does")
    longest = max(each.paths, key=lambda path: len(path.steps), default=None)
    if longest is not None and longest.steps:
        steps = [longest.steps[0].provider, *(step.dependent for step in longest.steps)]
        lines.append(" -> ".join(ci.name for ci in steps))
    lines += [_event(event) for event in each.changes[:SHOWN_CHANGES]]
    if len(each.changes) > SHOWN_CHANGES:
        more = len(each.changes) - SHOWN_CHANGES
        lines.append(f"and {plural(more, 'more change')}")
    return "\n".join(lines)


def _terms(terms: ScoreTerms) -> str:
    values = {word: getattr(terms, name) for name, word in _WORDS.items()}
    return ", ".join(f"{word} {value:+.1f}" for word, value in values.items() if value)


def _event(event: NearEvent) -> str:
    return f"{time_text(event.at)} {event.subject}: {event.what} ({event.actor})"
