"""What stands in a graph of dictionaries, what decisions read of it, and its picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import orjson

from cmdb.model.changes import Applied, Carrier, Pending
from cmdb.model.identify import holder_of
from cmdb.model.inventory import DataSource, Identifier, ImportRun
from cmdb.model.log import GENESIS, LogHead, StoredEntry
from cmdb.model.placeholders import ENOUGH
from cmdb.model.registry import Registry
from cmdb.model.shipped import shipped_registry
from cmdb.model.source_records import SourceRecord


@dataclass
class MemoryGraph:
    """The reading half of the store port; `reads` counts how often it was asked."""

    name: str = "memory"
    cis: dict[str, dict[str, Any]] = field(default_factory=dict)
    keys: dict[str, tuple[Identifier, str]] = field(default_factory=dict)
    records: dict[str, SourceRecord] = field(default_factory=dict)
    edges: dict[str, dict[str, Any]] = field(default_factory=dict)
    waiting: set[tuple[str, str]] = field(default_factory=set)
    carrying: dict[tuple[str, str], Carrier] = field(default_factory=dict)
    log: list[StoredEntry] = field(default_factory=list)
    runs: dict[str, ImportRun] = field(default_factory=dict)
    answers: dict[str, tuple[str, Applied]] = field(default_factory=dict)
    sequence: int = 0
    sources: dict[str, int] = field(default_factory=dict)
    reads: int = 0

    def registry(self) -> Registry:
        return shipped_registry()

    @property
    def origin(self) -> Self:
        return self

    def for_request(self) -> Self:
        return self

    def precedence(self) -> dict[str, int]:
        return dict(self.sources)

    def data_sources(self) -> list[DataSource]:
        counts = Counter(record.source for record in self.records.values())
        ended: dict[str, int] = {}
        for run in self.runs.values():
            at = run.ended_at if run.state == "finished" else 0
            ended[run.source] = max(ended.get(run.source, 0), at)
        return [
            DataSource(
                name, counts[name], name in ended, ended.get(name, 0), self.sources.get(name)
            )
            for name in sorted({*self.sources, *counts, *ended})
        ]

    def head(self) -> LogHead:
        last = self.log[-1] if self.log else None
        if last is None:
            return LogHead(0, GENESIS, 0, self.sequence)
        return LogHead(last.revision, last.hash, last.at, self.sequence)

    def identifiers(self, keys: Sequence[str]) -> dict[str, Identifier]:
        self.reads += 1
        return {key: self.keys[key][0] for key in keys if key in self.keys}

    def identifiers_within(self, ci_ids: Sequence[str]) -> dict[str, Identifier]:
        self.reads += 1
        wanted = set(ci_ids)
        return {key: found for key, (found, within) in self.keys.items() if within in wanted}

    def record_states(self, ids: Sequence[str]) -> dict[str, tuple[str, int, str | None, str]]:
        self.reads += 1
        return {
            r.id: (r.digest, r.observed_ms, r.ci_id, r.run)
            for r in (self.records[i] for i in ids if i in self.records)
        }

    def source_records(self, ids: Sequence[str]) -> list[SourceRecord]:
        self.reads += 1
        return [self.records[i] for i in ids if i in self.records]

    def source_records_of(self, ci_ids: Sequence[str]) -> list[SourceRecord]:
        self.reads += 1
        wanted = set(ci_ids)
        return [r for r in self.records.values() if r.ci_id in wanted]

    def record_ids_of(self, source: str, after: str = "", limit: int = 1_000) -> list[str]:
        self.reads += 1
        ids = (r.id for r in self.records.values() if r.source == source and r.id > after)
        return sorted(ids)[:limit]

    def ci_properties(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        self.reads += 1
        return {i: dict(self.cis[i]) for i in ids if i in self.cis}

    def relationship_rows(
        self, ci_ids: Sequence[str], *, outgoing_only: bool = False
    ) -> list[dict[str, Any]]:
        self.reads += 1
        wanted = set(ci_ids)
        return [
            dict(e)
            for e in self.edges.values()
            if e["dependent"] in wanted or (not outgoing_only and e["provider"] in wanted)
        ]

    def pending(self, keys: Sequence[str]) -> list[Pending]:
        self.reads += 1
        wanted = set(keys)
        return [Pending(*p) for p in sorted(self.waiting) if p[0] in wanted]

    def pending_of(self, record_ids: Sequence[str]) -> list[Pending]:
        self.reads += 1
        wanted = set(record_ids)
        return [Pending(*p) for p in sorted(self.waiting) if p[1] in wanted]

    def pending_within(self, ci_ids: Sequence[str]) -> list[Pending]:
        self.reads += 1
        wanted = set(ci_ids)
        return [Pending(*p) for p in sorted(self.waiting) if holder_of(p[0]) in wanted]

    def has_pending(self) -> bool:
        return bool(self.waiting)

    def carriers(self, keys: Sequence[str]) -> list[Carrier]:
        self.reads += 1
        wanted = set(keys)
        return [c for c in self.carrying.values() if c.key in wanted]

    def uncertain_placeholders(self) -> list[str]:
        return sorted(k for k, (found, _) in self.keys.items() if 0 < len(found.witnesses) < ENOUGH)

    def find_runs(
        self, *, source: str = "", scope: str | None = None, state: str = "", limit: int = 50
    ) -> list[ImportRun]:
        found = [
            run
            for run in self.runs.values()
            if source in ("", run.source)
            and scope in (None, run.scope)
            and state in ("", run.state)
        ]
        return sorted(found, key=lambda run: run.id, reverse=True)[:limit]

    def find_run(self, run_id: str) -> ImportRun | None:
        return self.runs.get(run_id)

    def picture(self) -> dict[str, Any]:
        """Return the graph up to opaque ids and revisions: what order must not change."""
        named = {ci_id: self._label(ci_id) for ci_id in self.cis if self._is_shown(ci_id)}
        cis = {}
        for ci_id, label in named.items():
            hidden = {"id", "version", "created_at", "updated_at"}
            cis[label] = {k: v for k, v in self.cis[ci_id].items() if k not in hidden}
        edges = {
            (e["type"], *self._ends(e, named), e["discriminator"]): (
                orjson.loads(e["assertions"]),
                e.get("strength"),
                e["confidence"],
            )
            for e in self.edges.values()
            if e["live"]
        }
        keys = {
            self._plain(key): (
                named.get(found.ci_id, ""),
                sorted(named[ci] for ci in found.contested),
                found.is_placeholder,
            )
            for key, (found, _) in self.keys.items()
        }
        waiting = {(self._plain(key), record) for key, record in self.waiting}
        carrying = {(self._plain(key), record) for key, record in self.carrying}
        return {
            "cis": cis, "edges": edges, "keys": keys, "waiting": waiting, "carrying": carrying,
        }  # fmt: skip

    def _ends(self, edge: Mapping[str, Any], named: Mapping[str, Any]) -> tuple[Any, Any]:
        ends = named[edge["dependent"]], named[edge["provider"]]
        symmetric = self.registry().get_type(edge["type"]).is_symmetric
        return (min(ends), max(ends)) if symmetric else ends

    def _is_shown(self, ci_id: str) -> bool:
        return not self.cis[ci_id].get("merged_into")

    def _label(self, ci_id: str) -> tuple[str, ...]:
        return tuple(sorted(r.id for r in self.records.values() if r.ci_id == ci_id))

    def _plain(self, key: str) -> str:
        head, at, holder = key.rpartition("=")
        return f"{head}{at}{self._label(holder)}" if holder in self.cis else key
