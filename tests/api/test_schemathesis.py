"""Does any document that the contract allows end in a defect? Schemathesis makes them up.

Many of the texts in a document are replaced by names that are on record, so that it also reaches
what stands behind a look-up. Every field is asked over real HTTP, against the embedded engine.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import schemathesis
from graphql import StringValueNode, ValueNode, Visitor, parse, parse_value, print_ast, visit
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from schemathesis.core.result import Err

from cmdb_graphql.schema import build_schema
from tests.api.http.running_server import RunningServer, running_server

EXAMPLES = {"ci": 15, "long": 200}.get(os.environ.get("CMDB_TEST_SIZE", ""), 4)
CONTRACT = Path(__file__).parents[2] / "graphql" / "schema.graphql"
KNOWN = (
    "R-1", "R-2", "Rack/R-1", "Rack", "web", "BusinessService", "depends_on", "hosted_in",
    "viewer", "importer", "name", "lifecycle", "tool", "hard", "1", "", "disk is full",
    "2030-01-01T00:00:00Z",
)  # fmt: skip
WORDS = ("key", "name", "class", "source", "links", "attributes", "within", "type", "values")
ROOTS = {
    "Query": build_schema()._schema.query_type,
    "Mutation": build_schema()._schema.mutation_type,
}
FIELDS = [(kind, name) for kind, root in ROOTS.items() if root for name in root.fields]
ESTATE = """mutation {
  a: addCi(input: {class: "Rack", name: "R-1"}) { __typename }
  b: addCi(input: {class: "BusinessService", name: "web"}) { __typename }
  c: addRelationship(input: {type: "depends_on", dependent: "web", provider: "R-1"}) { __typename }
  d: openIncident(input: {title: "disk is full", affected: [{ci: "R-1", effect: DEGRADED}]}) {
    __typename }
}"""


def literal(value: Any) -> str:
    """Return a value of JSON as a document of GraphQL writes it."""
    if isinstance(value, dict):
        return "{" + " ".join(f"{name}: {literal(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + " ".join(map(literal, value)) + "]"
    return json.dumps(value)


def as_node(value: Any) -> ValueNode:
    return parse_value(literal(value))


numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
texts = st.sampled_from(KNOWN) | st.text(max_size=5)
times = st.datetimes().map(lambda moment: f"{moment.isoformat()}Z")
plain = st.none() | st.booleans() | numbers | texts
values = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=3)
    ),
    max_leaves=6,
)
schemathesis.graphql.scalar("JSON", values.map(as_node))
schemathesis.graphql.scalar("DateTime", (times | texts).map(as_node))
schemathesis.graphql.scalar("Moment", (times | texts | st.integers(-2, 9)).map(as_node))
SCHEMA = schemathesis.graphql.from_path(CONTRACT)


class Naming(Visitor):
    """Puts known names in the place of texts."""

    def __init__(self, data: st.DataObject) -> None:
        super().__init__()
        self._data = data

    def enter_string_value(self, *_: Any) -> StringValueNode | None:
        if self._data.draw(st.booleans()):
            return None
        return StringValueNode(value=self._data.draw(st.sampled_from(KNOWN)))


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    """An administrator's, at a server of its own: what is thrown at it is written."""
    with running_server(tmp_path_factory.mktemp("thrown")) as server:
        with server.client("administrator", "importer") as client:
            answer = client.post("/graphql", json={"query": ESTATE}).json()
            assert "errors" not in answer, answer
            yield client
        assert_still_whole(server)


def assert_still_whole(server: RunningServer) -> None:
    verified = server.ask("{ verifyLog { entries } }").json()
    assert verified["data"]["verifyLog"]["entries"] >= 4, verified


def test_every_field_of_the_contract_is_asked() -> None:
    made = {found.ok().label for found in SCHEMA.get_all_operations() if not isinstance(found, Err)}

    assert made == {f"{kind}.{name}" for kind, name in FIELDS}


@pytest.mark.parametrize(("kind", "name"), FIELDS, ids=lambda part: str(part))
def test_no_document_ends_in_a_defect(client: httpx2.Client, kind: str, name: str) -> None:
    operation = SCHEMA[kind][name]

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def throw(data: st.DataObject) -> None:
        made = data.draw(operation.as_strategy())
        document = print_ast(visit(parse(str(made.body)), Naming(data)))
        note(document)
        check(client.post("/graphql", json={"query": document}))

    throw()


def check(answer: httpx2.Response) -> None:
    """An answer is one of the API, whatever was asked."""
    body = answer.json()
    note(json.dumps(body)[:2_000])
    assert answer.status_code < 500
    codes = [error["extensions"]["code"] for error in body.get("errors", [])]
    assert "INTERNAL" not in codes
    assert all(code.isupper() for code in codes)
    # The contract allows each document: none is refused as one that is not valid.
    assert body["data"] is not None or codes
