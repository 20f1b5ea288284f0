"""What did a write answer when it was made? A retry with its key is told the same.

What was written is read as it stands and the changes since are taken back one by one, newest first.
Where one of them was erased, it is to be told as it stands now: nothing better is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cmdb.model.changes import LogChange
from cmdb.model.inventory import CI, Relationship
from cmdb.model.nodes import Node, NodeKind
from cmdb.services.context import Context

_BODY = "body."


def ci_as_of(context: Context, ci_id: str, revision: int) -> CI:
    """Return a CI as it stood at a revision."""
    stored = context.store.ci_properties([ci_id])[ci_id]
    present = CI.from_properties(stored)
    past = _taken_back(context, ci_id, present.version, revision)
    if not past:
        return present
    stored = {**stored, **past}
    (entry,) = context.store.entries(stored["version"], stored["version"])
    known = {name: value for name, value in stored.items() if value is not None}
    return CI.from_properties({**known, "updated_at": entry.at})


def relationship_as_of(
    context: Context, present: Relationship, revision: int
) -> Relationship | None:
    """Return a relationship as it stood at a revision, or None where that is erased.

    It is not live where it was not there yet.
    """
    past = _taken_back(context, present.id, present.version, revision)
    if not past:
        return None if past is None else present
    values = {
        "strength": present.strength,
        "tolerates_seconds": present.tolerates_seconds,
        "confidence": present.confidence,
        "inferred_by": present.inferred_by,
        "live": present.is_live,
        **past,
    }
    return replace(
        present,
        version=values["version"],
        strength=values["strength"],
        tolerates_seconds=values["tolerates_seconds"],
        confidence=1.0 if values["confidence"] is None else values["confidence"],
        inferred_by=values["inferred_by"] or "",
        is_live=bool(values["live"]) and values["version"] > 0,
    )


def node_as_of(context: Context, present: Node, revision: int) -> Node:
    """Return an incident, a change or a preview as it stood at a revision."""
    past = _taken_back(context, present.id, present.version, revision)
    if not past:
        return present
    body = {name.removeprefix(_BODY): v for name, v in past.items() if name.startswith(_BODY)}
    (entry,) = context.store.entries(past["version"], past["version"])
    return replace(
        present,
        version=past["version"],
        state=past.get("state", present.state),
        begin_at=past.get("begin_at", present.begin_at),
        end_at=past.get("end_at", present.end_at),
        concerns=tuple(past.get("concerns", present.concerns)),
        body={**present.body, **body},
        updated_at=entry.at,
    )


def get_node(context: Context, kind: NodeKind, node_id: str, revision: int) -> Node:
    """Return a node that was written, as it stood at a revision."""
    return node_as_of(context, context.store.get_nodes(kind, [node_id])[node_id], revision)


def _taken_back(
    context: Context, subject: str, version: int, revision: int
) -> Mapping[str, Any] | None:
    """Return the values before the changes after a revision, and the version then.

    Empty where nothing came after; None where a change was erased. The version is 0 where the
    subject was not there yet.
    """
    values: dict[str, Any] = {}
    while version > revision:
        change = _change_at(context, subject, version)
        if change is None:
            return None
        version = change.previous
        values = {**values, **change.before, "version": version}
    return values


def _change_at(context: Context, subject: str, revision: int) -> LogChange | None:
    for entry in context.store.entries(revision, revision):
        for change in entry.changes:
            if change is not None and change.id == subject:
                return change
    return None
