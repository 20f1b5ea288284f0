"""What is a probability worth: its value, how it was found, and how far it can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Method(Enum):
    """How a figure was found. Only EXACT is exact; nothing approximate ever says so."""

    EXACT = "exact"
    HYBRID = "hybrid"
    MONTE_CARLO = "monte_carlo"


@dataclass(frozen=True, slots=True)
class Budget:
    """What one question may cost.

    Attributes:
        seconds: Time for exact work; sampling after it takes what its samples take.
        nodes: Nodes of one diagram.
        memory_mb: Memory of the worker process, in MiB.
        samples: Most samples of the fallback.
        half_width: Relative half-width of the 95 % interval at which fewer samples suffice, for
            example 0.05; None: all samples are drawn.
    """

    seconds: float = 20.0
    nodes: int = 20_000_000
    memory_mb: int = 2_048
    samples: int = 20_000_000
    half_width: float | None = None


@dataclass(frozen=True, slots=True)
class Probability:
    """A probability under the contract that every answer keeps.

    Attributes:
        value: In [0, 1].
        method: EXACT; HYBRID (the single points are exact, the remainder was sampled); MONTE_CARLO.
        ci95: The 95 % interval, both ends included; None if exact.
        samples: Number of samples; None if exact.
        seed: Of the samples; None if exact.
        order: Variable order of the largest diagram; None if there was none.
        bdd_nodes: Nodes of all its diagrams, parts shared with other questions included.
        assumptions: What was taken for granted.
    """

    value: float
    method: Method
    ci95: tuple[float, float] | None = None
    samples: int | None = None
    seed: int | None = None
    order: str | None = None
    bdd_nodes: int | None = None
    assumptions: tuple[str, ...] = ()
