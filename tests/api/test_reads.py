"""Does a document cost the same number of database reads for one row and for two hundred?"""

from __future__ import annotations

import pytest

from cmdb.model.records import Record
from tests.api.serving import Client, LocalService
from tests.contract.stores import kept, poured

NESTED = """
query ($first: Int!) {
  cis(first: $first) {
    edges {
      node {
        name
        providers(first: 20) {
          edges {
            relationship { strength }
            node { name providers(first: 20) { edges { node { name lifecycle } } } }
          }
        }
      }
    }
  }
}
"""
MANY_KINDS = """
query ($first: Int!) {
  cis(first: $first) {
    nodes {
      history(first: 3) { events { revision } }
      groups { nodes { name groups { nodes { name } } } }
      dependents(first: 5, types: ["depends_on"]) {
        nodes { name dependents(first: 5) { nodes { name } } }
      }
    }
  }
}
"""


@pytest.fixture(scope="module")
def many(service: LocalService) -> None:
    """Enough CIs for a full page."""
    records = [
        Record(
            "PhysicalServer", key=f"rack-{n}", name=f"rack-{n:03}", attributes={"serial": f"s{n}"}
        )
        for n in range(200)
    ]
    poured(service.store, *[kept(record, source="bulk") for record in records])


@pytest.mark.usefixtures("many")
def test_reads_do_not_depend_on_the_number_of_rows(api: Client) -> None:
    page = api(NESTED, {"first": 200}).data["cis"]["edges"]
    below = [edge for row in page for edge in row["node"]["providers"]["edges"]]
    assert len(page) == 200
    assert any(edge["node"]["providers"]["edges"] for edge in below)

    one, all_of_them = (api.reads(NESTED, {"first": first}) for first in (1, 200))

    # A page is two statements (which, and what they are), each level two (one for types without
    # a direction); the first row may have nothing below it.
    assert all_of_them == 6
    assert one <= all_of_them


@pytest.mark.usefixtures("many")
def test_reads_of_history_and_groups_do_not_depend_on_the_number_of_rows(api: Client) -> None:
    few, all_of_them = (api.reads(MANY_KINDS, {"first": first}) for first in (50, 200))

    assert all_of_them <= few + 2
    assert all_of_them <= 20
