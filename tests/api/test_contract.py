"""Is the committed contract the one of the code, and does it keep what was promised?"""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql import build_schema

import cmdb
from cmdb.ports.operations import Operations
from cmdb_graphql.contract import breaking_changes, contract, may_break

FOLDER = Path(__file__).parents[2] / "graphql"
PRESENT = (FOLDER / "schema.graphql").read_text(encoding="utf-8")
RELEASED = (FOLDER / "released.graphql").read_text(encoding="utf-8")
RELEASED_VERSION = RELEASED.splitlines()[0].removeprefix("# version ")

ELSEWHERE = {
    "close": "not a thing that users do",
    "import_inventory": "POST /imports/{format}",
    "export_inventory": "GET /export",
}
FIELDS = {
    "list_classes": "classes",
    "show_class": "class",
    "list_types": "relationshipTypes",
    "list_formats": "formats",
    "find_ci": "ci",
    "list_cis": "cis",
    "show_ci": "ci",
    "get_history": "ci",
    "search_cis": "search",
    "single_points": "spof",
    "explain_impact": "explain",
    "preview_change": "preview",
    "diff_moments": "diff",
    "list_log": "log",
    "show_log": "logEntry",
    "read_feed": "feed",
    "anchor_log": "anchor",
    "list_sources": "dataSources",
    "list_runs": "importRuns",
    "find_run": "importRun",
    "find_incident": "incident",
    "list_incidents": "incidents",
    "find_change": "change",
    "list_changes": "changes",
    "find_preview": "keptPreview",
    "list_previews": "previews",
    "list_tokens": "tokens",
    "register_type": "registerRelationshipType",
}


def test_the_committed_contract_is_the_one_of_the_code() -> None:
    assert contract() == PRESENT, "run `make docs` and commit graphql/schema.graphql"


def test_the_contract_breaks_no_client_of_the_last_release() -> None:
    """Where it must, the version says so; then `released.graphql` is replaced with the release."""
    broken = breaking_changes(RELEASED, PRESENT)

    assert not broken or may_break(RELEASED_VERSION, cmdb.__version__), broken


@pytest.mark.parametrize(
    ("taken", "put"),
    [
        ("  isPartial: Boolean!\n", ""),
        ("  isPartial: Boolean!\n", "  isPartial: Boolean\n"),
        ("  lte: DateTime\n", "  lte: DateTime!\n"),
        ("  AT_RISK\n", ""),
        ("union CIResult = CIWritten | ", "union CIResult = "),
    ],
)
def test_a_change_that_breaks_clients_is_found(taken: str, put: str) -> None:
    assert taken in PRESENT

    assert breaking_changes(PRESENT, PRESENT.replace(taken, put))


def test_a_new_field_breaks_nobody() -> None:
    more = PRESENT.replace("  hitCount: Int!\n", "  hitCount: Int!\n  more: Int\n")

    assert more != PRESENT
    assert breaking_changes(PRESENT, more) == []


def test_only_a_risen_major_number_may_break() -> None:
    assert may_break("1.9.0", "2.0.0")
    assert may_break("0.1.0", "0.2.0")
    assert not may_break("0.1.0", "0.1.9")
    assert not may_break("1.9.0", "1.10.0")
    assert not may_break("2.0.0", "1.0.0")


def test_everything_that_a_user_can_do_has_a_root_field() -> None:
    schema = build_schema(PRESENT)
    roots = (schema.query_type, schema.mutation_type)
    offered = {name for root in roots if root is not None for name in root.fields}

    wanted = {
        name: FIELDS.get(name) or _camel(name)
        for name in dir(Operations)
        if not name.startswith("_") and name not in ELSEWHERE
    }
    assert len(wanted) > 45
    assert {name: field for name, field in wanted.items() if field not in offered} == {}


def test_every_type_and_root_field_is_described() -> None:
    schema = build_schema(PRESENT)
    ours = {
        name: kind
        for name, kind in schema.type_map.items()
        if not name.startswith("__") and name not in ("String", "Int", "Float", "Boolean", "ID")
    }

    # Unions say what they are by their members.
    silent = [n for n, kind in ours.items() if not kind.description and not n.endswith("Result")]
    assert silent == []
    roots = [schema.query_type, schema.mutation_type, schema.subscription_type]
    fields = [f for root in roots if root for f in root.fields.items()]
    assert [name for name, field in fields if not field.description] == []


def test_every_mutation_takes_one_input_and_answers_with_a_union() -> None:
    mutation = build_schema(PRESENT).mutation_type
    assert mutation is not None

    for name, field in mutation.fields.items():
        assert list(field.args) == ["input"], name
        members = {each.name for each in field.type.of_type.types}
        refusals = {"NotFound", "Conflict", "ValidationFailed", "IllegalTransition", "Forbidden"}
        assert refusals < members, name
        inputs = field.args["input"].type.of_type.fields
        assert {"idempotencyKey", "reason"} <= set(inputs), name


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
