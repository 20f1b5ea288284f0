"""Which source records speak of the same thing? A function of the set of records, not of its order.

Keys are taken in one fixed order, highest priority first. All records that carry a key belong
together, unless what is already together contradicts in a key of higher priority: then they stay
apart, the key belongs to the first group in that order, and the conflict is on record.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cmdb.model.identify import IdentifierKey
from cmdb.model.registry import Registry

MOST_CARRIERS = 3
"""A MAC, serial or UUID that one source gives to more things than this identifies nothing."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What clustering needs of a source record.

    Attributes:
        id: Of the source record.
        class_name: Its class.
        origin: Source and scope.
        keys: Its keys.
    """

    id: str
    class_name: str
    origin: str
    keys: Sequence[IdentifierKey]


@dataclass(slots=True)
class Group:
    """Records of one thing.

    Attributes:
        class_name: The most specific class among them.
        claims: Ids of the records, sorted.
        keys: All their keys by text.
    """

    class_name: str
    claims: list[str]
    keys: dict[str, IdentifierKey] = field(default_factory=dict)
    owned: set[str] = field(default_factory=set)

    def order(self) -> tuple[IdentifierKey, str]:
        """Return what groups are ordered by: the best key, then the smallest record."""
        return (min(self.keys.values()) if self.keys else IdentifierKey(10_000, "")), min(
            self.claims
        )


@dataclass(frozen=True, slots=True)
class Clustering:
    """The outcome.

    Attributes:
        groups: In their order.
        owner: Index of the owning group by key.
        contested: Indexes of other groups that carry a key, by key.
        placeholders: Keys carried by too many.
    """

    groups: Sequence[Group]
    owner: Mapping[str, int]
    contested: Mapping[str, Sequence[int]]
    placeholders: frozenset[str]


def cluster(
    registry: Registry, claims: Sequence[Claim], placeholders: frozenset[str] = frozenset()
) -> Clustering:
    """Return the groups of records that speak of one thing each.

    Args:
        registry: The class registry.
        claims: All records that share keys, directly or through others, in any order.
        placeholders: Keys already known to identify nothing.
    """
    carriers: dict[str, list[Claim]] = defaultdict(list)
    ranks: dict[str, IdentifierKey] = {}
    for claim in claims:
        for key in claim.keys:
            carriers[key.key].append(claim)
            ranks[key.key] = min(ranks.get(key.key, key), key)
    void = placeholders | {
        key
        for key, found in carriers.items()
        if len(found) > MOST_CARRIERS and ranks[key].can_be_shared and _has_too_many(found)
    }
    groups = {
        claim.id: Group(
            claim.class_name, [claim.id], {k.key: k for k in claim.keys if k.key not in void}
        )
        for claim in claims
    }
    for key in sorted(ranks.values()):
        if key.key not in void and len(carriers[key.key]) > 1:
            _join(registry, groups, key, carriers[key.key])
    return _outcome(groups, carriers, void)


def _has_too_many(carriers: Sequence[Claim]) -> bool:
    return max(Counter(claim.origin for claim in carriers).values()) > MOST_CARRIERS


def _join(
    registry: Registry, groups: dict[str, Group], key: IdentifierKey, carriers: Sequence[Claim]
) -> None:
    distinct = {id(groups[claim.id]): groups[claim.id] for claim in carriers}
    settled: list[Group] = []
    for group in sorted(distinct.values(), key=Group.order):
        for base in settled:
            if _is_same(registry, base, group, key):
                _absorb(registry, groups, base, group)
                break
        else:
            settled.append(group)


def _is_same(registry: Registry, one: Group, other: Group, key: IdentifierKey) -> bool:
    specific = registry.more_specific(one.class_name, other.class_name)
    if specific is None:
        return False
    rules = [str(rule) for rule in registry.rules(specific)]
    limit = rules.index(key.rule) if key.rule in rules else len(rules)
    for rule in rules[:limit]:
        mine = {k.key for k in one.keys.values() if k.rule == rule}
        theirs = {k.key for k in other.keys.values() if k.rule == rule}
        if mine and theirs and not mine & theirs:
            return False
    return True


def _absorb(registry: Registry, groups: dict[str, Group], base: Group, group: Group) -> None:
    base.class_name = registry.more_specific(base.class_name, group.class_name) or base.class_name
    base.claims = sorted({*base.claims, *group.claims})
    for text, key in group.keys.items():
        base.keys[text] = min(base.keys.get(text, key), key)
    for claim in group.claims:
        groups[claim] = base


def _outcome(
    groups: Mapping[str, Group], carriers: Mapping[str, Sequence[Claim]], void: frozenset[str]
) -> Clustering:
    ordered = sorted({id(g): g for g in groups.values()}.values(), key=Group.order)
    place = {id(group): index for index, group in enumerate(ordered)}
    owner: dict[str, int] = {}
    contested: dict[str, list[int]] = {}
    for key, found in carriers.items():
        if key in void:
            continue
        holders = sorted({place[id(groups[claim.id])] for claim in found})
        owner[key] = holders[0]
        ordered[holders[0]].owned.add(key)
        if len(holders) > 1:
            contested[key] = holders[1:]
    return Clustering(ordered, owner, contested, frozenset(void & carriers.keys()))
