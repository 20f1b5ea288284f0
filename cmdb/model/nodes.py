"""What is kept beside the inventory? Incidents, changes, kept previews and tokens: one shape.

Each is a node with a state, an optional stretch of time and a body of plain JSON values, attached
to the CIs that it concerns. What the body means is known to the modules of each kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

NodeKind = Literal["incident", "change", "preview", "token"]
NODE_KINDS: tuple[NodeKind, ...] = ("incident", "change", "preview", "token")


@dataclass(frozen=True, slots=True)
class Node:
    """One such node as it stands.

    Attributes:
        kind: What it is.
        id: Opaque, time-ordered.
        version: The revision that last changed it.
        state: Of its life, in the words of its kind.
        body: Everything else, as values that JSON can hold.
        concerns: Ids of the CIs it is attached to, sorted.
        begin_at: When what it tells of begins, in epoch milliseconds; None: not known.
        end_at: When it ends; None: no end in sight.
        lookup: An exact text it is found by (the hash of a token), or empty.
        created_at: Epoch milliseconds.
        updated_at: Epoch milliseconds.
    """

    kind: NodeKind
    id: str
    version: int
    state: str
    body: Mapping[str, Any]
    concerns: tuple[str, ...] = ()
    begin_at: int | None = None
    end_at: int | None = None
    lookup: str = ""
    created_at: int = 0
    updated_at: int = 0


@dataclass(frozen=True, slots=True)
class NodeChange:
    """A node as it is to be; `before` is the stored one, None for a new one.

    The version and the times of `after` are given by the store.
    """

    before: Node | None
    after: Node

    @property
    def is_new(self) -> bool:
        """Whether the node is made by this change."""
        return self.before is None

    @property
    def version(self) -> int:
        """The version it was decided on; 0 for a new one."""
        return self.before.version if self.before else 0


@dataclass(frozen=True, slots=True)
class NodeListing:
    """Which nodes of one kind are wanted, newest first.

    Attributes:
        kind: What they are.
        states: Only these; None for all, an empty sequence for none.
        concerns: Only those attached to one of these CIs; None for all, empty for none.
        from_at: Only those that have not ended before this (epoch ms); None: no bound.
        to_at: Only those that begin before this (epoch ms); None: no bound.
        first: Most of them.
        after: Id of the last one of the page before, or empty.
    """

    kind: NodeKind
    states: Sequence[str] | None = None
    concerns: Sequence[str] | None = None
    from_at: int | None = None
    to_at: int | None = None
    first: int = 50
    after: str = ""


def logged_values(node: Node | None) -> dict[str, Any]:
    """Return a node as the log compares it: state, times, what it concerns, and its body."""
    if node is None:
        return {}
    facts: dict[str, Any] = {
        "state": node.state,
        "begin_at": node.begin_at,
        "end_at": node.end_at,
        "concerns": list(node.concerns),
    }
    return facts | {f"body.{name}": value for name, value in node.body.items()}


@dataclass(frozen=True, slots=True)
class NodePage:
    """Some nodes, newest first, and whether more follow."""

    nodes: tuple[Node, ...] = field(default_factory=tuple)
    has_next: bool = False
