"""How are the bare ids of an impact answer called, and who must be told of each?"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import impact
from cmdb.model.impact_reports import Step
from cmdb.model.inventory import CI, Relationship
from cmdb.model.registry import Registry
from cmdb.model.reports import NamedCI
from cmdb.model.rights import SEES_ALL, Visibility
from cmdb.ports import chunks
from cmdb.services.context import Context
from cmdb.services.withholding import WITHHELD
from cmdb.snapshot import Snapshot

MOST_DESCRIBED = 5_000
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why a CI stands as it does: the same at all moments of the same worlds."""

    evidence: tuple[Step, ...]
    members: tuple[NamedCI, ...]
    single_failures: tuple[NamedCI, ...] | None
    single_failure_count: int | None


class Names:
    """Names, teams and relationships of the CIs of one answer, read once in bulk.

    Names are those of the snapshot, so an answer about the past speaks as the past did. Of a CI
    that the caller may not see, the class, the teams to notify and how it is related are told, and
    the name is withheld: an answer is reduced by name and never by count.
    """

    def __init__(self, context: Context, snapshot: Snapshot, ids: Iterable[str]) -> None:
        """Read what is known of at most `MOST_DESCRIBED` of these CIs."""
        self.snapshot = snapshot
        self._visibility = context.caller.visibility
        self._named: dict[str, NamedCI] = {}
        self.reasons: dict[tuple[impact.Worlds, str], Reasons] = {}
        wanted = sorted(set(ids))[:MOST_DESCRIBED]
        self._cis = _read_cis(context, wanted)
        self._relationships = _read_relationships(context, wanted)
        self._registry = context.store.registry()
        self._by_ends: dict[tuple[str, str], list[Relationship]] = {}
        for each in self._relationships:
            self._by_ends.setdefault((each.dependent, each.provider), []).append(each)

    def named(self, ci_id: str) -> NamedCI:
        """Return the CI as answers name it."""
        found = self._named.get(ci_id)
        if found is None:
            found = self._named[ci_id] = named_in(self.snapshot, ci_id, self._visibility)
        return found

    def team(self, ci_id: str, role: str) -> str:
        """Return the owning or supporting team of a CI, or empty."""
        ci = self._cis.get(ci_id)
        return str(ci.attributes.get(role, "")) if ci else ""

    def step(self, step: impact.Step) -> Step:
        """Return a step of evidence with the relationship that carries it."""
        found = self._carrier(step)
        return Step(
            self.named(step.provider),
            self.named(step.dependent),
            found.type if found else "",
            step.strength.name.lower(),
            is_inferred=step.is_inferred,
            inferred_by=found.inferred_by if found else "",
        )

    def guesses(self, among: Collection[str]) -> tuple[Mapping[str, int], int]:
        """Return what guessed relationships between these CIs, with numbers; how many are hard."""
        by: dict[str, int] = {}
        hard = 0
        for each in self._relationships:
            is_inside = each.dependent in among and each.provider in among
            if is_inside and (each.inferred_by or each.confidence < 1):
                guesser = each.inferred_by or "an unnamed guess"
                by[guesser] = by.get(guesser, 0) + 1
                hard += _strength(self._registry, each) == "hard"
        return dict(sorted(by.items())), hard

    def _carrier(self, step: impact.Step) -> Relationship | None:
        strength = step.strength.name.lower()
        group = self.snapshot.implicit_groups.get(step.dependent)
        dependent = group[0] if group else step.dependent
        several = self._by_ends.get((dependent, step.provider), [])
        fitting = [each for each in several if _strength(self._registry, each) == strength]
        return next(iter(fitting or several), None)


def named_in(snapshot: Snapshot, ci_id: str, visibility: Visibility) -> NamedCI:
    """Return a CI as a snapshot names it, or only its class where the caller may not see it."""
    class_name = snapshot.class_of(ci_id)
    teams = snapshot.restricted_to_of(ci_id)
    if teams and not visibility.sees_all and visibility.teams.isdisjoint(teams):
        return NamedCI("", class_name, WITHHELD, "")
    return NamedCI(ci_id, class_name, snapshot.name_of(ci_id), snapshot.lifecycle_of(ci_id))


def _strength(registry: Registry, relationship: Relationship) -> str | None:
    return relationship.strength or registry.get_type(relationship.type).strength


def _read_cis(context: Context, ids: list[str]) -> dict[str, CI]:
    found: dict[str, CI] = {}
    for batch in chunks(ids, _BATCH):
        found.update(context.store.get_cis(batch, SEES_ALL))
    return found


def _read_relationships(context: Context, ids: list[str]) -> list[Relationship]:
    found: dict[str, Relationship] = {}
    for batch in chunks(ids, _BATCH):
        for each in context.store.find_relationships(batch, SEES_ALL):
            found[each.id] = each
    return list(found.values())
