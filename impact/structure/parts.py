"""How does a tree fall apart: into single points, modules, gates known by heart, and hard cores."""

from __future__ import annotations

from dataclasses import dataclass

from impact.structure.factoring import factored
from impact.structure.folding import fold
from impact.structure.modules import Module, find_modules
from impact.structure.single_points import find_single_points
from impact.structure.tree import FaultTree


@dataclass(frozen=True, slots=True)
class Core:
    """A tree that falls apart no further: one gate, or what needs a diagram."""

    tree: FaultTree

    @property
    def is_one_gate(self) -> bool:
        """Tell whether a closed form is known."""
        return len(self.tree.gates) == 1 and len(set(self.tree.gates[0].children)) == len(
            self.tree.gates[0].children
        )


@dataclass(frozen=True, slots=True)
class Part:
    """A tree whose top is `any of the single points, or what is left without them`.

    Attributes:
        single_points: Events that bring about the top alone.
        rest: The tree with the single points taken as never holding; constant if nothing is left.
        modules: The modules of the rest, inner ones first, each with what it falls apart into.
    """

    single_points: tuple[int, ...]
    rest: FaultTree
    modules: tuple[tuple[Module, Core | Part], ...]


def take_apart(tree: FaultTree) -> Part:
    """Return what a folded tree falls apart into; every step is exact.

    A tree with a NOT or an XOR has no single points here, but it has modules.
    """
    return _take_apart(factored(tree))


def _take_apart(tree: FaultTree) -> Part:
    points = find_single_points(tree) if tree.is_plain else []
    rest = fold(tree, dict.fromkeys(points, False)) if points else tree
    modules = find_modules(rest)
    return Part(
        tuple(points), rest, tuple((module, _within(module, rest, points)) for module in modules)
    )


def _within(module: Module, rest: FaultTree, points: list[int]) -> Core | Part:
    if len(module.tree.gates) == 1:
        return Core(module.tree)
    if not points and len(module.tree.gates) == len(rest.gates):
        return Core(module.tree)
    part = _take_apart(module.tree)
    return part if part.single_points or len(part.modules) > 1 else Core(module.tree)
