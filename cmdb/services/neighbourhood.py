"""Which CIs are near these, or were so since a moment, over relationships either way?

Read ring by ring from the database and not from a snapshot: what was retired or ended since then
takes part in no answer any more, and is what is looked for after an outage.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from cmdb.model.inventory import Relationship
from cmdb.model.rights import SEES_ALL
from cmdb.ports import chunks
from cmdb.services.context import Context
from cmdb.snapshot.estate import carried_types

_BATCH = 500


@dataclass(slots=True)
class Neighbourhood:
    """CIs around some others, and their relationships, whoever may see them.

    Attributes:
        hops: Relationships to the nearest of those asked about, by CI.
        versions: The revision that last changed each of these CIs.
        relationships: All of theirs by id, ended ones too.
        is_partial: A limit left some CIs out, the farther ones first.
    """

    hops: dict[str, int]
    versions: dict[str, int] = field(default_factory=dict)
    relationships: dict[str, Relationship] = field(default_factory=dict)
    is_partial: bool = False


def find_neighbourhood(
    context: Context, ids: Sequence[str], hops: int, since: int, most: int
) -> Neighbourhood:
    """Return the CIs within some hops of these as things are or were after a revision.

    A relationship that was ended after it still leads to its other end, and a CI that was retired
    after it to what is behind. Relationships of types that carry no impact lead nowhere. Two reads
    for each 500 CIs of a ring.

    Args:
        context: Where to read.
        ids: Where to start; they are 0 hops away.
        hops: How far to go.
        since: The revision.
        most: Most CIs, those asked about not counted.
    """
    types = frozenset(carried_types(context.store.registry()))
    found = Neighbourhood(dict.fromkeys(ids, 0), _versions(context, ids, since, keeps_all=True))
    ring: Sequence[str] = list(ids)
    for distance in range(hops + 1):
        related = _relationships(context, ring)
        found.relationships |= related
        if distance == hops:
            break
        ways = (r for r in related.values() if r.type in types and (r.is_live or r.version > since))
        beyond = _versions(context, _other_ends(ways, found.hops), since)
        room = most + len(ids) - len(found.hops)
        ring = list(beyond)[:room]
        found.hops |= dict.fromkeys(ring, distance + 1)
        found.versions |= {ci: beyond[ci] for ci in ring}
        if len(beyond) > room:
            found.is_partial = True
            hops = distance + 1
    return found


def _other_ends(ways: Iterable[Relationship], known: Collection[str]) -> list[str]:
    ends = {end for way in ways for end in (way.dependent, way.provider)}
    return sorted(ends.difference(known))


def _relationships(context: Context, ids: Sequence[str]) -> dict[str, Relationship]:
    return {
        each.id: each
        for batch in chunks(ids, _BATCH)
        for each in context.store.find_relationships(batch, SEES_ALL, live_only=False)
    }


def _versions(
    context: Context, ids: Sequence[str], since: int, *, keeps_all: bool = False
) -> dict[str, int]:
    """Return the versions of these CIs, without those that had left before."""
    return {
        ci: int(row["version"])
        for batch in chunks(ids, _BATCH)
        for ci, row in sorted(context.store.ci_properties(batch).items())
        if keeps_all or row["lifecycle"] != "retired" or int(row["version"]) > since
    }
