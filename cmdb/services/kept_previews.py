"""What was foreseen of a change, on which revision, and would it be foreseen today?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cmdb.errors import LimitExceeded
from cmdb.model.decoding import decode
from cmdb.model.impact_reports import AffectedState, PreviewReport
from cmdb.model.inventory import from_epoch_ms, to_epoch_ms
from cmdb.model.nodes import Node, NodeKind
from cmdb.model.practice_reports import (
    ChangedOutcome,
    KeptPreview,
    PreviewComparison,
    PreviewList,
    PreviewSummary,
)
from cmdb.model.reports import plain
from cmdb.model.values import canonical_json
from cmdb.ports import EditReason, RecordListing, Target, chunks
from cmdb.services.context import Context
from cmdb.services.outlook import SEVERITY, Effect
from cmdb.services.permit import permit
from cmdb.services.preview_change import Foreseen, Plan, foresee, plan_of, report_preview
from cmdb.services.record_cis import RecordCIs
from cmdb.services.record_listing import list_records, next_cursor
from cmdb.services.record_values import check_title
from cmdb.services.record_writing import create_record, get_record
from cmdb.services.withheld_answers import ids_in, records_in, withhold

STATE = "kept"
_BATCH = 500
MOST_BYTES = 8_000_000
"""Largest answer that is kept: it goes into the log too."""


def keep_preview(
    context: Context,
    title: str,
    targets: Sequence[Target],
    start_at: datetime | None,
    end_at: datetime | None,
    edit: EditReason,
    change_id: str = "",
) -> KeptPreview:
    """Return a preview that was kept, or that a retry with the same key kept before.

    Args:
        context: On whose behalf, and with what.
        title: What it is about.
        targets: What is done to each CI; empty: those of the recorded change.
        start_at: Begin of the window; None: that of the recorded change.
        end_at: End of the window; None: that of the recorded change.
        edit: Reason and key of the edit.
        change_id: A recorded change, or empty.

    Raises:
        BadValue: No title, or as `preview_change`.
        UnknownCI: With the nearest names.
        UnknownRecord: There is no change of that id.
        LimitExceeded: The answer is too large to be kept.
    """
    permit(context.caller, "preview_keep", "previews")
    request = plain([title, targets, start_at, end_at, change_id])

    def draft() -> Node:
        plan = plan_of(context, targets, start_at, end_at, change_id)
        return _node(context, title, change_id, foresee(context, plan))

    made = create_record(context, "preview", draft, edit, "keep preview", request)
    return _kept(context, made)


def find_preview(context: Context, preview_id: str) -> KeptPreview:
    """Return a kept preview; names that the caller may not see are withheld.

    Raises:
        UnknownRecord: There is none of that id.
    """
    permit(context.caller, "read", "preview")
    return _kept(context, get_record(context, "preview", preview_id))


def list_previews(context: Context, listing: RecordListing) -> PreviewList:
    """Return a page of kept previews, newest first."""
    permit(context.caller, "read", "previews")
    page = list_records(context, "preview", listing, (STATE,))
    cis = RecordCIs(context, [ci for node in page.nodes for ci in node.concerns])
    return PreviewList(tuple(_summary(node, cis) for node in page.nodes), next_cursor(page))


def compare_preview(context: Context, preview_id: str) -> PreviewComparison:
    """Return what differs if the question of a kept preview is asked again today, worst first.

    Open incidents and other changes are those of today.

    Raises:
        UnknownRecord: There is none of that id.
        BadValue: A CI of the question takes no part in impact any more.
    """
    permit(context.caller, "read", "preview")
    node = get_record(context, "preview", preview_id)
    question = node.body["question"]
    plan = Plan(
        tuple(decode(Effect, each) for each in question["targets"]),
        datetime.fromisoformat(question["start_at"]),
        datetime.fromisoformat(question["end_at"]),
        node.body["change"],
    )
    foreseen = foresee(context, plan)
    kept = {ci: decode(Standing, each) for ci, each in node.body["outcomes"].items()}
    return PreviewComparison(
        node.id,
        node.body["revision"],
        foreseen.snapshot.revision,
        tuple(_differences(context, kept, _standings(foreseen))),
        report_preview(context, foreseen),
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """How a CI stands in an answer, by its id: what two answers are compared by."""

    state: AffectedState
    margin: int | None
    is_service: bool

    @property
    def rank(self) -> tuple[int, int]:
        """How bad it is: the state, then how little is left to lose."""
        is_counted = self.margin is not None and self.state != "DOWN"
        return SEVERITY[self.state], -(self.margin or 0) if is_counted else -(1 << 40)


_UP = Standing("UP", None, is_service=False)


def _standings(foreseen: Foreseen) -> dict[str, Standing]:
    """Return how each CI stands at its worst, targets and implicit groups left out."""
    left_out = {effect.ci for effect in foreseen.plan.effects}
    left_out |= foreseen.snapshot.implicit_groups.keys()
    return {
        each.ci: Standing(each.outcome.state, each.outcome.margin, each.outcome.hit.is_service)
        for each in foreseen.outlook.worst
        if each.ci not in left_out
    }


def _differences(
    context: Context, kept: Mapping[str, Standing], today: Mapping[str, Standing]
) -> Iterator[ChangedOutcome]:
    """Yield what differs: services first, then what is worst today."""
    moved = {ci for ci in kept.keys() | today.keys() if kept.get(ci, _UP) != today.get(ci, _UP)}
    cis = RecordCIs(context, moved)

    def order(ci: str) -> tuple[bool, tuple[int, int], str]:
        now = today.get(ci, _UP)
        is_service = now.is_service or kept.get(ci, _UP).is_service
        return (not is_service, (-now.rank[0], -now.rank[1]), ci)

    for ci in sorted(moved, key=order):
        before, after = kept.get(ci, _UP), today.get(ci, _UP)
        yield ChangedOutcome(
            cis.named(ci),
            before.is_service or after.is_service,
            before.state,
            after.state,
            before.margin,
            after.margin,
            is_worse=after.rank > before.rank,
        )


def _node(context: Context, title: str, change_id: str, foreseen: Foreseen) -> Node:
    plan = foreseen.plan
    body = {
        "title": check_title(title),
        "change": change_id,
        "kept_by": context.caller.actor,
        "question": {
            "targets": plain(plan.effects),
            "start_at": plain(plan.start_at),
            "end_at": plain(plan.end_at),
        },
        "outcomes": {ci: plain(standing) for ci, standing in _standings(foreseen).items()},
        "revision": foreseen.snapshot.revision,
        "answer": _answer(report_preview(context, foreseen)),
        "concerned": {each.record.id: each.record.concerns for each in foreseen.present.found},
    }
    return Node(
        "preview",
        "",
        0,
        STATE,
        body,
        concerns=tuple(sorted({effect.ci for effect in plan.effects})),
        begin_at=to_epoch_ms(plan.start_at),
        end_at=to_epoch_ms(plan.end_at),
    )


def _answer(report: PreviewReport) -> dict[str, Any]:
    answer = report.to_json()
    size = len(canonical_json(answer))
    if size > MOST_BYTES:
        hint = "Keep a preview of fewer targets, or of a shorter window."
        raise LimitExceeded("the size of a kept preview in bytes", MOST_BYTES, size, hint)
    return answer


def _kept(context: Context, node: Node) -> KeptPreview:
    body = node.body
    answer: Any = body["answer"]
    if not context.caller.visibility.sees_all:
        concerned = _concerned(context, node)
        every = {ci for cis in concerned.values() for ci in cis}
        hidden = RecordCIs(context, ids_in(answer) | every).hidden()
        answer = withhold(answer, hidden, {r for r, cis in concerned.items() if cis & hidden})
    return KeptPreview(
        node.id,
        node.version,
        RecordCIs(context, node.concerns).told(node, "title"),
        body["change"],
        from_epoch_ms(node.created_at),
        body["kept_by"],
        decode(PreviewReport, answer),
    )


def _concerned(context: Context, node: Node) -> dict[str, set[str]]:
    """Return the CIs that each incident and change of a kept answer concerned then or does today.

    Its title may name any of them, whether the answer does or not.
    """
    found = {record: set(cis) for record, cis in node.body.get("concerned", {}).items()}
    by_kind: dict[NodeKind, list[str]] = {"incident": [], "change": []}
    for kind, record_id in sorted(records_in(node.body["answer"])):
        by_kind["incident" if kind == "incident" else "change"].append(record_id)
    for of_kind, ids in by_kind.items():
        for batch in chunks(ids, _BATCH):
            for record in context.store.get_nodes(of_kind, batch).values():
                found.setdefault(record.id, set()).update(record.concerns)
    return found


def _summary(node: Node, cis: RecordCIs) -> PreviewSummary:
    body = node.body
    return PreviewSummary(
        node.id,
        cis.told(node, "title"),
        body["change"],
        from_epoch_ms(node.created_at),
        body["kept_by"],
        body["revision"],
    )
