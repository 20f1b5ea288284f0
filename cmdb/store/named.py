"""Which CIs bear these names? Read at once for many names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cmdb.model.inventory import CI
from cmdb.model.rights import Visibility
from cmdb.store.connection import Connection
from cmdb.store.filter_cypher import Bound, clean, visible

_FIND_NAMED: Final = """
UNWIND $keys AS sought
MATCH (c:CI {{name_key: sought}})
WHERE {condition}
WITH c LIMIT $most
RETURN collect(properties(c)) AS cis
"""


def find_named(
    connection: Connection, names: Sequence[str], visibility: Visibility, most: int
) -> list[CI]:
    """Return the visible CIs of these names (caseless) in no order, retired ones too, merged not.

    Args:
        connection: The database.
        names: What they are called.
        visibility: What the caller may see.
        most: Most CIs; the others are left out.
    """
    keys = sorted({clean(name).casefold() for name in names})
    bound = Bound({"keys": keys, "most": most})
    seen = visible("c", visibility, bound)
    condition = " AND ".join(filter(None, ("c.merged_into IS NULL", seen)))
    [(found,)] = connection.read(_FIND_NAMED.format(condition=condition), bound.params)
    return [CI.from_properties(stored) for stored in found]
