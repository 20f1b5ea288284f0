"""Does a document cost the same number of database reads for one row and for two hundred?"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cmdb.model.records import Record
from cmdb.store.arcadedb import open_arcadedb
from cmdb_graphql.schema import build_schema
from tests.api.serving import Client, CountedService
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
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """The demo estate with enough CIs for a full page, in a database of its own."""
    service = CountedService(open_arcadedb(tmp_path_factory.mktemp("crowded") / "graph"))
    service.fill()
    records = [
        Record("PhysicalServer", key=f"r{n}", name=f"r-{n:03}", attributes={"serial": f"s{n}"})
        for n in range(200)
    ]
    poured(service.store, *[kept(record, source="bulk") for record in records])
    client = Client(service, build_schema())
    yield client
    client.workers.close()
    service.close()


def test_reads_do_not_depend_on_the_number_of_rows(crowded: Client) -> None:
    page = crowded(NESTED, {"first": 200}).data["cis"]["edges"]
    below = [edge for row in page for edge in row["node"]["providers"]["edges"]]
    assert len(page) == 200
    assert any(edge["node"]["providers"]["edges"] for edge in below)

    one, all_of_them = (crowded.reads(NESTED, {"first": first}) for first in (1, 200))

    # The registry is that of the log's head, one statement. A page is two (which, and what they
    # are), each level two (one for types without a direction); the first row may have nothing
    # below it.
    assert all_of_them == 7
    assert one <= all_of_them


def test_reads_of_history_and_groups_do_not_depend_on_the_number_of_rows(crowded: Client) -> None:
    few, all_of_them = (crowded.reads(MANY_KINDS, {"first": first}) for first in (50, 200))

    assert all_of_them <= few + 2
    assert all_of_them <= 20


PRACTICES = """
query ($first: Int!) {
  incidents(first: $first) {
    nodes { title affected { ci { id name class } effect onsetAt } legalStates }
    pageInfo { hasNextPage }
  }
  changes(first: $first) {
    nodes { title targets { ci { id name class } effect startAt } legalStates }
    pageInfo { hasNextPage }
  }
}
"""
WINDOW = 'startAt: "2031-01-01T00:00:00Z", endAt: "2031-01-01T01:00:00Z"'


def recorded(client: Client, count: int) -> None:
    """Record so many incidents and changes, each about two CIs of its own."""

    def pair(number: int) -> str:
        ids = (number, (number + 1) % count)
        return ", ".join(f'{{ci: "PhysicalServer/r-{each:03}"}}' for each in ids)

    fields = [
        f'i{n}: openIncident(input: {{title: "incident {n}", affected: [{pair(n)}]}}) '
        "{ __typename } "
        f'c{n}: planChange(input: {{title: "change {n}", targets: [{pair(n)}], {WINDOW}}}) '
        "{ __typename }"
        for n in range(count)
    ]
    for start in range(0, count, 10):
        written = client(f"mutation {{ {' '.join(fields[start : start + 10])} }}").data
        kinds = {result["__typename"] for result in written.values()}
        assert kinds == {"IncidentWritten", "ChangeWritten"}


def test_reads_of_incidents_and_changes_do_not_depend_on_the_number_of_rows(
    crowded: Client,
) -> None:
    recorded(crowded, 200)
    page = crowded(PRACTICES, {"first": 200}).data
    for kind, about in (("incidents", "affected"), ("changes", "targets")):
        nodes = page[kind]["nodes"]
        names = {each["ci"]["name"] for node in nodes for each in node[about]}
        assert len(nodes) == 200
        assert names == {f"r-{number:03}" for number in range(200)}

    one, all_of_them = (crowded.reads(PRACTICES, {"first": first}) for first in (1, 200))

    assert one == all_of_them
    assert all_of_them <= 6
