"""What is a fault tree: events, gates over them, and one top."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from impact.errors import InvalidTree

FALSE: Final = -1
TRUE: Final = -2


class Op(Enum):
    """How a gate joins its children. XOR holds if an odd number of children holds."""

    OR = "or"
    AND = "and"
    AT_LEAST = "atleast"
    XOR = "xor"
    NOT = "not"


DUAL: Final = {Op.OR: Op.AND, Op.AND: Op.OR}
"""What De Morgan makes of a gate over negated children."""


@dataclass(frozen=True, slots=True)
class Gate:
    """A gate over references; `k` is the number of children that AT_LEAST asks for."""

    op: Op
    children: tuple[int, ...]
    k: int = 0


@dataclass(frozen=True, slots=True)
class FaultTree:
    """A directed acyclic graph of gates over basic events, with one top.

    A reference is a number: 0 to `event_count - 1` are events, then come the gates, children
    before parents; FALSE and TRUE stand for constants and occur only as the top.

    Attributes:
        event_count: Number of events that references may name; not all need occur.
        gates: The gates; the reference of `gates[i]` is `event_count + i`.
        top: Reference of the top.

    Raises:
        InvalidTree: A reference to something that does not come earlier, or a gate whose number of
            children does not suit it.

    Examples:
        >>> tree = FaultTree(2, (Gate(Op.AND, (0, 1)),), top=2)
        >>> tree.holds(0b11), tree.holds(0b01)
        (True, False)
    """

    event_count: int
    gates: tuple[Gate, ...]
    top: int

    def __post_init__(self) -> None:
        """Refuse references that point nowhere."""
        for reference, gate in self.numbered_gates():
            _check(gate, reference)
        if not TRUE <= self.top < self.event_count + len(self.gates):
            raise InvalidTree(f"the top names {self.top}, which is neither an event nor a gate")

    def numbered_gates(self) -> Iterator[tuple[int, Gate]]:
        """Return each gate with its reference, children before parents."""
        return enumerate(self.gates, start=self.event_count)

    def gate(self, reference: int) -> Gate:
        """Return the gate of a reference."""
        return self.gates[reference - self.event_count]

    def is_gate(self, reference: int) -> bool:
        """Tell whether a reference names a gate."""
        return reference >= self.event_count

    @property
    def is_constant(self) -> bool:
        """Tell whether the top does not depend on any event."""
        return self.top < 0

    @property
    def is_plain(self) -> bool:
        """Tell whether there is neither NOT nor XOR: then the function is coherent."""
        return all(gate.op not in (Op.NOT, Op.XOR) for gate in self.gates)

    def events(self) -> list[int]:
        """Return the events that occur, in ascending order."""
        if self.top >= 0 and not self.is_gate(self.top):
            return [self.top]
        occurring = {child for gate in self.gates for child in gate.children}
        return sorted(child for child in occurring if child < self.event_count)

    def holds(self, world: int) -> bool:
        """Tell whether the top holds in a world, a number whose bit i says that event i holds."""
        if self.is_constant:
            return self.top == TRUE
        values = [bool(world >> event & 1) for event in range(self.event_count)]
        for gate in self.gates:
            values.append(_value(gate, [values[child] for child in gate.children]))
        return values[self.top]


def _value(gate: Gate, children: list[bool]) -> bool:
    match gate.op:
        case Op.OR:
            return any(children)
        case Op.AND:
            return all(children)
        case Op.AT_LEAST:
            return sum(children) >= gate.k
        case Op.XOR:
            return sum(children) % 2 == 1
        case Op.NOT:
            return not children[0]


def _check(gate: Gate, reference: int) -> None:
    if not all(0 <= child < reference for child in gate.children):
        raise InvalidTree(f"gate {reference} names a child that does not come before it")
    if not gate.children or (gate.op is Op.NOT and len(gate.children) != 1):
        raise InvalidTree(f"gate {reference} ({gate.op.value}) has {len(gate.children)} children")
    if gate.op is Op.AT_LEAST and not 1 <= gate.k <= len(gate.children):
        raise InvalidTree(f"gate {reference} asks for {gate.k} of {len(gate.children)} children")
