"""What do short commands do? All of it, once, in one process: so the Java machine learns from it.

Run by `cmdb.store.fast_start.make_cache`, in an empty working directory that is thrown away.
"""

from __future__ import annotations

import sys

from cmdb.cli.running import run

_DATA = "demo/data"
_BEGIN, _END = "2027-03-06T22:00:00Z", "2027-03-06T23:00:00Z"
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("demo", "--folder", "demo"),
    ("ci", "show", "hv-sq-2"),
    ("ci", "list", "--class", "Rack"),
    ("ci", "set", "Rack/SQ-2", "name=SQ-2"),
    ("search", "shop"),
    ("preview", "--target", "PowerSource/SQ-A", "--from", _BEGIN, "--to", _END),
    ("blast-radius", "hv-sq-2", "--json"),
    ("diff", "r1", "now"),
    ("log", "list"),
    ("source", "list"),
    ("doctor",),
    ("export", "export.jsonl"),
)


def train() -> int:
    """Run the commands and return the worst of their exit codes."""
    return max(run(("--data-dir", _DATA, *words)) for words in COMMANDS)


if __name__ == "__main__":
    sys.exit(train())
