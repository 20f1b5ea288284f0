"""How is an incident, a change or a preview written while others write it too?

Each write is one entry of the log. An update is drafted afresh from the record as it stands until
one draft is written before anybody else's, unless the caller expects a version.
"""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from uuid_utils import uuid7

from cmdb.errors import CmdbError, StalePlan, StaleVersion, UnknownRecord
from cmdb.model.changes import ChangeSet, Stamp
from cmdb.model.nodes import Node, NodeChange, NodeKind
from cmdb.model.values import canonical_json
from cmdb.ports import EditReason
from cmdb.services.context import Context

ATTEMPTS = 30
_LONGEST_PAUSE_SECONDS = 0.25
_NEVER = -1  # a version that no record has


def get_record(context: Context, kind: NodeKind, record_id: str) -> Node:
    """Return a record.

    Raises:
        UnknownRecord: There is none of that id.
    """
    found = context.store.get_nodes(kind, [record_id]).get(record_id)
    if found is None:
        raise UnknownRecord(kind, record_id)
    return found


def create_record(context: Context, node: Node, edit: EditReason, what: str, request: Any) -> Node:
    """Return the record that was made, or that a retry with the same key made before.

    Args:
        context: On whose behalf, and with what.
        node: The record without id, version and times.
        edit: Reason and key of the edit.
        what: The reason for the log where none is given.
        request: Tells this request from others that come with the same key.
    """
    stamp = _stamp(context, edit, [what, request])
    made = replace(node, id=str(uuid7()))
    for attempt in range(ATTEMPTS):
        applied = _apply(context, NodeChange(None, made), stamp)
        if applied is not None:
            return get_record(context, node.kind, applied)
        _pause(attempt)
    raise StalePlan([what])


def update_record(
    context: Context,
    kind: NodeKind,
    record_id: str,
    draft: Callable[[Node], Node],
    edit: EditReason,
    request: Any,
) -> Node:
    """Return the record after an update.

    Args:
        context: On whose behalf, and with what.
        kind: Of the record.
        record_id: Of the record.
        draft: Returns the record as it is to be; refuses what is not allowed.
        edit: Reason and key of the edit, and the version expected.
        request: Tells this request from others that come with the same key.

    Raises:
        UnknownRecord: There is none of that id.
        StaleVersion: It has another version than the caller expects.
    """
    what = f"update {kind}"
    stamp = _stamp(context, edit, [what, record_id, request, edit.expected_version])
    for attempt in range(ATTEMPTS):
        before = get_record(context, kind, record_id)
        try:
            _check_version(before, edit.expected_version)
            change = NodeChange(before, draft(before))
        except CmdbError:
            # What a retry meets is often the very state that its first attempt brought about.
            if edit.idempotency_key and _is_repeated(context, before, stamp):
                return before
            raise
        if _apply(context, change, stamp) is not None:
            return get_record(context, kind, record_id)
        _pause(attempt)
    raise StalePlan([f"{kind} {record_id}"])


def _check_version(node: Node, expected: int | None) -> None:
    if expected is not None and node.version != expected:
        raise StaleVersion(f"{node.kind} {node.id}", expected, node.version)


def _is_repeated(context: Context, node: Node, stamp: Stamp) -> bool:
    """Return whether this very request was answered before: the store looks at its key first."""
    cannot_hold = NodeChange(replace(node, version=_NEVER), node)
    return _apply(context, cannot_hold, stamp) is not None


def _apply(context: Context, change: NodeChange, stamp: Stamp) -> str | None:
    """Return the id of the record written now or before; None if somebody else was faster."""
    try:
        applied = context.store.apply(
            ChangeSet(nodes=(change,)), stamp, answer={change.after.kind: change.after.id}
        )
    except StalePlan:
        return None
    return str(applied.answer.get(change.after.kind, change.after.id))


def _stamp(context: Context, edit: EditReason, request: Any) -> Stamp:
    return Stamp(
        actor=context.caller.actor,
        reason=edit.reason or str(request[0]),
        request_id=edit.request_id,
        idempotency_key=edit.idempotency_key,
        request_digest=hashlib.sha256(canonical_json(request)).hexdigest(),
    )


def _pause(attempt: int) -> None:
    time.sleep(random.uniform(0, min(_LONGEST_PAUSE_SECONDS, 0.005 * 2**attempt)))
