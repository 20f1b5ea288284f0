"""What is promised to clients? The schema as text, and what would break their documents.

`python -m cmdb_graphql.contract graphql/schema.graphql` writes it; a test compares.
"""

from __future__ import annotations

import sys
from pathlib import Path

from graphql import build_schema as read_schema
from graphql.utilities import find_breaking_changes

from cmdb_graphql.schema import build_schema


def contract() -> str:
    """Return the schema as text."""
    return build_schema().as_str() + "\n"


def breaking_changes(released: str, present: str) -> list[str]:
    """Return what would break clients of one contract if they met another.

    Args:
        released: The contract that clients know.
        present: The one that they would meet.
    """
    changes = find_breaking_changes(read_schema(released), read_schema(present))
    return sorted(change.description for change in changes)


def may_break(released_version: str, version: str) -> bool:
    """Return whether a version may break clients of another: its major number has risen.

    Before 1.0 the minor number stands in for it, as semantic versioning has it.

    >>> may_break("1.4.0", "2.0.0"), may_break("1.4.0", "1.5.0"), may_break("0.1.0", "0.2.0")
    (True, False, True)
    """
    before, after = (tuple(map(int, text.split(".")[:2])) for text in (released_version, version))
    return after[0] > before[0] or (before[0] == after[0] == 0 and after[1] > before[1])


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(contract(), encoding="utf-8")
