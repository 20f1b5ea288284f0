"""Do pages go on where they ended whatever the characters, also on keys from before migration 5?"""

from __future__ import annotations

import pytest

from cmdb.model.rights import SEES_ALL
from cmdb.model.selection import Selection, Sort
from cmdb.model.shipped import shipped_registry
from cmdb.store import pages, reading, schema
from cmdb.store.connection import Connection
from cmdb.store.ordering import ordered_text, rewrite_ordering_keys
from cmdb.store.schema import MIGRATIONS, migrate
from tests.contract.reading_estate import Estate, ci_row, load

REGISTRY = shipped_registry()
# In the order of code points; in UTF-16 those beyond U+FFFF come before U+E000.
NAMES = ("w", "éa", "\ud7fe", "\ud7ff", "\ue000", "ａｂｃ", "\uffee", "\U00010400", "😀", "😀x")
CIS = [
    ci_row(f"ci{place:02d}", "Host", name, a_environment=name)
    for place, name in enumerate(reversed(NAMES))
]


def names(connection: Connection, sort: Sort) -> list[str]:
    """Return all names, read in pages of one row."""
    found: list[str] = []
    selection = Selection(class_name="Host", sort=sort, first=1, fields=("name",))
    for _ in range(len(NAMES) + 1):
        page = reading.select(connection, REGISTRY, selection, SEES_ALL)
        found += [row[0] for row in page.rows]
        if not page.has_next:
            return found
        selection = Selection(
            class_name="Host", sort=sort, first=1, fields=("name",), after=page.cursors[-1]
        )
    raise AssertionError(f"the pages do not end: {found}")


@pytest.mark.parametrize("field", ["name", "environment"])
def test_pages_of_any_characters_hold_every_row_once(connection: Connection, field: str) -> None:
    load(connection, Estate(CIS))

    assert names(connection, Sort(field)) == list(NAMES)
    assert names(connection, Sort(field, descending=True)) == list(reversed(NAMES))


def test_pages_of_keys_of_any_characters_hold_every_node_once(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "_PAGE_ROWS", 1)
    migrate(connection, REGISTRY)
    make = "UNWIND $keys AS k CREATE (i:Identifier {key: k}) RETURN count(i) AS n"
    connection.write(lambda tx: tx.run(make, {"keys": list(reversed(NAMES))}))

    found = [
        row["key"]
        for page in pages.read_pages(connection.read, pages.count_rows(connection.read))
        for row in page.rows
        if page.shape.label == "Identifier"
    ]

    assert found == list(NAMES)


def test_the_migration_rewrites_the_keys_of_before_and_can_be_repeated(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as older:
        older.setattr(schema, "MIGRATIONS", MIGRATIONS[:4])
        assert migrate(connection, REGISTRY) == 4
    before = [
        row
        | {"sort_key": f"{row['name']} {row['id']}", "class_key": f"host {row['name']} {row['id']}"}
        for row in CIS
    ]
    make = "UNWIND $rows AS r CREATE (c:CI) SET c = r RETURN count(c) AS n"
    connection.write(lambda tx: tx.run(make, {"rows": before}))

    assert migrate(connection, REGISTRY) == len(MIGRATIONS)
    rewrite_ordering_keys(connection)

    keys = connection.read("MATCH (c:CI) RETURN c.id AS id, c.sort_key AS key, c.class_key AS own")
    assert {row[0]: (row[1], row[2]) for row in keys} == {
        row["id"]: (
            ordered_text(f"{row['name_key']} {row['id']}"),
            "host " + ordered_text(f"{row['name_key']} {row['id']}"),
        )
        for row in CIS
    }


def test_the_form_keeps_the_order_of_code_points_in_both_encodings() -> None:
    kept = [ordered_text(name) for name in NAMES]

    assert kept == sorted(kept)
    assert kept == sorted(kept, key=lambda text: text.encode("utf-16-be"))
    assert len(set(kept)) == len(NAMES)
