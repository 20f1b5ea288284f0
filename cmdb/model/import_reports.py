"""What is asked of an import, and what does it report?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from cmdb.model.records import Problem

SAMPLE = 20


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What the caller says of a run.

    Attributes:
        source: Name of the data source.
        format: The importer.
        scope: Declared scope by key (`{"cluster": "prod-1"}`); empty: the source itself.
        is_complete: The scope was read completely.
        is_dry_run: Only plan.
        observed_at: When the source saw this; None takes the modification time of the file.
        mapping: Mapping file, where the format takes one.
        extra: Options of one format.
        rejects: File for what was left out, to be mended and imported again.
        results: File for the outcome per record.
        confirm_deletions: Accept more tombstones than the guard allows.
        reason: Why, for the log.
        run_id: Id of the run, where whoever asks must know it before; empty: a fresh one.
        key: Idempotency key that the id was made from, as the caller gave it; empty: none.
        digest: Of everything asked and of the input, where there is a key.
    """

    source: str
    format: str
    scope: Mapping[str, str] = field(default_factory=dict)
    is_complete: bool = False
    is_dry_run: bool = False
    observed_at: datetime | None = None
    mapping: Path | None = None
    extra: Mapping[str, str] = field(default_factory=dict)
    rejects: Path | None = None
    results: Path | None = None
    confirm_deletions: bool = False
    reason: str = ""
    run_id: str = ""
    key: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """One line of a plan: what a record would do, and why."""

    key: str
    class_name: str
    name: str
    verdict: str
    ci_id: str
    rule: str
    conflicts: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What a run read, decided and could not take.

    Attributes:
        run_id: The run; empty for a dry run.
        source: Data source.
        scope: Scope as text.
        format: Importer.
        is_dry_run: Nothing was written.
        is_resumed: An interrupted run was finished.
        records_by_class: Records read, by class.
        links_by_type: Relationships read, by type.
        inferred_links: How many of them are guessed.
        skipped: Items left out on purpose, by reason.
        decided: `create`, `update`, `unchanged`, `older`, `retire`, `conflict`, `pending`.
        relationships: `create`, `update`, `end`.
        problems_total: Number of problems.
        problems: The first of them.
        first_revision: First log entry written, 0 if none.
        last_revision: Last one.
        fingerprint: Of the plan (dry run) or of the input.
        plan: Lines of the plan, bounded (dry run).
    """

    run_id: str
    source: str
    scope: str
    format: str
    is_dry_run: bool = False
    is_resumed: bool = False
    records_by_class: Mapping[str, int] = field(default_factory=dict)
    links_by_type: Mapping[str, int] = field(default_factory=dict)
    inferred_links: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    decided: Mapping[str, int] = field(default_factory=dict)
    relationships: Mapping[str, int] = field(default_factory=dict)
    problems_total: int = 0
    problems: Sequence[Problem] = ()
    first_revision: int = 0
    last_revision: int = 0
    fingerprint: str = ""
    plan: Sequence[PlannedChange] = ()

    @property
    def changed_nothing(self) -> bool:
        """Whether the inventory is as it was."""
        return self.first_revision == 0

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON values, by the names of the attributes."""
        return {
            "run_id": self.run_id,
            "source": self.source,
            "scope": self.scope,
            "format": self.format,
            "is_dry_run": self.is_dry_run,
            "is_resumed": self.is_resumed,
            "read": {
                "records_by_class": dict(self.records_by_class),
                "links_by_type": dict(self.links_by_type),
                "inferred_links": self.inferred_links,
                "skipped": dict(self.skipped),
            },
            "decided": dict(self.decided),
            "relationships": dict(self.relationships),
            "problems": {
                "total": self.problems_total,
                "sample": [
                    {
                        "place": p.place,
                        "field": p.field,
                        "reason": p.reason,
                        "hint": p.hint,
                        "dropped": p.dropped,
                    }
                    for p in self.problems
                ],
            },
            "first_revision": self.first_revision,
            "last_revision": self.last_revision,
            "fingerprint": self.fingerprint,
            "plan": [
                {
                    "key": line.key,
                    "class": line.class_name,
                    "name": line.name,
                    "verdict": line.verdict,
                    "ci": line.ci_id,
                    "rule": line.rule,
                    "conflicts": list(line.conflicts),
                }
                for line in self.plan
            ],
        }
