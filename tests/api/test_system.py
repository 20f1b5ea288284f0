"""Do fields about tokens, registries, the log and retention ask as the operations are asked?"""

from __future__ import annotations

from typing import Any

import pytest

from cmdb.model import access, system_reports
from cmdb.model.log_reports import Anchor, Revision
from cmdb.model.practice_reports import (
    ChangeDetails,
    IncidentDetails,
)
from cmdb.ports.requests import (
    UpsertRequest,
)
from cmdb_graphql.ids import global_id
from tests.api.recording import recording
from tests.api.serving import Client
from tests.api.told import (
    AT,
    CHANGE,
    IMPACT,
    INCIDENT,
    KEPT,
    REFUSED,
    TOKEN,
    WHY,
    edit,
)


def test_node_finds_every_kind_of_thing(api: Client) -> None:
    run = system_reports.RunReport(
        "run-1", "s", "s", "f", "finished", "", 1, AT, AT, True, {"x": 1}
    )
    _, operations = recording(
        find_incident=IncidentDetails(INCIDENT, None),
        find_change=ChangeDetails(CHANGE, IMPACT),
        find_preview=KEPT,
        find_run=run,
        list_tokens=access.TokenList((TOKEN,)),
    )
    document = "query ($id: ID!) { node(id: $id) { __typename id } }"
    kinds = {
        "Incident": "in-1",
        "Change": "ch-1",
        "KeptPreview": "pr-1",
        "ImportRun": "run-1",
        "Token": "to-1",
    }

    for kind, local in kinds.items():
        id_ = global_id(kind, local)  # type: ignore[arg-type]  # a kind by its name
        told = api(document, {"id": id_}, operations=operations).data["node"]
        assert told == {"__typename": kind, "id": id_}
    unknown = global_id("Token", "other")
    assert api(document, {"id": unknown}, operations=operations).data["node"] is None


def test_tokens_are_made_listed_and_revoked(api: Client) -> None:
    asked, operations = recording(
        create_token=access.CreatedToken(TOKEN, "cmdb_secret"),
        list_tokens=access.TokenList((TOKEN,)),
        revoke_token=TOKEN,
        whoami=access.Identity("anna", ("administrator",), "", ()),
    )
    create = f"""mutation ($input: CreateTokenInput!) {{ createToken(input: $input) {{
      ... on TokenCreated {{ secret token {{ id roles expiresAt }} }} {REFUSED} }} }}"""
    revoke = f"""mutation ($input: RevokeTokenInput!) {{ revokeToken(input: $input) {{
      ... on TokenRevoked {{ token {{ actor }} }} {REFUSED} }} }}"""

    given = WHY | {"actor": "scanner", "roles": ["IMPORTER"], "source": "nmap"}
    made = api(create, {"input": given}, operations=operations).data["createToken"]
    id_ = made["token"]["id"]
    gone = api(revoke, {"input": WHY | {"token": id_}}, operations=operations).data["revokeToken"]
    told = api("{ tokens { report } whoami { actor roles } }", operations=operations).data

    new = access.NewToken("scanner", ("importer",), "nmap")
    assert asked.asked["create_token"] == ((new, edit()), {})
    assert asked.asked["revoke_token"] == (("to-1", edit()), {})
    assert made["secret"] == "cmdb_secret"
    assert made["token"]["roles"] == ["IMPORTER"]
    assert gone["token"] == {"actor": "scanner"}
    assert "secret" not in str(told["tokens"])
    assert told["whoami"] == {"actor": "anna", "roles": ["ADMINISTRATOR"]}


def test_records_are_upserted(api: Client) -> None:
    result = system_reports.UpsertResult("k", "create", "ci-1", ("odd",))
    report = system_reports.UpsertReport(9, (result,), {"create": 1})
    asked, operations = recording(upsert_records=report)
    document = f"""mutation ($input: UpsertRecordsInput!) {{ upsertRecords(input: $input) {{
      __typename ... on RecordsUpserted {{ revision decided results {{ key verdict ci problems }} }}
      {REFUSED} }} }}"""
    given = WHY | {"source": "nmap", "scope": {"site": "a"}, "observedAt": "2030-01-31T22:00:00Z"}

    made = api(document, {"input": given | {"records": [{"key": "k"}]}}, operations=operations)
    wrong = api(document, {"input": given | {"records": ["text"]}}, operations=operations)

    request = UpsertRequest("nmap", [{"key": "k"}], {"site": "a"}, AT)
    assert asked.asked["upsert_records"] == ((request, edit()), {})
    assert made.data["upsertRecords"]["results"] == [
        {"key": "k", "verdict": "create", "ci": "ci-1", "problems": ["odd"]}
    ]
    assert wrong.data["upsertRecords"]["__typename"] == "ValidationFailed"


@pytest.mark.parametrize(
    ("field", "operation"),
    [("registerClass", "register_class"), ("registerRelationshipType", "register_type")],
)
def test_registries_are_extended(api: Client, field: str, operation: str) -> None:
    change = system_reports.RegistryChange("class", "Robot", 9, {"name": "Robot"})
    asked, operations = recording(**{operation: change})
    document = f"""mutation ($input: DefinitionInput!) {{ {field}(input: $input) {{
      ... on RegistryChanged {{ kind name revision definition }} {REFUSED} }} }}"""

    given = WHY | {"definition": {"name": "Robot"}}
    made = api(document, {"input": given}, operations=operations).data[field]

    assert asked.asked[operation] == (({"name": "Robot"}, edit()), {})
    assert made == {
        "kind": "class",
        "name": "Robot",
        "revision": 9,
        "definition": {"name": "Robot"},
    }


@pytest.mark.parametrize(
    ("field", "kind", "given", "operation", "sent"),
    [
        ("setRetention", "SetRetentionInput", {"days": 30}, "set_retention", (30,)),
        ("applyRetention", "ApplyRetentionInput", {}, "apply_retention", ()),
        ("purgePayloads", "PurgePayloadsInput", {"revision": 3}, "purge_payloads", (3, None)),
        (
            "purgePayloads",
            "PurgePayloadsInput",
            {"revision": 3, "indexes": [0]},
            "purge_payloads",
            (3, [0]),
        ),
    ],
)
def test_retention_is_set_and_applied(
    api: Client, field: str, kind: str, given: dict[str, Any], operation: str, sent: tuple[Any, ...]
) -> None:
    report = system_reports.RetentionReport(30, 1, 2, 9)
    asked, operations = recording(**{operation: report})
    document = f"""mutation ($input: {kind}!) {{ {field}(input: $input) {{
      ... on PayloadsErased {{ days entries payloads revision }} {REFUSED} }} }}"""

    made = api(document, {"input": WHY | given}, operations=operations).data[field]

    assert asked.asked[operation] == ((*sent, edit()), {})
    assert made == {"days": 30, "entries": 1, "payloads": 2, "revision": 9}


def test_the_feed_runs_types_and_figures_are_told(api: Client) -> None:
    entry = system_reports.FeedEntry(Revision(3, AT, "anna", "", "", {"ci": 1}, "0" * 64), ())
    run = system_reports.RunReport("run-1", "s", "s", "f", "failed", "", 1, AT, None, False)
    asked, operations = recording(
        read_feed=system_reports.FeedPage((entry,), 3, False),
        list_runs=system_reports.RunList((run,)),
        find_run=run,
        list_types=system_reports.TypesReport(
            (system_reports.TypeSummary("hosted_on", "…", True, {"name": "hosted_on"}),)
        ),
        show_class=system_reports.ClassReport("Rack", {"name": "Rack"}, ({"name": "u"},), True),
        log_figures=system_reports.LogFigures(3, 2**40, 1, 2, AT),
    )
    document = """{ feed(after: 2, first: 4) { revision hasNext entries { entry { revision } } }
      importRuns(source: "s", first: 3) { runs { id state error } }
      importRun(id: "run-1") { endedAt result }
      relationshipTypes { types { name bearsOnImpact definition } }
      class(name: "Rack") { definition attributes isShipped }
      logFigures { entries bytes } }"""

    told = api(document, operations=operations).data

    assert asked.asked["read_feed"] == ((2, 4), {})
    assert asked.asked["list_runs"] == (("s", 3), {})
    assert told["feed"]["entries"] == [{"entry": {"revision": 3}}]
    assert told["importRun"] == {"endedAt": None, "result": {}}
    assert list(told["class"]["attributes"]) == [{"name": "u"}]
    assert told["logFigures"] == {"entries": 3, "bytes": 2**40}


def test_an_anchor_is_read_from_its_text(api: Client) -> None:
    document = (
        "query ($a: String) { verifyLog(anchor: $a) { entries head { hash } anchor { revision } } }"
    )
    kept = api("{ anchor { revision hash } }").data["anchor"]

    told = api(document, {"a": f"{kept['revision']}:{kept['hash']}"}).data["verifyLog"]

    assert told["anchor"] == {"revision": kept["revision"]}
    assert told["entries"] >= kept["revision"] > 0
    assert api(document, {"a": "nonsense"}).code == "BAD_VALUE"
    assert api(document, {"a": f"{'9' * 5_000}:{'f' * 64}"}).code == "BAD_VALUE"
    assert api(document, {"a": f"{kept['revision']}:{'f' * 64}"}).code == "LOG_BROKEN"
    assert str(Anchor(1, "x")) == "1:x"
