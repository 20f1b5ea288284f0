"""What are edges between nodes of the engine, on their way into it?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impact import Strength

HARD, SOFT, GATE, WEAK = (np.uint8(int(s)) for s in Strength)


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """Columns of m edges.

    Attributes:
        dependent: int32, node index.
        provider: int32, node index.
        type: uint16, place in `Estate.types`.
        strength: uint8, codes of `impact.Strength`.
        tolerates_seconds: float64, NaN for none.
        confidence: float32.
        is_inferred: bool.
    """

    dependent: NDArray[np.int32]
    provider: NDArray[np.int32]
    type: NDArray[np.uint16]
    strength: NDArray[np.uint8]
    tolerates_seconds: NDArray[np.float64]
    confidence: NDArray[np.float32]
    is_inferred: NDArray[np.bool_]

    def __len__(self) -> int:
        """Return the number of edges."""
        return len(self.strength)

    def take(self, chosen: NDArray[Any]) -> Edges:
        """Return the edges of a mask or of positions."""
        return Edges(*(getattr(self, field.name)[chosen] for field in fields(self)))

    def with_strength(self, strength: NDArray[np.uint8] | np.uint8) -> Edges:
        """Return the edges with other strengths."""
        wanted = np.broadcast_to(np.asarray(strength, dtype=np.uint8), self.strength.shape)
        return replace(self, strength=wanted)


def joined(parts: Sequence[Edges]) -> Edges:
    """Return all edges of several parts."""
    return Edges(
        *(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Edges))
    )


def certain_edges(
    dependent: NDArray[np.int32], provider: NDArray[np.int32], type_code: NDArray[np.uint16]
) -> Edges:
    """Return hard edges that tolerate nothing and are beyond doubt."""
    count = len(dependent)
    return Edges(
        dependent,
        provider,
        type_code,
        np.full(count, HARD),
        np.full(count, np.nan),
        np.ones(count, dtype=np.float32),
        np.zeros(count, dtype=np.bool_),
    )
