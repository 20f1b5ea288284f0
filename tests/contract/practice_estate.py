"""A small shop on three servers, and operations on it as different people."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cmdb.model.rights import ROLES, Caller
from cmdb.ports import EditReason, NewGroup, NewRelationship
from cmdb.services.context import Context
from cmdb.services.local_operations import LocalOperations
from cmdb.snapshot import Snapshots
from cmdb.store.connection import Connection
from cmdb.store.graph_store import GraphStore
from tests.contract.stores import SetClock, store_over

NOW = datetime(2030, 1, 1, tzinfo=UTC)
ADMIN = Caller("ann", frozenset(ROLES))
PLANNER = Caller("pat", frozenset({"planner"}))
VIEWER = Caller("vic", frozenset({"viewer"}))
WHY = EditReason("as the test wants it")


def minutes(count: float) -> datetime:
    """Return a moment, counted from the present."""
    return NOW + timedelta(minutes=count)


@dataclass
class Shop:
    """web-1 to web-3, of which the pool needs two, carry `shop`; `db` carries `orders`.

    `shop` relies on `orders`. `secret` is a restricted service on `db`, and `vault` a restricted
    server that carries `audit`.
    """

    connection: Connection
    clock: SetClock = field(default_factory=SetClock)
    store: GraphStore = field(init=False)
    snapshots: Snapshots = field(init=False)

    def __post_init__(self) -> None:
        self.store = store_over(self.connection, self.clock)
        self.snapshots = Snapshots(self.store, self.store.registry)
        make = self.as_(ADMIN)
        for name in ("web-1", "web-2", "web-3", "db", "vault"):
            values = {"serial": name, "vendor": "acme"}
            if name == "vault":
                values["restricted_to"] = ["red"]
            make.add_ci("PhysicalServer", name, values, {}, WHY)
        for name, criticality in (("shop", 4), ("orders", 3), ("secret", 4), ("audit", 2)):
            facts: dict[str, object] = {
                "criticality": criticality,
                "owner": f"{name} team",
                "support": f"{name} on call",
            }
            if name == "secret":
                facts["restricted_to"] = ["red"]
            make.add_ci("BusinessService", name, facts, {}, WHY)
        pool = NewGroup("pool", ("web-1", "web-2", "web-3"), 2, 2, owner="shop")
        make.add_group(pool, WHY)
        for dependent, provider in (
            ("orders", "db"),
            ("shop", "orders"),
            ("secret", "db"),
            ("audit", "vault"),
        ):
            make.add_relationship(NewRelationship("depends_on", dependent, provider, "hard"), WHY)

    def as_(self, caller: Caller) -> LocalOperations:
        """Return what this person can do."""
        context = Context(self.store, self.snapshots, self.clock, caller)

        def none(name: str) -> object:
            raise AssertionError(name)

        return LocalOperations(context, none, dict, iter)  # type: ignore[arg-type]
