"""How is a large affected part of the graph sent? As columns, no object a CI or step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cmdb.model.impact_reports import AssumedOutage, Hit
from cmdb.model.reports import NamedCI


def graph_columns(outages: Sequence[AssumedOutage], hits: Sequence[Hit]) -> dict[str, Any]:
    """Return the CIs of an answer and the steps of its evidence.

    `nodes` has the columns `id`, `class`, `name`, `state`, `isOutage`; `edges` has `provider` and
    `dependent` (places in the columns of nodes), `type`, `strength` and `isInferred`. A CI that
    only lies on the way has the state null.
    """
    nodes: dict[str, tuple[NamedCI, str | None, bool]] = {}
    for outage in outages:
        nodes.setdefault(outage.ci.id, (outage.ci, outage.state, True))
    for hit in hits:
        nodes.setdefault(hit.ci.id, (hit.ci, hit.state, False))
    steps = {
        (step.provider.id, step.dependent.id, step.type): step
        for hit in hits
        for step in hit.evidence
    }
    for step in steps.values():
        for end in (step.provider, step.dependent):
            nodes.setdefault(end.id, (end, None, False))
    place = {ci_id: number for number, ci_id in enumerate(nodes)}
    return {
        "nodes": {
            "id": list(nodes),
            "class": [ci.class_name for ci, _, _ in nodes.values()],
            "name": [ci.name for ci, _, _ in nodes.values()],
            "state": [state for _, state, _ in nodes.values()],
            "isOutage": [is_outage for _, _, is_outage in nodes.values()],
        },
        "edges": {
            "provider": [place[step.provider.id] for step in steps.values()],
            "dependent": [place[step.dependent.id] for step in steps.values()],
            "type": [step.type for step in steps.values()],
            "strength": [step.strength for step in steps.values()],
            "isInferred": [step.is_inferred for step in steps.values()],
        },
    }
