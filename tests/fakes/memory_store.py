"""The store port in dictionaries: what reconciliation reads and writes, fast for shuffles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from cmdb.errors import KeyReused, StalePlan
from cmdb.model.changes import Applied, Carrier, ChangeSet, LogChange, Pending, Stamp
from cmdb.model.identify import holder_of
from cmdb.model.inventory import DataSource, Identifier, ImportRun
from cmdb.model.log import GENESIS, LogHead, StoredEntry, seal
from cmdb.model.placeholders import ENOUGH
from cmdb.model.registry import Registry
from cmdb.model.shipped import shipped_registry
from cmdb.model.source_records import SourceRecord
from cmdb.store.writing import log_changes


@dataclass
class MemoryStore:
    """Holds everything in dictionaries; refuses and repeats as the real store does."""

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

    # Evidence

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

    # Writers

    def apply(
        self,
        changes: ChangeSet,
        stamp: Stamp,
        *,
        answer: Mapping[str, Any] | None = None,
        run: ImportRun | None = None,
    ) -> Applied:
        if stamp.idempotency_key in self.answers:
            digest, first = self.answers[stamp.idempotency_key]
            if digest != stamp.request_digest:
                raise KeyReused(stamp.idempotency_key)
            return Applied(first.revision, first.answer, is_repeated=True)
        if changes.read_set.sequence != self.sequence:
            self._verify(changes)
        self.sequence += 1
        revision = self.head().revision + 1
        self._write(changes, revision)
        if changes.changes_inventory:
            header = {"reason": stamp.reason}
            self.log.append(seal(self.head(), revision * 10, header, log_changes(changes)))
        applied = Applied(self.head().revision, answer or {})
        if stamp.idempotency_key:
            self.answers[stamp.idempotency_key] = (stamp.request_digest, applied)
        if run is not None:
            self.save_run(run)
        return applied

    def _verify(self, changes: ChangeSet) -> None:
        read = changes.read_set
        moved = [k for k, v in read.cis.items() if self.cis.get(k, {}).get("version") != v]
        for key, owner in read.identifiers.items():
            found = self.keys.get(key)
            if (found[0].ci_id if found else None) != owner:
                moved.append(key)
        for record_id, digest in read.records.items():
            held = self.records.get(record_id)
            if (held.digest if held else None) != digest:
                moved.append(record_id)
        for record_id, at in read.seen.items():
            held = self.records.get(record_id)
            if (held.observed_ms if held else None) != at:
                moved.append(record_id)
        for record_id, ci_id in read.places.items():
            held = self.records.get(record_id)
            if (held.ci_id if held else None) != ci_id:
                moved.append(record_id)
        for edge in changes.relationships:
            held_version = self.edges.get(edge.id, {}).get("version")
            if held_version != read.relationships.get(edge.id):
                moved.append(edge.id)
        for key, contested in read.contested.items():
            found = self.keys.get(key)
            if (found[0].contested if found else None) != contested:
                moved.append(key)
        for ci_id, members in read.members.items():
            if {r.id for r in self.records.values() if r.ci_id == ci_id} != set(members):
                moved.append(ci_id)
        for key, waiting in read.waiting.items():
            if {p.record_id for p in self.pending([key])} != set(waiting):
                moved.append(key)
        for ci_id, texts in read.around.items():
            if self._around(ci_id) != texts:
                moved.append(ci_id)
        for key, witnesses in read.witnesses.items():
            found = self.keys.get(key)
            if (found[0].witnesses if found else ()) != witnesses:
                moved.append(key)
        for key, carriers in read.carriers.items():
            if {c.record_id for c in self.carriers([key])} != set(carriers):
                moved.append(key)
        if read.precedence not in (None, self.sources):
            moved.append("the precedence of data sources")
        if moved:
            raise StalePlan(moved)

    def _around(self, ci_id: str) -> set[str]:
        ends = ("dependent", "provider")
        edges = {
            f"{edge['id']} {edge['version']}"
            for edge in self.edges.values()
            if ci_id in (edge[end] for end in ends)
        }
        within = set(self.identifiers_within([ci_id]))
        return edges | within | {f"{p.key} {p.record_id}" for p in self.pending_within([ci_id])}

    def _write(self, changes: ChangeSet, revision: int) -> None:
        for ci in changes.cis:
            assert ci.is_new == (ci.id not in self.cis), ci
            created = self.cis.get(ci.id, {}).get("created_at", revision)
            stamps = {"id": ci.id, "version": revision, "created_at": created}
            self.cis[ci.id] = {**ci.after, **stamps, "updated_at": revision}
        for key in changes.identifiers:
            assert key.is_new == (key.key not in self.keys), key
            if key.ci_id is None:
                del self.keys[key.key]
                continue
            made = Identifier(key.key, key.ci_id, key.contested, key.witnesses)
            self.keys[key.key] = (made, key.within)
        for record in changes.records:
            self.records[record.id] = record
        for record_id, at in changes.observed:
            assert self.records[record_id].observed_ms <= at
        for edge in changes.relationships:
            assert bool(edge.before) == (edge.id in self.edges), edge
            assert edge.dependent in self.cis
            assert edge.provider in self.cis
            ends = {"type": edge.type, "dependent": edge.dependent, "provider": edge.provider}
            facts = {"id": edge.id, "version": revision, "discriminator": edge.discriminator}
            self.edges[edge.id] = {**edge.after, **ends, **facts}
        self.waiting |= {(p.key, p.record_id) for p in changes.pending_added}
        self.waiting -= {(p.key, p.record_id) for p in changes.pending_removed}
        for carrier in changes.carriers_removed:
            assert self.carrying.pop((carrier.key, carrier.record_id)) == carrier
        for carrier in changes.carriers_added:
            assert (carrier.key, carrier.record_id) not in self.carrying
            self.carrying[carrier.key, carrier.record_id] = carrier

    def save_precedence(self, precedence: Mapping[str, int], stamp: Stamp) -> Applied:
        self.sequence += 1
        before, after = self.precedence(), {**self.sources, **precedence}
        if after != before:
            self.sources = after
            change = LogChange("settings", "precedence", 0, before, after)
            at = (self.head().revision + 1) * 10
            self.log.append(seal(self.head(), at, {"reason": stamp.reason}, [change]))
        return Applied(self.head().revision)

    def save_run(self, run: ImportRun) -> None:
        self.runs[run.id] = run

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

    def save_seen(self, run_id: str, digests: bytes) -> None:
        assert run_id
        assert len(digests) % 8 == 0

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
