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
    sampler = _Sampler(random, {event: q[event] for event in tree.events()})
    last_use = _last_uses(tree)
    hits = 0
    for _ in range(batches):
        if should_stop is not None and should_stop():
            raise Cancelled
        top = _evaluate(tree, sampler.draw(), last_use)
        hits += int(np.bitwise_count(top).sum())
    return Sample(hits, batches * BATCH_WORDS * 64)


def evaluate_words(tree: FaultTree, worlds: dict[int, Words]) -> Words:
    """Return where the top of a tree holds, given where each event does; a bit is a world."""
    return _evaluate(tree, dict(worlds), _last_uses(tree))


class _Sampler:
    """Draws batches of words whose bits hold with the probability of each event.

    Rare events all come at once: so many hits as a Poisson number says, each in a world of its own
    choice. A world without a hit then has probability exp(-rate), independent of all others, which
    is 1 - q for the rate chosen: exact, and no work for worlds without a hit.
    """

    def __init__(self, random: np.random.Generator, q: dict[int, float]) -> None:
        self._random = random
        self._dense = [(event, value) for event, value in q.items() if value >= SPARSE_BELOW]
        self._sparse = [event for event, value in q.items() if value < SPARSE_BELOW]
        rates = [-math.log1p(-q[event]) * BATCH_WORDS * 64 for event in self._sparse]
        self._rates = np.array(rates, dtype=np.float64)

    def draw(self) -> dict[int, Words]:
        """Return the words of each event of one batch."""
        count = BATCH_WORDS * 64
        worlds: dict[int, Words] = dict(zip(self._sparse, self._draw_sparse(), strict=True))
        for event, value in self._dense:
            worlds[event] = np.packbits(self._random.random(count) < value).view(np.uint64)
        return worlds

    def _draw_sparse(self) -> Words:
        words = np.zeros((len(self._sparse), BATCH_WORDS), dtype=np.uint64)
        hits = self._random.poisson(self._rates)
        rows = np.repeat(np.arange(len(hits), dtype=np.int64), hits)
        places = self._random.integers(0, BATCH_WORDS * 64, len(rows))
        bits = np.left_shift(np.uint64(1), (places & 63).astype(np.uint64))
        np.bitwise_or.at(words.reshape(-1), rows * BATCH_WORDS + (places >> 6), bits)
        return words


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
