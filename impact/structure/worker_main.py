"""The worker process: builds diagrams of one tree and answers what is asked of them.

`python -m impact.structure.worker_main MEMORY_MB` reads one request a line and answers each with
one line: `load` a tree, `build` an order for a while, `drop` an order, `ask` a finished one.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TextIO

from impact.structure.diagrams import CutSetDiagram, Diagram
from impact.structure.managers import is_bounded, open_manager
from impact.structure.tree import FALSE, FaultTree
from impact.structure.wire import Message, unpack_tree


class Desk:
    """Holds the tree at hand and its diagrams, and answers requests about them."""

    def __init__(self) -> None:
        self._tree = FaultTree(0, (), FALSE)
        self._diagrams: dict[str, Diagram] = {}
        self._families: dict[str, CutSetDiagram] = {}

    def answer(self, request: Message) -> Message:
        """Return the answer to one request."""
        match request["do"]:
            case "load":
                self._tree = unpack_tree(request["tree"])
                self._diagrams.clear()
                self._families.clear()
                return {}
            case "build":
                return self._build(request)
            case "drop":
                self._diagrams.pop(request["order"], None)
                return {}
            case _:
                return self._tell(request)

    def _build(self, request: Message) -> Message:
        order = request["order"]
        if order not in self._diagrams:
            self._diagrams[order] = Diagram(self._tree, request["variables"])
        diagram = self._diagrams[order]
        is_whole = diagram.build(request["seconds"], request["nodes"])
        return {"is_whole": is_whole, "share": diagram.share, "nodes": diagram.size}

    def _tell(self, request: Message) -> Message:
        order = request["order"]
        diagram = self._diagrams[order]
        match request["what"]:
            case "probability":
                return {"value": diagram.probability(request["q"])}
            case "birnbaum":
                return {"value": diagram.birnbaum(request["q"])}
            case "count":
                return {"value": str(self._family(order).count(request["weights"]))}
            case "list":
                limits = {name: request[name] for name in ("largest", "floor", "limit")}
                sets, is_complete = self._family(order).listed(request["q"], **limits)
                return {"value": sets, "is_complete": is_complete}
            case _:
                return {"value": self._family(order).union_with(request["event"], request["q"])}

    def _family(self, order: str) -> CutSetDiagram:
        if order not in self._families:
            self._families[order] = self._diagrams[order].cut_sets()
        return self._families[order]


def limit_memory(memory_mb: int) -> None:
    """Bound what this process may take beyond what it has; a system without limits ignores it."""
    try:
        import resource
    except ImportError:
        return
    statm = Path("/proc/self/statm")
    pages = int(statm.read_text(encoding="ascii").split()[0]) if statm.exists() else 0
    bound = pages * resource.getpagesize() + memory_mb * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (bound, bound))


def serve(requests: TextIO, answers: TextIO) -> None:
    """Answer every line of `requests` until they end."""
    desk = Desk()
    for line in requests:
        answers.write(json.dumps(desk.answer(json.loads(line))) + "\n")
        answers.flush()


if __name__ == "__main__":
    if not is_bounded():
        limit_memory(int(sys.argv[1]))
    open_manager()  # without a library there is nothing to serve
    print("{}", flush=True)
    serve(sys.stdin, sys.stdout)
