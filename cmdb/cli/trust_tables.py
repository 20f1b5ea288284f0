"""What was an answer about impact reckoned with, and how far can it be trusted?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cmdb.cli.output import plural, print_lines, print_table, time_text
from cmdb.model.impact_reports import Basis, PresentOutage

_MOST_SENTENCES = 20


def print_present(present: Sequence[PresentOutage]) -> None:
    """Print what is so without the question and was reckoned with."""
    if not present:
        return
    print_lines([""])
    print_table(
        ("state", "CI", "by", "title", "from", "to"),
        [
            (
                each.state,
                str(each.ci),
                each.kind,
                each.title,
                time_text(each.start_at),
                time_text(each.end_at) if each.end_at else "no end in sight",
            )
            for each in present[:_MOST_SENTENCES]
        ],
        title=f"RECKONED WITH: OPEN INCIDENTS AND OTHER CHANGES ({len(present)})",
    )
    if len(present) > _MOST_SENTENCES:
        print_lines([f"... and {len(present) - _MOST_SENTENCES} more; --json lists them all."])


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
    lines += [f"Problem: {text}." for text in basis.problems[:_MOST_SENTENCES]]
    lines += [f"Assumed: {text.rstrip('.')}." for text in basis.assumptions[:_MOST_SENTENCES]]
    return lines


def _trust_lines(basis: Basis) -> list[str]:
    trust = basis.trust
    lines = []
    if trust.inferred_used:
        guessed = _guessers(trust.inferred_by)
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
        hard = _hard_text(trust.inferred_known_hard, trust.inferred_known)
        lines.append(
            f"In all, {trust.inferred_known} of the {trust.relationships_known} relationships that "
            f"bear on impact are inferred{hard}."
        )
    if trust.stale_count:
        names = ", ".join(str(ci) for ci in trust.stale[:5])
        lines.append(
            f"Stale: {plural(trust.stale_count, 'CI')} not confirmed lately by any source: {names}."
        )
    return lines


def _guessers(inferred_by: Mapping[str, int]) -> str:
    if not inferred_by:
        return ""
    ranked = sorted(inferred_by.items(), key=lambda item: (-item[1], item[0]))
    named = ", ".join(f"{name} ({count})" for name, count in ranked[:3])
    return f" (guessed from {named}{' and others' if len(ranked) > 3 else ''})"


def _hard_text(hard: int, inferred: int) -> str:
    if not hard:
        return ""
    return " and taken as hard" if hard == inferred else f", {hard} of them taken as hard"
