"""How is an incident, a change or a preview written while others write it too?

Each write is one entry of the log, none where nothing is to change. An update is drafted afresh
from the record as it stands until one draft is written before anybody else's, unless the caller
expects a version.
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
from cmdb.model.changes import Applied, ChangeSet, Stamp
from cmdb.model.nodes import Node, NodeChange, NodeKind, logged_values
from cmdb.model.values import canonical_json
from cmdb.ports import EditReason
from cmdb.services.context import Context
from cmdb.services.first_answers import get_node
from cmdb.services.record_values import check_edit

ATTEMPTS = 30
_AS_OF = "as_of"
_LONGEST_PAUSE_SECONDS = 0.25


def get_record(context: Context, kind: NodeKind, record_id: str) -> Node:
    """Return a record.

    Raises:
        UnknownRecord: There is none of that id.
    """
    found = context.store.get_nodes(kind, [record_id]).get(record_id)
    if found is None:
        raise UnknownRecord(kind, record_id)
    return found


def create_record(
    context: Context,
    kind: NodeKind,
    draft: Callable[[], Node],
    edit: EditReason,
    what: str,
    request: Any,
) -> Node:
    """Return the record that was made, now or when its key came first.

    Args:
        context: On whose behalf, and with what.
        kind: Of the record.
        draft: Returns the record without id, version and times; refuses what is not allowed.
        edit: Reason and key of the edit.
        what: The reason for the log where none is given.
        request: Tells this request from others that come with the same key.
    """
    stamp = _stamp(context, edit, [what, request])
    new_id = str(uuid7())

    def change() -> NodeChange:
        return NodeChange(None, replace(draft(), id=new_id))

    return _written(context, kind, change, stamp)


def update_record(
    context: Context,
    kind: NodeKind,
    record_id: str,
    draft: Callable[[Node], Node],
    edit: EditReason,
    request: Any,
) -> Node:
    """Return the record as the update left it, now or when its key came first.

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
    stamp = _stamp(context, edit, [f"update {kind}", record_id, request, edit.expected_version])

    def change() -> NodeChange:
        before = get_record(context, kind, record_id)
        _check_version(before, edit.expected_version)
        return NodeChange(before, draft(before))

    return _written(context, kind, change, stamp)


def _written(
    context: Context, kind: NodeKind, change: Callable[[], NodeChange], stamp: Stamp
) -> Node:
    # A key goes before everything: what its first use brought about may refuse a second.
    applied = context.store.find_answer(stamp)
    for attempt in range(ATTEMPTS):
        if applied is None:
            applied = _attempt(context, change, stamp)
        if applied is not None:
            revision = int(applied.answer.get(_AS_OF, applied.revision))
            return get_node(context, kind, str(applied.answer[kind]), revision)
        _pause(attempt)
    raise StalePlan([stamp.reason])


def _attempt(context: Context, change: Callable[[], NodeChange], stamp: Stamp) -> Applied | None:
    """Return what was written now or before; None if somebody else was faster."""
    try:
        made = change()
        answer: dict[str, Any] = {made.after.kind: made.after.id}
        if made.before is not None and logged_values(made.before) == logged_values(made.after):
            return _unchanged(context, stamp, {**answer, _AS_OF: made.version})
        return context.store.apply(ChangeSet(nodes=(made,)), stamp, answer=answer)
    except StalePlan:
        return None
    except CmdbError:
        # What a retry meets may be what its first attempt, still under way, brought about.
        if (first := context.store.find_answer(stamp)) is not None:
            return first
        raise


def _unchanged(context: Context, stamp: Stamp, answer: dict[str, Any]) -> Applied:
    """Return what was not to be changed, and keep it: others may change it before a retry."""
    if not stamp.idempotency_key:
        return Applied(answer[_AS_OF], answer)
    return context.store.apply(ChangeSet(), stamp, answer=answer)


def _check_version(node: Node, expected: int | None) -> None:
    if expected is not None and node.version != expected:
        raise StaleVersion(f"{node.kind} {node.id}", expected, node.version)


def _stamp(context: Context, edit: EditReason, request: Any) -> Stamp:
    check_edit(edit)
    asked = canonical_json([context.caller.actor, request])
    return Stamp(
        actor=context.caller.actor,
        reason=edit.reason or str(request[0]),
        request_id=edit.request_id,
        idempotency_key=edit.idempotency_key,
        request_digest=hashlib.sha256(asked).hexdigest(),
    )


def _pause(attempt: int) -> None:
    time.sleep(random.uniform(0, min(_LONGEST_PAUSE_SECONDS, 0.005 * 2**attempt)))
