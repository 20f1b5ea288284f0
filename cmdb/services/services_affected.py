"""Which services does an incident or a change affect, and whom must one notify?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import impact
from cmdb.model.nodes import Node
from cmdb.model.practice_reports import AffectedService, ServicesAffected
from cmdb.services.context import Context
from cmdb.services.impact_answers import report_basis
from cmdb.services.impact_names import Names
from cmdb.services.outlook import SEVERITY, Affected, Effect, look_ahead, look_now
from cmdb.services.planned_changes import window_of
from cmdb.services.present import (
    Present,
    Presents,
    effects_of,
    present_between,
    present_now,
    taking_part,
)
from cmdb.services.record_cis import RecordCIs
from cmdb.snapshot import Snapshot


def services_of_incident(context: Context, node: Node) -> ServicesAffected:
    """Return the services that an incident affects as things are now, worst first.

    Told are those that it would affect alone, and those that it affects only together with other
    incidents and changes.
    """
    snapshot = context.snapshots.latest()
    own = _own(context, snapshot, node)
    present = present_now(context, snapshot, without=node.id)
    lasting = [Effect(each.ci, each.effect) for each in own]
    alone, _ = look_now(snapshot.topology, lasting, [])
    together, radius = look_now(snapshot.topology, lasting, present.lasting)
    return _report(context, snapshot, node, own, (alone, together), radius, present)


def services_of_change(context: Context, node: Node) -> ServicesAffected:
    """Return the services that a change affects during its windows, worst first.

    Told are those that it would affect alone, and those that it affects only together with
    incidents and other changes.
    """
    snapshot = context.snapshots.latest()
    own = _own(context, snapshot, node)
    start_at, end_at = window_of(node)
    present = present_between(context, snapshot, start_at, end_at, without=node.id)
    alone = look_ahead(snapshot.topology, own, [], start_at, end_at)
    together = look_ahead(snapshot.topology, own, present.effects, start_at, end_at)
    worst = (alone.worst, together.worst)
    return _report(context, snapshot, node, own, worst, together.radius, present)


def _own(context: Context, snapshot: Snapshot, node: Node) -> list[Effect]:
    """Return what a record does to the CIs that take part."""
    effects = [Present(effect, node) for effect in effects_of(node)]
    return [each.effect for each in taking_part(context, snapshot, effects)]


def _report(
    context: Context,
    snapshot: Snapshot,
    node: Node,
    own: Sequence[Effect],
    found: tuple[Iterable[Affected], Iterable[Affected]],
    radius: impact.BlastRadius,
    present: Presents,
) -> ServicesAffected:
    services = _services(*found)
    ids = [each.ci for each in services]
    names = Names(context, snapshot, [*ids, *(each.ci for each in own)])
    told: list[Affected] = []
    withheld: list[Affected] = []
    for each in services:
        (told if names.named(each.ci).id else withheld).append(each)
    basis = report_basis(
        context, names, radius, {each.ci for each in own}, is_partial=present.is_partial
    )
    left_out = _left_out(context, node, own)
    return ServicesAffected(
        tuple(_service(names, each) for each in told),
        replace(basis, problems=(*basis.problems, *left_out)),
        withheld=len(withheld),
        withheld_criticality=max((each.outcome.hit.criticality for each in withheld), default=0),
        withheld_owners=_owners(names, withheld),
    )


def _services(alone: Iterable[Affected], together: Iterable[Affected]) -> list[Affected]:
    """Return the affected services, each as badly as it stands alone or together."""
    found = {each.ci: each for each in alone}
    for each in together:
        other = found.get(each.ci)
        is_worse = other is None or SEVERITY[each.outcome.state] > SEVERITY[other.outcome.state]
        if is_worse and not each.is_present:
            found[each.ci] = each
    services = [each for each in found.values() if each.outcome.hit.is_service]
    return sorted(services, key=lambda each: each.order)


def _service(names: Names, affected: Affected) -> AffectedService:
    return AffectedService(
        names.named(affected.ci),
        affected.outcome.state,
        affected.outcome.hit.criticality,
        names.team(affected.ci, "owner"),
        names.team(affected.ci, "support"),
    )


def _owners(names: Names, affected: Iterable[Affected]) -> tuple[str, ...]:
    """Return the teams that own these, each once, in their order."""
    owners = (names.team(each.ci, "owner") for each in affected)
    return tuple(dict.fromkeys(owner for owner in owners if owner))


def _left_out(context: Context, node: Node, own: Sequence[Effect]) -> list[str]:
    """Return a sentence for each CI of a record that takes no part, and so affects nothing."""
    cis = RecordCIs(context, node.concerns)
    taking_part = {each.ci for each in own}
    strangers = [ci for ci in node.concerns if cis.survivor(ci) not in taking_part]
    return [f"{cis.named(ci)} takes no part in impact" for ci in strangers]
