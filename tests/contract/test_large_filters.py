"""Does every engine run a filter of as many conditions as are allowed?"""

from __future__ import annotations

import pytest

from cmdb.model.rights import SEES_ALL
from cmdb.model.selection import And, Filter, Or, Selection, Where
from cmdb.store import reading
from cmdb.store.connection import Connection
from tests.contract.reading_estate import REGISTRY, load
from tests.contract.test_reading import ESTATE


@pytest.mark.parametrize("count", [150, 250, 498])
def test_as_many_conditions_as_are_allowed_are_read(connection: Connection, count: int) -> None:
    load(connection, ESTATE)

    def names(where: Filter) -> list[str]:
        selection = Selection(where=where, fields=("id",), first=200)
        return [row[0] for row in reading.select(connection, REGISTRY, selection, SEES_ALL).rows]

    others = tuple(Where("name", "eq", f"no-{n}") for n in range(count))
    some = tuple(Where("notes", "contains", f"no-{n}") for n in range(count))
    wanted = Where("id", "in", ["h", "h2"])

    assert names(Or((*others, wanted))) == names(wanted) != []
    assert names(Or(others)) == names(Or(some)) == names(And((*others, wanted))) == []
