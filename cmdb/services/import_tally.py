"""What did a run do? Counts of its decisions, its revisions, and the plan of a dry run."""

from __future__ import annotations

from collections import Counter
from typing import Any

from cmdb.model.changes import ChangeSet
from cmdb.model.decisions import Decision
from cmdb.model.import_reports import PlannedChange
from cmdb.model.source_records import SourceRecord
from cmdb.services.import_files import Results
from cmdb.services.import_rounds import Round
from cmdb.services.import_sight import Hidden, told

PLAN_LINES = 1_000


class Tally:
    """Adds up the rounds of one run.

    Args:
        results: Told each decision, as far as the caller may be told.
        fingerprint: Of the input.
        hidden: Tells which CIs the caller may not see.
    """

    def __init__(self, results: Results, fingerprint: str, hidden: Hidden) -> None:
        self._results = results
        self._hidden = hidden
        self._fingerprint = fingerprint
        self._decided: Counter[str] = Counter()
        self._relationships: Counter[str] = Counter()
        self._revisions: list[int] = []

    def add(self, made: Round) -> None:
        """Count what a round decided."""
        outcome = made.outcome.decisions if made.outcome is not None else ()
        decisions = (*made.unchanged, *outcome)
        for decision in decisions:
            self._decided[decision.verdict] += 1
            self._decided["conflict"] += bool(decision.conflicts)
        if self._results.is_wanted:
            for decision in told(decisions, self._hidden):
                self._results.add(decision)
        self.add_changes(made.changes)

    def add_revision(self, revision: int) -> None:
        """Note a revision that the run wrote."""
        self._revisions.append(revision)

    def add_changes(self, changes: ChangeSet) -> None:
        """Count what a change set does to relationships."""
        self._decided["pending"] += len(changes.pending_added)
        self._decided["attached"] += len(changes.pending_removed)
        for change in changes.relationships:
            verdict = "create" if not change.before else "update"
            self._relationships[verdict if change.after["live"] else "end"] += 1

    def result(self) -> dict[str, Any]:
        """Return the part of the report that the writing gives."""
        return {
            "decided": {name: count for name, count in sorted(self._decided.items()) if count},
            "relationships": dict(sorted(self._relationships.items())),
            "first_revision": self._revisions[0] if self._revisions else 0,
            "last_revision": self._revisions[-1] if self._revisions else 0,
            "fingerprint": self._fingerprint,
        }

    def plan(self, made: Round) -> dict[str, Any]:
        """Return the same of a round that is not to be written, with its plan."""
        self.add(made)
        by_id = {line.id: line.record for line in made.changed}
        decisions = made.outcome.decisions if made.outcome is not None else ()
        shown = told(decisions[:PLAN_LINES], self._hidden)
        plan = [_planned(decision, by_id[decision.record]) for decision in shown]
        return {**self.result(), "plan": plan, "fingerprint": made.changes.fingerprint()}


def _planned(decision: Decision, record: SourceRecord) -> PlannedChange:
    return PlannedChange(
        decision.key,
        record.class_name,
        record.name or "",
        decision.verdict,
        decision.ci_id,
        decision.rule,
        [f"{key} belongs to {ci_id}" for key, ci_id in decision.conflicts],
    )
