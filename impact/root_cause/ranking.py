"""Which failures explain the symptoms best?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from impact.arrays import Int32
from impact.bit_sets import places
from impact.errors import InvalidBudget, InvalidObservation
from impact.root_cause.judging import Judge, Verdict
from impact.root_cause.model import Candidate, RecentChange, RootCauses, Symptom, Weights
from impact.root_cause.paths import Paths
from impact.root_cause.upstream import find_upstream
from impact.topology import GROUP

if TYPE_CHECKING:
    from impact.topology import Topology

TRIALS = 1_500
MOST_UPSTREAM = 4_000
MOST_SINGLES = 400
POOL = 24
PAIRS_KEPT = 8
LARGEST_SET = 3


def rank_causes(
    topology: Topology,
    symptoms: Iterable[Symptom],
    *,
    healthy: Iterable[str] = (),
    changes: Iterable[RecentChange] = (),
    priors: Mapping[str, float] | None = None,
    weights: Weights | None = None,
    limit: int = 20,
    trials: int = TRIALS,
) -> RootCauses:
    """Return what most likely brought the symptoms about, each candidate with its reasons.

    A candidate is a CI, or a set of up to three, whose failure is propagated by the rules of
    `propagate` on the topology as it was at onset. It scores by what it explains, by what it would
    have broken and that is healthy or says nothing, by recent changes, onset and prior (see
    `Weights`). Chains may pass CIs that say nothing; a symptom that it does not reach is merely
    unexplained. Sets of two and three are formed of the best candidates that explain something.

    Args:
        topology: As it was at onset.
        symptoms: CIs or services that suffer; of several for one CI the first counts.
        healthy: Ids of CIs that were seen to be well.
        changes: What was changed lately; those after the onset count for nothing.
        priors: Probability of failure by id, from class and history; default: `topology.q`.
        weights: What each reason counts.
        limit: Most candidates, and most sets, told.
        trials: Most failures tried; when they are spent, `is_complete` is False.

    Complexity: O(edges upstream) for each symptom, and `trials` propagations at most.

    Raises:
        UnknownNode: A symptom or healthy CI takes no part.
        InvalidObservation: A CI is both symptomatic and healthy.
        InvalidFigure: A prior out of [0, 1].
        InvalidBudget: `limit` or `trials` is below 1.

    Examples:
        >>> from impact import Topology
        >>> topology = Topology.build(
        ...     ids=["shop", "mail", "db", "host"], dependents=[0, 1, 2], providers=[2, 2, 3],
        ...     strengths=[0, 0, 0])
        >>> found = rank_causes(topology, [Symptom("shop"), Symptom("mail"), Symptom("db")])
        >>> found.candidates[0].cis, found.candidates[0].is_origin, found.check_next
        (('db',), True, 'host')
    """
    for budget in (limit, trials):
        if budget < 1:
            raise InvalidBudget(budget)
    observed = list({symptom.ci: symptom for symptom in reversed(list(symptoms))}.values())[::-1]
    well = np.array(sorted({topology.index(ci) for ci in healthy}), dtype=np.int32)
    changed = tuple(changes)
    judge = Judge(
        topology,
        observed,
        well,
        changes=changed,
        priors=priors or {},
        weights=weights or Weights(),
        trials=trials,
    )
    for node in judge.symptoms[np.isin(judge.symptoms, well)].tolist():
        raise InvalidObservation(topology.ids[node], "it is said to be both suffering and healthy")
    if not observed:
        return RootCauses((), (), (), 0, None, True)
    return _Ranking(topology, judge, well, changed).answer(limit)


class _Ranking:
    """Candidates of one question while they are tried."""

    def __init__(
        self, topology: Topology, judge: Judge, healthy: Int32, changes: Sequence[RecentChange]
    ) -> None:
        self._topology = topology
        self._judge = judge
        self._healthy = healthy
        self._changes = changes
        self._upstream, self._is_complete = find_upstream(topology, judge.symptoms, MOST_UPSTREAM)
        suffering = set(judge.symptoms.tolist())
        self._suffering = suffering
        self._origins = {n for n in suffering if not self._providers(n) & suffering}

    def answer(self, limit: int) -> RootCauses:
        singles = self._singles()
        singles.sort(key=self._rank)
        self._is_complete &= not self._needs_partners(singles)
        sets = sorted(self._sets(singles), key=self._rank)
        tried = sorted([*singles, *sets], key=self._rank)
        best = max((each.explained.bit_count() for each in tried), default=0)
        minimal = _minimal([set(each.nodes) for each in tried if _covers(each, best)])
        named = sorted((tuple(sorted(self._name(one))) for one in minimal), key=_by_size)
        return RootCauses(
            tuple(self._candidate(each) for each in singles[:limit]),
            tuple(self._candidate(each) for each in _gaining(tried)[:limit]),
            tuple(named) if best else (),
            best,
            self._check_next(tried),
            self._is_complete,
        )

    def _providers(self, node: int) -> set[int]:
        rows = self._topology.providers_of
        found = rows.ends[int(rows.starts[node]) : int(rows.starts[node + 1])]
        return set(found.tolist()) - {node}

    def _singles(self) -> list[Verdict]:
        """Return the verdict on each CI that a symptom relies on, the most promising first."""
        flags, ids = self._topology.flags, self._topology.ids
        nodes = [node for node in self._upstream if not flags[node] & GROUP]
        nodes.sort(
            key=lambda n: (
                n not in self._suffering, -self._upstream[n][0], self._upstream[n][1], ids[n],
            )
        )  # fmt: skip
        self._is_complete &= len(nodes) <= MOST_SINGLES
        found = []
        for node in nodes[:MOST_SINGLES]:
            if self._judge.left < 1:
                self._is_complete = False
                break
            found.append(self._judge.judge((node,)))
        return [verdict for verdict in found if verdict.explained]

    def _needs_partners(self, singles: list[Verdict]) -> bool:
        """Tell whether a gate that a symptom relies on has members that explain nothing alone.

        Several of them together might; sets are not formed of such CIs.
        """
        explains = {verdict.nodes[0] for verdict in singles}
        gates = self._topology.gates
        for node in self._upstream:
            slot = gates.slot(node)
            if slot >= 0 and 2 <= gates.fails_at[slot] <= LARGEST_SET:
                members = self._providers(node)
                if len(members - explains) > 0:
                    return True
        return False

    def _sets(self, singles: list[Verdict]) -> Iterator[Verdict]:
        """Yield verdicts on pairs, and on triples that extend the best pairs."""
        ranked = singles
        everything = (1 << len(self._judge.symptoms)) - 1
        self._is_complete &= len(ranked) <= POOL
        pool = self._pool(ranked)
        pairs: list[Verdict] = []
        for one, other in combinations(pool, 2):
            if self._judge.left < 1:
                self._is_complete = False
                return
            pairs.append(self._judge.judge(tuple(sorted((*one.nodes, *other.nodes)))))
            yield pairs[-1]
        tried: set[tuple[int, ...]] = set()
        pairs.sort(key=self._rank)
        is_all = len(pool) <= PAIRS_KEPT
        self._is_complete &= is_all or any(pair.explained == everything for pair in pairs)
        for pair in pairs if is_all else pairs[:PAIRS_KEPT]:
            for third in pool:
                nodes = tuple(sorted({*pair.nodes, *third.nodes}))
                if len(nodes) < LARGEST_SET or nodes in tried:
                    continue
                if self._judge.left < 1:
                    self._is_complete = False
                    return
                tried.add(nodes)
                yield self._judge.judge(nodes)

    def _pool(self, ranked: list[Verdict]) -> list[Verdict]:
        """Return what sets are formed of: origins, then what explains more than better ones."""
        origins = [each for each in ranked if each.nodes[0] in self._origins][: POOL // 2]
        seen = 0
        fresh: list[Verdict] = []
        rest: list[Verdict] = []
        for verdict in ranked:
            if verdict not in origins:
                (fresh if verdict.explained & ~seen else rest).append(verdict)
                seen |= verdict.explained
        return [*origins, *fresh, *rest][:POOL]

    def _rank(self, verdict: Verdict) -> tuple[object, ...]:
        return (
            -round(verdict.score, 9),
            not all(node in self._origins for node in verdict.nodes),
            len(verdict.nodes),
            sum(self._upstream[node][1] for node in verdict.nodes),
            self._name(verdict.nodes),
        )

    def _name(self, nodes: Iterable[int]) -> tuple[str, ...]:
        return tuple(sorted(self._topology.ids[node] for node in nodes))

    def _candidate(self, verdict: Verdict) -> Candidate:
        symptoms = self._judge.symptoms.tolist()
        explained = {symptoms[place] for place in places(verdict.explained)}
        cis = self._name(verdict.nodes)
        return Candidate(
            cis,
            verdict.score,
            verdict.terms,
            self._suffering.issuperset(verdict.nodes),
            self._origins.issuperset(verdict.nodes),
            self._name(explained),
            self._name(set(symptoms) - explained),
            self._name(self._healthy[list(places(verdict.contradicted))].tolist()),
            verdict.silent,
            Paths(self._topology, verdict.nodes, list(explained)),
            tuple(change for change in self._changes if change.ci in cis),
        )

    def _check_next(self, sets: list[Verdict]) -> str | None:
        """Return the CI, not observed yet, that splits the weight of the candidates most evenly."""
        told = sets[: 2 * POOL]
        if len(told) < 2:
            return None
        weights = [math.exp(each.score - told[0].score) for each in told]
        total = sum(weights)
        says_down: dict[int, float] = {}
        for each, weight in zip(told, weights, strict=True):
            for node in each.down.tolist():
                says_down[node] = says_down.get(node, 0.0) + weight / total
        known = self._suffering | set(self._healthy.tolist())
        flags, ids = self._topology.flags, self._topology.ids
        open_ = [n for n in says_down if n not in known and not flags[n] & GROUP]
        split = {n: min(says_down[n], 1.0 - says_down[n]) for n in open_}
        best = min(open_, key=lambda n: (-round(split[n], 9), ids[n]), default=None)
        return None if best is None or split[best] <= 0.0 else ids[best]


def _covers(verdict: Verdict, best: int) -> bool:
    return verdict.explained.bit_count() == best


def _gaining(ranked: list[Verdict]) -> list[Verdict]:
    """Return the sets of which no part scores as high; `ranked` holds all, the best first."""
    kept: list[Verdict] = []
    better: list[frozenset[int]] = []
    for verdict in ranked:
        nodes = frozenset(verdict.nodes)
        if len(nodes) > 1 and not any(part < nodes for part in better):
            kept.append(verdict)
        better.append(nodes)
    return kept


def _minimal(sets: list[set[int]]) -> list[set[int]]:
    """Leave out what contains another one."""
    kept: list[set[int]] = []
    for one in sorted(sets, key=len):
        if not any(known <= one for known in kept):
            kept.append(one)
    return kept


def _by_size(cis: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
    return len(cis), cis
