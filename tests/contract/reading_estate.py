"""A small estate full of awkward values, as stored rows, and how it gets into a database."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any, Final

from cmdb.model.shipped import shipped_registry
from cmdb.store.connection import Connection, Transaction, search_words
from cmdb.store.ordering import ordering_keys
from cmdb.store.schema import migrate

REGISTRY: Final = shipped_registry()
NAMES: Final = (
    "web-1", "Web-1", "WEB", "w", "straße", "STRASSE", "ａｂｃ", "😀x", "\U00010400", "éa",
    "e\u0301a", "a b", "a", "a!", "a'b`c\"", "x\\y", "Жук", "%", "$p0", "db.prod", "Ünï", "\uffee",
)  # fmt: skip
TEXTS: Final = ("production", "Production", "test", "", "prod'; DROP", "😀", "é", "ｱ")
TAGS: Final = ("x", "y", "X", "x'y", "")
NUMBERS: Final = (0.0, 0.25, 0.5, 0.999, 1.0)
WHOLE: Final = (-1, 0, 1, 1024, 2**53 + 1, 2**62)
CLASSES: Final = (
    "Host", "VirtualMachine", "PhysicalServer", "NetworkDevice", "BusinessApplication",
    "ClusterService", "ContainerWorkload", "ApiEndpoint",
)  # fmt: skip
LIFECYCLES: Final = ("in_use", "in_use", "planned", "in_maintenance", "retired")
SECRET: Final = "team-secret"

_CREATE_CIS: Final = "UNWIND $rows AS row CREATE (c:CI) SET c = row"
_CREATE_EDGES: Final = """
UNWIND $rows AS row
MATCH (a:CI {id: row.dependent})
MATCH (b:CI {id: row.provider})
CREATE (a)-[r:%s]->(b) SET r = row.values
"""
_IS_LOADED: Final = "MATCH (m:ReadingEstate) RETURN count(m) AS number"
_LOADED: Final = "CREATE (m:ReadingEstate {id: 'loaded'})"


@dataclass(frozen=True)
class Estate:
    """Stored rows of CIs, and relationships as (type, dependent, provider, values)."""

    cis: list[dict[str, Any]] = field(default_factory=list)
    edges: list[tuple[str, str, str, dict[str, Any]]] = field(default_factory=list)


def ci_row(ci_id: str, class_name: str, name: str, **others: Any) -> dict[str, Any]:
    """The stored properties of a CI; `None` leaves one out."""
    row = {
        "id": ci_id,
        "class": class_name,
        "name": name,
        "name_key": name.casefold(),
        **ordering_keys(class_name, name.casefold(), ci_id),
        "lifecycle": "in_use",
        "version": 1,
        "created_at": 1_700_000_000_000,
        "updated_at": 1_700_000_000_000,
        "search_text": search_words(name),
        **others,
    }
    if row.get("restricted_to"):
        row["a_restricted_to"] = row["restricted_to"]
    return {key: value for key, value in row.items() if value is not None}


def edge(number: int, kind: str, dependent: str, provider: str, **values: Any) -> Any:
    """A relationship and its stored properties."""
    stored = {"id": f"r{number:04d}", "version": 1, "live": True, "discriminator": ""}
    return kind, dependent, provider, stored | {"confidence": 1.0, "assertions": "[]"} | values


def random_estate(seed: int = 7, size: int = 80) -> Estate:
    """An estate with absent values, lists, equal names, retired, merged and restricted CIs."""
    pick = random.Random(seed)
    cis = []
    for number in range(size):
        class_name = pick.choice(CLASSES)
        cis.append(
            ci_row(
                f"ci{number:03d}",
                class_name,
                pick.choice(NAMES),
                lifecycle=pick.choice(LIFECYCLES),
                version=pick.randrange(1, 6),
                created_at=1_700_000_000_000 + pick.randrange(4),
                restricted_to=pick.choice([None, None, None, [SECRET], [SECRET, "other"]]),
                merged_into="ci000" if pick.random() < 0.05 else None,
                **_attributes(pick, class_name),
            )
        )
    edges = []
    kinds = ("depends_on", "runs_on", "linked_to", "hosted_in")
    for number in range(3 * size):
        ends = [f"ci{pick.randrange(size):03d}" for _ in range(2)]
        values = {"strength": "hard"} if pick.random() < 0.3 else {}
        is_live = pick.random() < 0.8
        edges.append(edge(number, pick.choice(kinds), *ends, live=is_live, **values))
    return Estate(cis, edges)


def _attributes(pick: random.Random, class_name: str) -> dict[str, Any]:
    known = REGISTRY.attributes(class_name)
    several = [[], [pick.choice(TAGS)], [pick.choice(TAGS), pick.choice(TAGS)]]
    ports = {
        "NetworkDevice": pick.choice([80, 443]),
        "ContainerWorkload": pick.choice([[80], [80, 443], [1]]),
        "ClusterService": '[{"port":80}]',
    }
    drawn = {
        "environment": pick.choice(TEXTS),
        "availability": pick.choice(NUMBERS),
        "memory_mib": pick.choice(WHOLE),
        "tags": pick.choice(several),
        "tls": pick.choice([True, False]),
        "version": pick.choice(["1.0", "2"]),
        "labels": '{"a":"b"}',
        "ports": ports.get(class_name),
    }
    return {
        f"a_{name}": value for name, value in drawn.items() if name in known and pick.random() < 0.7
    }


ESTATE: Final = random_estate()


def load(connection: Connection, estate: Estate) -> None:
    """Write an estate into an empty database."""
    migrate(connection, REGISTRY)

    def write(tx: Transaction) -> None:
        tx.run(_CREATE_CIS, {"rows": estate.cis})
        for kind in sorted({kind for kind, *_ in estate.edges}):
            rows = [
                {"dependent": dependent, "provider": provider, "values": values}
                for of_kind, dependent, provider, values in estate.edges
                if of_kind == kind
            ]
            tx.run(_CREATE_EDGES % kind, {"rows": rows})

    connection.write(write)


def is_loaded(connection: Connection) -> bool:
    """Whether the shared estate is still there; other tests empty the database."""
    return bool(connection.read(_IS_LOADED)[0][0])


def mark_loaded(connection: Connection) -> None:
    """Note that the shared estate is there."""
    connection.write(lambda tx: tx.run(_LOADED))
