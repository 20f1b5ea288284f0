"""Which CIs are single points of failure of each service, of all services at once?

For a node x, F(x) holds the CIs whose failure makes x DOWN while nothing else is: x itself, all of
F(p) for its hard providers p and, for a gate that t DOWN members take down, the CIs in F of at
least t members. On cycles F is the least fixed point. Candidates are taken in blocks, and a block
of all nodes is solved in one pass, providers first, so that a set is never larger than a block.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from impact.arrays import Int32, Int64
from impact.cones import Cone, cone_of
from impact.fast import kernels_for
from impact.single_failures import at_least
from impact.topology import GROUP, SERVICE

if TYPE_CHECKING:
    from impact.topology import Topology

UInt64: TypeAlias = NDArray[np.uint64]
Found: TypeAlias = tuple[Int64, Int32, UInt64]
BLOCK = 16_384
"""Candidates of a block of the plain solver: 2 KiB a node, and little to do beside the unions."""


@dataclass(frozen=True, slots=True, eq=False)
class SinglePoints(Mapping[str, tuple[str, ...]]):
    """The single points of failure of some CIs, by id; read when asked for, kept as bits.

    The CI itself and pure groups are left out: the failure of a group is that of its members. An
    empty answer proves that no other CI alone takes this one DOWN.

    Attributes:
        topology: The snapshot asked.
        nodes: int32 (s,), the nodes asked about.
        starts: int64 (s + 1,), where the words of each begin.
        words: int32 (w,), which 64 of the candidates a word is about.
        bits: uint64 (w,), which of these take the node DOWN; never 0.
        candidates: int32 (c,), the node of each candidate.
    """

    topology: Topology = field(repr=False)
    nodes: Int32 = field(repr=False)
    starts: Int64 = field(repr=False)
    words: Int32 = field(repr=False)
    bits: UInt64 = field(repr=False)
    candidates: Int32 = field(repr=False)
    _rows: dict[str, int] = field(repr=False)

    def __getitem__(self, ci: str) -> tuple[str, ...]:
        """Return the ids of the CIs whose failure alone takes `ci` DOWN, sorted.

        Raises:
            KeyError: The CI was not asked about.
        """
        ids = self.topology.ids
        return tuple(sorted(ids[node] for node in self.nodes_of(ci).tolist()))

    def __iter__(self) -> Iterator[str]:
        """Return the ids asked about, in the order asked; node order where all were."""
        return iter(self._rows)

    def __len__(self) -> int:
        """Return the number of CIs asked about."""
        return len(self._rows)

    def nodes_of(self, ci: str) -> Int32:
        """Return int32 (p,): the nodes that alone take `ci` DOWN, ascending.

        Raises:
            KeyError: The CI was not asked about.
        """
        row = self._rows[ci]
        part = slice(int(self.starts[row]), int(self.starts[row + 1]))
        octets = self.bits[part].astype("<u8").view(np.uint8).reshape(-1, 8)
        word, bit = np.unpackbits(octets, axis=1, bitorder="little").nonzero()
        found: Int32 = self.candidates[self.words[part][word].astype(np.int64) * 64 + bit]
        found.sort()
        return found.compress(found != self.nodes[row])

    @property
    def counts(self) -> Int64:
        """Return int64 (s,): how many single points each has, in the order of the ids."""
        sums = np.zeros(len(self.bits) + 1, dtype=np.int64)
        np.cumsum(np.bitwise_count(self.bits), out=sums[1:])
        itself = (self.topology.flags[self.nodes] & GROUP) == 0
        counts: Int64 = np.diff(sums[self.starts]) - itself
        return counts


def single_points(topology: Topology, services: Iterable[str] | None = None) -> SinglePoints:
    """Return the single points of failure of every service, or of the CIs named.

    It is what `Hit.single_failures` says while nothing is DOWN, for all of them at once. Own
    states of the topology and tolerances are left out, and unknown nodes count as UP.

    Args:
        topology: The snapshot to ask.
        services: Ids of CIs of any class; None: every service.

    Complexity: O(e x c / 64) for the e edges that the CIs rely on and the c CIs at their ends,
    less where single points are few; a gate that fails with t members takes t times as long, a
    cycle once for each round until nothing changes. Memory: a block of candidates for each node,
    and a word for 64 candidates of each answer.

    Raises:
        UnknownNode: A CI takes no part in the topology.

    Examples:
        >>> from impact import Topology
        >>> topology = Topology.build(
        ...     ids=["shop", "pool", "db-1", "db-2", "san"],
        ...     dependents=[0, 1, 1, 2, 3], providers=[1, 2, 3, 4, 4], strengths=[0, 2, 2, 0, 0],
        ...     is_service=[1, 0, 0, 0, 0], is_gate=[0, 1, 0, 0, 0], k_min=[0, 1, 0, 0, 0])
        >>> dict(single_points(topology))
        {'shop': ('san',)}
    """
    if services is None:
        nodes = np.flatnonzero(topology.flags & SERVICE).astype(np.int32)
    else:
        asked = dict.fromkeys(topology.index(ci) for ci in services)
        nodes = np.array(list(asked), dtype=np.int32)
    kernels = kernels_for(topology)
    cone = cone_of(topology, nodes, kernels)
    is_candidate = (topology.flags[cone.nodes] & GROUP) == 0
    candidates = np.flatnonzero(is_candidate).astype(np.int32)
    solve = _solve if kernels is None else kernels.solve
    found = _by_row(len(nodes), solve(cone, candidates, cone.places_of(nodes)))
    rows = {topology.ids[node]: row for row, node in enumerate(nodes.tolist())}
    return SinglePoints(topology, nodes, *found, cone.nodes[candidates], rows)


def _by_row(rows: int, blocks: Iterable[Found]) -> tuple[Int64, Int32, UInt64]:
    """Return starts, words and bits by row, of blocks whose entries are sorted by row.

    A block comes as row, word and bits of each entry; a later block has later words.
    """
    kept = [block for block in blocks if len(block[0])]
    counts = [np.bincount(block[0], minlength=rows) for block in kept]
    starts = np.zeros(rows + 1, dtype=np.int64)
    np.cumsum(sum(counts, np.zeros(rows, dtype=np.int64)), out=starts[1:])
    words = np.empty(starts[-1], dtype=np.int32)
    bits = np.empty(starts[-1], dtype=np.uint64)
    filled = starts[:-1].copy()
    for (row, word, bit), count in zip(kept, counts, strict=True):
        places = np.arange(len(row)) + np.repeat(filled - np.cumsum(count) + count, count)
        words[places], bits[places] = word, bit
        filled += count
    return starts, words, bits


def _solve(cone: Cone, candidates: Int32, asked: Int32) -> Iterator[Found]:
    """Yield row, word and bits of the answers of each block; sets are integers as bit sets."""
    hard, members = _split(cone)
    needs, groups = cone.needs.tolist(), cone.groups.tolist()
    for low in range(0, len(candidates), BLOCK):
        block = candidates[low : low + BLOCK].tolist()
        first = int(np.searchsorted(cone.groups, block[0], side="right")) - 1
        sets = [0] * len(cone.nodes)
        for number, at in enumerate(block):
            sets[at] = 1 << number
        for begin, end in pairwise(groups[first:]):
            is_settled = False
            while not is_settled:
                is_settled = True
                for at in range(begin, end):
                    found = sets[at]
                    for provider in hard[at]:
                        found |= sets[provider]
                    if needs[at]:
                        found |= at_least([sets[member] for member in members[at]], needs[at])
                    if found != sets[at]:
                        sets[at] = found
                        is_settled = end - begin == 1
        yield _as_words([sets[at] for at in asked.tolist()], low // 64)


def _split(cone: Cone) -> tuple[list[list[int]], list[list[int]]]:
    """Return the hard providers and the members of each place."""
    hard: list[list[int]] = []
    members: list[list[int]] = []
    starts, providers = cone.starts.tolist(), cone.providers.tolist()
    is_member, needs = cone.is_member.tolist(), cone.needs.tolist()
    for at, (begin, end) in enumerate(pairwise(starts)):
        row = providers[begin:end]
        if needs[at]:
            kinds = is_member[begin:end]
            members.append([p for p, counts in zip(row, kinds, strict=True) if counts])
            row = [p for p, counts in zip(row, kinds, strict=True) if not counts]
        else:
            members.append([])
        hard.append(row)
    return hard, members


def _as_words(sets: list[int], offset: int) -> Found:
    """Return row, word and bits of the words that are not 0."""
    rows, words, bits = [], [], []
    for row, found in enumerate(sets):
        if found:
            length = (found.bit_length() + 63) // 64
            all_bits = np.frombuffer(found.to_bytes(length * 8, "little"), dtype="<u8")
            word = all_bits.nonzero()[0]
            rows.append(np.full(len(word), row))
            words.append(word + offset)
            bits.append(all_bits[word])
    if not rows:
        return np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.uint64)
    return np.concatenate(rows), np.concatenate(words).astype(np.int32), np.concatenate(bits)
