"""Which minimal sets of causes make a monotone question true?

A question is monotone if more causes never make it false. Sets are integers used as bit sets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from impact.bit_sets import bits

Question = Callable[[int], bool]
"""Tells whether a set of causes brings the state about; may raise to end the search."""

MOST_HITTING_SETS = 20_000
"""From so many sets on the search gives up rather than to enumerate them."""


class Monotone:
    """Asks a monotone question as rarely as possible: what is implied is not asked."""

    def __init__(self, ask: Question) -> None:
        """Keep the question; nothing is asked yet."""
        self._ask = ask
        self._true: list[int] = []
        self._false: list[int] = []

    def holds(self, chosen: int) -> bool:
        """Return the answer for a set."""
        if any(known & chosen == known for known in self._true):
            return True
        if any(known & chosen == chosen for known in self._false):
            return False
        answer = self._ask(chosen)
        (self._true if answer else self._false).append(chosen)
        return answer


def minimal_sets(everything: int, question: Monotone) -> Iterator[int]:
    """Yield every minimal set for which the question holds, each as soon as it is proven minimal.

    A set that hits every minimal set found so far is taken away from all causes; if the question
    still holds, the rest contains another minimal set, found by leaving out one cause after the
    other. Where no hitting set leaves such a rest, none is missing.

    Complexity: questions in proportion to (minimal sets x causes) + maximal sets without any.

    Source: Gunopulos, Khardon, Mannila, Saluja, Toivonen and Sharma 2003, Discovering all most
    specific sentences, doi:10.1145/777943.777945.

    Raises:
        TooManySets: There are too many ways to hit all minimal sets.

    Examples:
        >>> two_of_three = Monotone(lambda chosen: chosen.bit_count() >= 2)
        >>> [bin(found) for found in minimal_sets(0b111, two_of_three)]
        ['0b110', '0b101', '0b11']
    """
    found: list[int] = []
    while True:
        for hitting in hitting_sets(found):
            rest = everything & ~hitting
            if question.holds(rest):
                found.append(_shrink(rest, question))
                yield found[-1]
                break
        else:
            return


def hitting_sets(sets: list[int]) -> list[int]:
    """Return the minimal sets that share something with each of `sets`, the smallest first.

    Raises:
        TooManySets: There are more than `MOST_HITTING_SETS`.

    Examples:
        >>> hitting_sets([0b011, 0b110])
        [2, 5]
    """
    hitting = [0]
    for each in sets:
        kept = [one for one in hitting if one & each]
        grown = {one | bit for one in hitting if not one & each for bit in bits(each)}
        kept += [one for one in sorted(grown) if not any(k & one == k for k in kept)]
        hitting = _smallest(kept)
        if len(hitting) > MOST_HITTING_SETS:
            raise TooManySets
    return sorted(hitting, key=lambda one: (one.bit_count(), one))


class TooManySets(Exception):
    """The search was given up; what was found so far is right, more may be missing."""


def _smallest(sets: list[int]) -> list[int]:
    """Leave out what contains another one."""
    kept: list[int] = []
    for one in sorted(sets, key=int.bit_count):
        if not any(known & one == known for known in kept):
            kept.append(one)
    return kept


def _shrink(chosen: int, question: Monotone) -> int:
    """Leave out what is not needed, the first causes first."""
    for bit in bits(chosen):
        if question.holds(chosen & ~bit):
            chosen &= ~bit
    return chosen
