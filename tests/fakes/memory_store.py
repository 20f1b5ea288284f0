"""The store port in dictionaries: what reconciliation reads and writes, fast for shuffles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cmdb.errors import KeyReused, StalePlan
from cmdb.model.changes import Applied, ChangeSet, LogChange, Stamp
from cmdb.model.inventory import Identifier, ImportRun
from cmdb.model.log import seal
from cmdb.store.writing import log_changes
from tests.fakes.memory_graph import MemoryGraph


@dataclass
class MemoryStore(MemoryGraph):
    """Holds everything in dictionaries; refuses and repeats as the real store does."""

    def prepare(self, changes: ChangeSet) -> ChangeSet:
        return changes

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
        moved += [
            p.key for p in changes.pending_removed if (p.key, p.record_id) not in self.waiting
        ]
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

    def save_precedence(
        self,
        precedence: Mapping[str, int],
        stamp: Stamp,
        answer: Mapping[str, Any] | None = None,
    ) -> Applied:
        self.sequence += 1
        before, after = self.precedence(), {**self.sources, **precedence}
        if after != before:
            self.sources = after
            change = LogChange("settings", "precedence", 0, before, after)
            at = (self.head().revision + 1) * 10
            self.log.append(seal(self.head(), at, {"reason": stamp.reason}, [change]))
        return Applied(self.head().revision, answer or {})

    def find_answer(self, stamp: Stamp) -> Applied | None:
        assert not stamp.idempotency_key, "keys are for the real stores"
        return None

    def save_run(self, run: ImportRun) -> None:
        self.runs[run.id] = run

    def claim_run(self, run: ImportRun) -> ImportRun | None:
        found = self.runs.get(run.id)
        if found is not None and found.state in ("reading", "running", "finished"):
            return found
        self.save_run(run)
        return None

    def save_seen(self, run_id: str, digests: bytes) -> None:
        assert run_id
        assert len(digests) % 8 == 0
