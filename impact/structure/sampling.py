"""How likely is the top if it cannot be computed? Bit-parallel Monte Carlo, 64 worlds a word."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import numpy.typing as npt

from impact.errors import Cancelled
from impact.structure.tree import FaultTree, Gate, Op

Words = npt.NDArray[np.uint64]

BATCH_WORDS = 2_048
SPARSE_BELOW = 0.02
Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Sample:
    """How often the top held.

    Attributes:
        hits: Worlds in which it did.
        samples: Worlds drawn.
    """

    hits: int
    samples: int

    @property
    def value(self) -> float:
        """Return the share of hits."""
        return self.hits / self.samples

    @property
    def ci95(self) -> tuple[float, float]:
        """Return the 95 % ends of the share by Wilson; without a hit the upper end is 3/N.

        Source: Wilson 1927, doi:10.1080/01621459.1927.10502953; the rule of three: Hanley and
        Lippman-Hand 1983, doi:10.1001/jama.1983.03330370053031.
        """
        n, share = self.samples, self.value
        if self.hits == 0:
            return 0.0, min(1.0, 3.0 / n)
        if self.hits == n:
            return max(0.0, 1.0 - 3.0 / n), 1.0
        spread = Z95 * math.sqrt(share * (1 - share) / n + Z95**2 / (4 * n**2))
        middle = share + Z95**2 / (2 * n)
        scale = 1 + Z95**2 / n
        return (middle - spread) / scale, (middle + spread) / scale


def draw(
    tree: FaultTree,
    q: Sequence[float],
    *,
    samples: int,
    seed: int,
    should_stop: Callable[[], bool] | None = None,
) -> Sample:
    """Return how often the top of a tree holds in independent random worlds.

    Args:
        tree: Any tree with a gate as its top, coherent or not.
        q: Probability of each event.
        samples: Worlds to draw; rounded up to whole batches of 131,072.
        seed: Same seed, same answer.
        should_stop: Asked before each batch.

    Raises:
        Cancelled: `should_stop` said so.
    """
    random = np.random.Generator(np.random.SFC64(seed))
    batches = max(1, math.ceil(samples / (BATCH_WORDS * 64)))
    events = tree.events()
    last_use = _last_uses(tree)
    hits = 0
    for _ in range(batches):
        if should_stop is not None and should_stop():
            raise Cancelled
        worlds = {event: _draw_event(random, q[event]) for event in events}
        hits += int(np.bitwise_count(_evaluate(tree, worlds, last_use)).sum())
    return Sample(hits, batches * BATCH_WORDS * 64)


def _draw_event(random: np.random.Generator, q: float) -> Words:
    """Return one batch of words whose bits hold with probability q, independent of each other."""
    count = BATCH_WORDS * 64
    if q >= SPARSE_BELOW:
        bits = np.packbits(random.random(count) < q)
        return bits.view(np.uint64)
    words = np.zeros(BATCH_WORDS, dtype=np.uint64)
    if q > 0.0:
        places = _successes(random, q, count)
        np.bitwise_or.at(words, places >> 6, np.uint64(1) << (places & 63).astype(np.uint64))
    return words


def _successes(random: np.random.Generator, q: float, count: int) -> npt.NDArray[np.int64]:
    """Return the places of the successes in `count` trials, by the gaps between them."""
    expected = count * q
    size = int(expected + 6 * math.sqrt(expected) + 16)
    places = np.array([-1], dtype=np.int64)
    while places[-1] < count:
        gaps = np.minimum(random.geometric(q, size), count + 1)
        places = np.concatenate([places, places[-1] + np.cumsum(gaps)])
    places = places[1:]
    found: npt.NDArray[np.int64] = places[places < count]
    return found


def _evaluate(tree: FaultTree, worlds: dict[int, Words], last_use: dict[int, int]) -> Words:
    for reference, gate in tree.numbered_gates():
        worlds[reference] = _join(gate, [worlds[child] for child in gate.children])
        for child in gate.children:
            if last_use[child] == reference:
                worlds.pop(child, None)
    return worlds[tree.top]


def _last_uses(tree: FaultTree) -> dict[int, int]:
    """Return the last gate that reads each reference, so that its words can go."""
    return {
        child: reference for reference, gate in tree.numbered_gates() for child in gate.children
    }


def _join(gate: Gate, children: list[Words]) -> Words:
    match gate.op:
        case Op.NOT:
            return ~children[0]
        case Op.AT_LEAST:
            return _at_least(gate.k, children)
        case Op.OR:
            return reduce(np.bitwise_or, children)
        case Op.AND:
            return reduce(np.bitwise_and, children)
        case Op.XOR:
            return reduce(np.bitwise_xor, children)


def _at_least(k: int, children: list[Words]) -> Words:
    """Return where at least k children hold, by adding them up in columns of binary digits."""
    digits: list[Words] = []
    for child in children:
        carry = child
        for place, digit in enumerate(digits):
            digits[place], carry = digit ^ carry, digit & carry
        if len(children) >> len(digits):
            digits.append(carry)
    is_more = np.zeros_like(children[0])
    is_equal = ~is_more
    for place in range(len(digits) - 1, -1, -1):
        if k >> place & 1:
            is_equal &= digits[place]
        else:
            is_more |= is_equal & digits[place]
            is_equal &= ~digits[place]
    return is_more | is_equal
