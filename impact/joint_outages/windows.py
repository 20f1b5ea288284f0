"""Which causes touch each other in time?"""

from __future__ import annotations

from collections.abc import Sequence

from impact.arrays import FOR_EVER
from impact.bit_sets import places
from impact.model import Outage, to_milliseconds
from impact.sweep import LONG_AGO


def window_of(outage: Outage) -> tuple[int, int]:
    """Return start and end in milliseconds."""
    start = LONG_AGO if outage.start_at is None else to_milliseconds(outage.start_at)
    return start, FOR_EVER if outage.end_at is None else to_milliseconds(outage.end_at)


def components(windows: Sequence[Sequence[tuple[int, int]]], chosen: int) -> list[int]:
    """Return the sets of two or more causes whose windows hang together without a gap.

    Between two such sets nothing is out, so what one left behind does not reach the other.

    Args:
        windows: Of each cause.
        chosen: The causes to look at, as a bit set.

    Examples:
        >>> components([[(0, 5)], [(5, 9)], [(10, 12)]], 0b111)
        [3]
    """
    ordered = sorted(
        (start, end, 1 << place) for place in places(chosen) for start, end in windows[place]
    )
    parts: list[int] = []
    latest = LONG_AGO
    for start, end, bit in ordered:
        if parts and start <= latest:
            parts[-1] |= bit
            latest = max(latest, end)
        else:
            parts.append(bit)
            latest = end
    return _joined(parts)


def _joined(parts: list[int]) -> list[int]:
    """Join the parts that share a cause, and leave out those of one cause."""
    joined: list[int] = []
    for part in parts:
        whole, apart = part, []
        for other in joined:
            if other & whole:
                whole |= other
            else:
                apart.append(other)
        joined = [*apart, whole]
    return [part for part in joined if part.bit_count() > 1]
