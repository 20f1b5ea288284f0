"""A fault-tree model as engineers exchange it: a tree, and the names and figures of its events."""

from __future__ import annotations

from dataclasses import dataclass

from impact.structure.tree import FaultTree


@dataclass(frozen=True, slots=True)
class Model:
    """A fault tree with names.

    Attributes:
        name: Of the fault tree.
        top: Name of the top gate.
        tree: Its structure; event i is `events[i]`.
        events: Names of the basic events, in the order in which the top's gates name them.
        probabilities: Probability of each event.
        labels: What each event is called for people; empty: nothing is. Written, never read.
    """

    name: str
    top: str
    tree: FaultTree
    events: tuple[str, ...]
    probabilities: tuple[float, ...]
    labels: tuple[str, ...] = ()
