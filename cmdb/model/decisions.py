"""What are decisions made by, and what does one say? The values around reconciling."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from cmdb.model.changes import ChangeSet
from cmdb.model.registry import Registry
from cmdb.model.winners import Precedence

Verdict = Literal["create", "update", "unchanged", "older", "retire"]


@dataclass(frozen=True, slots=True)
class Rules:
    """What decisions are made by.

    Attributes:
        registry: Classes and types.
        precedence: Of data sources.
        new_id: Makes an opaque, time-ordered id.
    """

    registry: Registry
    precedence: Precedence
    new_id: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of one record.

    Attributes:
        record: Id of the source record.
        key: The source's own key.
        ci_id: The CI it belongs to.
        verdict: What it did to the CI.
        rule: The identification rule that matched, or empty for a new CI.
        matched: The key that matched.
        conflicts: Keys it shares with a CI it contradicts, each with that CI.
    """

    record: str
    key: str
    ci_id: str
    verdict: Verdict
    rule: str = ""
    matched: str = ""
    conflicts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """A decision, ready to be applied or printed.

    Attributes:
        changes: What to write.
        decisions: One for each incoming record.
        placed: The CI of every record that was looked at.
        keys: The CI that owns each key that was looked at.
    """

    changes: ChangeSet
    decisions: Sequence[Decision]
    placed: Mapping[str, str]
    keys: Mapping[str, str]
