"""Which members has a set that is kept as the bits of an integer?"""

from __future__ import annotations

from collections.abc import Iterator


def bits(chosen: int) -> Iterator[int]:
    """Yield each member of a set as a set of its own, the lowest first."""
    while chosen:
        lowest = chosen & -chosen
        yield lowest
        chosen ^= lowest


def places(chosen: int) -> Iterator[int]:
    """Yield the number of each member of a set, the lowest first."""
    return (bit.bit_length() - 1 for bit in bits(chosen))
