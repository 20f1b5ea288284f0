"""Do filters, orders, pages and nested rows give what a naive reading of the same rows gives?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cmdb.model.rights import Visibility
from cmdb.model.selection import Nested, Selection
from cmdb.store import reading
from cmdb.store.connection import Connection
from tests.contract.conftest import Engines
from tests.contract.reading_estate import ESTATE, REGISTRY, is_loaded, load, mark_loaded
from tests.contract.reading_oracle import SELECTIONS, VIEWERS, listed, nested_rows

seeded = settings(
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def estate(kind: str, engines: Engines, request: pytest.FixtureRequest) -> Connection:
    connection = engines.connection(kind)
    if not is_loaded(connection):
        connection = request.getfixturevalue("connection")
        load(connection, ESTATE)
        mark_loaded(connection)
    return connection


def pages(
    connection: Connection, selection: Selection, visibility: Visibility
) -> Iterator[list[object]]:
    for _ in range(len(ESTATE.cis) + 1):
        page = reading.select(connection, REGISTRY, selection, visibility)
        assert len(page.rows) == len(page.cursors) <= selection.first
        yield from page.rows
        if not page.has_next:
            return
        selection = replace(selection, after=page.cursors[-1])
    pytest.fail("the pages do not end")


@seeded
@given(selection=SELECTIONS, visibility=st.sampled_from(VIEWERS))
def test_pages_hold_every_row_once_and_in_order(
    estate: Connection, selection: Selection, visibility: Visibility
) -> None:
    found = list(pages(estate, selection, visibility))

    assert found == [
        [row["id"], row["class"], row["name"], row.get("a_tags"), row.get("a_memory_mib")]
        for row in listed(ESTATE, selection, visibility)
    ]


@seeded
@given(
    nested=st.builds(
        Nested,
        direction=st.sampled_from(["providers", "dependents"]),
        types=st.sampled_from([(), ("linked_to",), ("depends_on", "linked_to"), ("runs_on",)]),
        fields=st.just(("id",)),
        first=st.sampled_from([1, 3, 200]),
    ),
    visibility=st.sampled_from(VIEWERS),
)
def test_nested_rows_are_those_of_each_parent(
    estate: Connection, nested: Nested, visibility: Visibility
) -> None:
    two_levels = replace(nested, relations={"next": nested})
    selection = Selection(first=200, fields=("id",), relations={"near": two_levels})

    page = reading.select(estate, REGISTRY, selection, visibility)

    for (ci_id,), rows in zip(page.rows, page.nested["near"], strict=True):
        found = [(row[0], row[2]["id"]) for row in rows]
        assert found == nested_rows(ESTATE, ci_id, nested, visibility)
        for other, below, _ in rows:
            further = [(row[0], row[1]["id"]) for row in below]
            assert further == nested_rows(ESTATE, other, nested, visibility)
