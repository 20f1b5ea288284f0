"""A small shop on three servers, and operations on it as different people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cmdb.model.records import Link, Record, Reference
from cmdb.model.rights import ROLES, Caller
from cmdb.ports import EditReason, NewAffected, NewIncident
from cmdb.services.context import Context
from cmdb.services.local_operations import LocalOperations
from cmdb.snapshot import Snapshots
from cmdb.store.connection import Connection
from cmdb.store.graph_store import GraphStore
from tests.contract.stores import SetClock, host, kept, poured, store_over

NOW = datetime(2030, 1, 1, tzinfo=UTC)
ADMIN = Caller("ann", frozenset(ROLES))
PLANNER = Caller("pat", frozenset({"planner"}))
VIEWER = Caller("vic", frozenset({"viewer"}))
WHY = EditReason("as the test wants it")
BROKEN = NewIncident("database is gone", (NewAffected("db"),))


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
        poured(self.store, *(kept(record) for record in _records()))

    def as_(self, caller: Caller) -> LocalOperations:
        """Return what this person can do."""
        context = Context(self.store, self.snapshots, self.clock, caller)

        def none(name: str) -> object:
            raise AssertionError(name)

        return LocalOperations(context, none, dict, iter)  # type: ignore[arg-type]  # imports nothing


FIRST_DOUBLE, SECOND_DOUBLE = "db again", "db once more"
_DOUBLES = (
    Record("Host", key="1", name=FIRST_DOUBLE, attributes={"fqdn": "db.example.org"}),
    Record("Host", key="2", name=SECOND_DOUBLE, attributes={"uuid": "4c4c4544-0031"}),
)


def with_doubles(shop: Shop) -> None:
    """Put `db` on record twice more, as CIs of their own."""
    poured(shop.store, *(kept(double) for double in _DOUBLES))


def merge_doubles(shop: Shop) -> None:
    """Merge the second double into the first, and that one into `db`: a chain."""
    _, second = _DOUBLES
    bridge = replace(second, attributes={**second.attributes, "fqdn": "db.example.org"})
    poured(shop.store, kept(bridge, observed_ms=4))
    poured(shop.store, kept(host("db", fqdn="db.example.org"), observed_ms=5))


def _records() -> Iterator[Record]:
    for name in ("web-1", "web-2", "web-3", "db", "vault"):
        restricted: dict[str, Any] = {"restricted_to": ["red"]} if name == "vault" else {}
        yield host(name, **restricted)
    yield _service("orders", 3, _needs(_server("db")))
    yield _service("shop", 4, _needs(Reference("BusinessService", {"code": "orders"})))
    yield _service("secret", 4, _needs(_server("db")), restricted_to=["red"])
    yield _service("audit", 2, _needs(_server("vault")))
    owner = Reference("BusinessService", {"code": "shop"})
    members = [Link("has_member", _server(f"web-{number}")) for number in (1, 2, 3)]
    yield Record(
        "RedundancyGroup",
        key="pool",
        name="pool",
        attributes={"k_min": 2, "k_full": 2},
        within={"owner": owner},
        links=[*members, Link("depends_on", owner, reverse=True)],
    )


def _service(name: str, criticality: int, need: Link, **more: object) -> Record:
    facts = {"code": name, "criticality": criticality}
    teams = {"owner": f"{name} team", "support": f"{name} on call"}
    attributes = {**facts, **teams, **more}
    return Record("BusinessService", key=name, name=name, attributes=attributes, links=[need])


def _needs(provider: Reference) -> Link:
    return Link("depends_on", provider, strength="hard")


def _server(name: str) -> Reference:
    return Reference("PhysicalServer", {"serial": name, "vendor": "acme"})
