"""Is a CI whose class nobody knows any more told as such, rather than as a defect?"""

from __future__ import annotations

from typing import Any

import pytest

from cmdb.errors import BadValue
from cmdb.services.local_operations import LocalOperations
from cmdb.store.connection import Connection
from tests.contract.services import WHY, operations_over
from tests.contract.stores import SetClock, store_over

BLADE: dict[str, Any] = {
    "name": "Blade",
    "layer": "compute",
    "rules": ["slot"],
    "attributes": [{"name": "slot"}],
    "summary": "A server in a chassis.",
}
FORGET = "MATCH (d:ClassDefinition {name: 'Blade'}) DETACH DELETE d RETURN count(d) AS gone"


def reopened(connection: Connection) -> LocalOperations:
    """Return the operations of a process that starts now."""
    return operations_over(store_over(connection), SetClock())


def test_a_ci_whose_class_is_gone_is_not_restored_until_it_is_registered_again(
    connection: Connection,
) -> None:
    first = reopened(connection)
    first.register_class(BLADE, WHY)
    made = first.add_ci("Blade", "b1", {"slot": "1"}, {}, WHY)
    first.retire_ci(made.id, WHY)
    connection.write(lambda tx: tx.run(FORGET))

    with pytest.raises(BadValue, match="there is no class 'Blade'"):
        reopened(connection).restore_ci(made.id, WHY)
    reopened(connection).register_class(BLADE, WHY)

    assert reopened(connection).restore_ci(made.id, WHY).lifecycle == "in_use"
