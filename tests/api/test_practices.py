"""Do fields about incidents, changes, tokens and the log ask and answer as the operations do?

The operations answer with given values here: what they do is tested where they are.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cmdb import errors
from cmdb.model import access, system_reports
from cmdb.model.impact_reports import AssumedOutage, Basis, Hit, PreviewReport, Slice, Step, Trust
from cmdb.model.incidents import AffectedCI, Incident
from cmdb.model.log_reports import Anchor, Revision
from cmdb.model.planned_changes import Change, ChangeTarget
from cmdb.model.practice_reports import (
    AffectedService,
    ChangeDetails,
    ChangedOutcome,
    ChangeList,
    IncidentDetails,
    IncidentList,
    KeptPreview,
    NearEvent,
    NearReport,
    PreviewComparison,
    PreviewList,
    PreviewSummary,
    ServicesAffected,
)
from cmdb.model.reports import NamedCI
from cmdb.ports.requests import (
    ChangeUpdate,
    EditReason,
    IncidentUpdate,
    NewAffected,
    NewChange,
    NewIncident,
    RecordListing,
    Target,
    UpsertRequest,
)
from cmdb_graphql.ids import global_id
from tests.api.recording import recording
from tests.api.serving import Client

AT = datetime(2030, 1, 31, 22, tzinfo=UTC)
LATER = AT + timedelta(hours=2)
WEB = NamedCI("ci-1", "BusinessService", "web")
DB = NamedCI("ci-2", "Database", "db")
BASIS = Basis(7, AT, Trust(), ("assumed",), (), False)
INCIDENT = Incident(
    "in-1", 7, "new", "db is slow", "", (AffectedCI(DB, "degraded", AT),), AT, "anna", AT
)
CHANGE = Change(
    "ch-1",
    8,
    "scheduled",
    "restart",
    "",
    AT,
    LATER,
    (ChangeTarget(DB, "at_risk", AT, LATER),),
    AT,
    "anna",
    AT,
)
IMPACT = ServicesAffected((AffectedService(WEB, "DOWN", 4, "shop", "ops"),), BASIS, 2, 3)
STEP = Step(DB, WEB, "depends_on", "hard")
HIT = Hit(
    WEB, "DOWN", "DEGRADED", True, 4, "shop", "ops", None, None, None, AT, 0.0, None, None, (STEP,)
)
PREVIEW = PreviewReport(
    (AssumedOutage(DB, "DOWN", AT, LATER),), (Slice(AT, LATER, (HIT,)),), (HIT,), BASIS
)
KEPT = KeptPreview("pr-1", 9, "tonight", "ch-1", AT, "anna", PREVIEW)
TOKEN = access.Token("to-1", 5, "scanner", ("importer",), "nmap", (), AT, "anna", LATER)
REFUSED = "... on Refusal { code facts }"
WHY = {"idempotencyKey": "k-1", "reason": "because"}


def edit(version: int | None = None) -> EditReason:
    return EditReason("because", version, "k-1", "r-1")


def test_an_incident_is_opened_as_it_was_said(api: Client) -> None:
    asked, operations = recording(open_incident=INCIDENT)
    affected = [
        {
            "ci": global_id("CI", "ci-2"),
            "effect": "DEGRADED",
            "onsetAt": "2030-01-31T23:00:00+01:00",
        }
    ]
    document = f"""mutation ($input: OpenIncidentInput!) {{ openIncident(input: $input) {{
      ... on IncidentWritten {{ report incident {{ id localId state isOpen legalStates
        affected {{ ci {{ id name }} effect onsetAt }} }} }} {REFUSED} }} }}"""

    given = {"input": WHY | {"title": "db is slow", "affected": affected}}
    made = api(document, given, operations=operations).data["openIncident"]

    new = NewIncident("db is slow", (NewAffected("ci-2", "degraded", AT),))
    assert asked.asked["open_incident"] == ((new, edit()), {})
    assert made["report"] == INCIDENT.to_json()
    assert made["incident"] == {
        "id": global_id("Incident", "in-1"),
        "localId": "in-1",
        "state": "NEW",
        "isOpen": True,
        "legalStates": ["IN_PROGRESS", "PENDING", "RESOLVED", "CLOSED"],
        "affected": [
            {
                "ci": {"id": global_id("CI", "ci-2"), "name": "db"},
                "effect": "DEGRADED",
                "onsetAt": "2030-01-31T22:00:00Z",
            }
        ],
    }


UPDATE_INCIDENT = f"""mutation ($input: UpdateIncidentInput!) {{ updateIncident(input: $input) {{
  __typename ... on IncidentWritten {{ incident {{ version }} }} {REFUSED} }} }}"""


def test_an_incident_is_changed_in_what_is_given(api: Client) -> None:
    asked, operations = recording(update_incident=INCIDENT)
    given = WHY | {"incident": global_id("Incident", "in-1"), "state": "IN_PROGRESS"}

    _ = api(UPDATE_INCIDENT, {"input": given | {"expectedVersion": 7}}, operations=operations).data
    assert asked.asked["update_incident"] == (
        ("in-1", IncidentUpdate(state="in_progress"), edit(7)),
        {},
    )

    _ = api(
        UPDATE_INCIDENT,
        {"input": WHY | {"incident": "in-1", "affected": []}},
        operations=operations,
    )
    assert asked.asked["update_incident"][0][1] == IncidentUpdate(affected=())


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (errors.UnknownRecord("incident", "in-1"), "NotFound", "UNKNOWN_RECORD"),
        (errors.StaleVersion("incident", 1, 2), "Conflict", "STALE_VERSION"),
        (errors.BadValue("title", "it is empty"), "ValidationFailed", "BAD_VALUE"),
        (errors.Forbidden("anna", "edit"), "Forbidden", "FORBIDDEN"),
        (
            errors.IllegalTransition("incident", "closed", "new", []),
            "IllegalTransition",
            "ILLEGAL_TRANSITION",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_refusal_is_a_result_of_its_own(
    api: Client, error: errors.CmdbError, kind: str, code: str
) -> None:
    _, operations = recording(update_incident=error)

    answer = api(UPDATE_INCIDENT, {"input": {"incident": "in-1"}}, operations=operations)

    made = answer.data["updateIncident"]
    assert made == {"__typename": kind, "code": code, "facts": error.facts}


def test_a_database_that_does_not_answer_is_no_result_but_an_error(api: Client) -> None:
    _, operations = recording(update_incident=errors.DatabaseFull("no space"))

    answer = api(UPDATE_INCIDENT, {"input": {"incident": "in-1"}}, operations=operations)

    assert answer.code == "DATABASE_FULL"


def test_incidents_are_listed_as_asked(api: Client) -> None:
    asked, operations = recording(list_incidents=IncidentList((INCIDENT,), "next-1"))
    document = """query ($states: [IncidentState!], $cis: [String!], $after: String) {
      incidents(states: $states, cis: $cis, first: 5, after: $after, fromAt: "2030-01-31T22:00:00Z") {
        nodes { title } report pageInfo { hasNextPage hasPreviousPage endCursor } } }"""

    given = {"states": ["NEW", "PENDING"], "cis": [global_id("CI", "ci-2")], "after": "c"}
    page = api(document, given, operations=operations).data["incidents"]

    listing = RecordListing(["new", "pending"], ["ci-2"], AT, None, 5, "c")
    assert asked.asked["list_incidents"] == ((listing,), {})
    assert page["nodes"] == [{"title": "db is slow"}]
    assert page["pageInfo"] == {
        "hasNextPage": True,
        "hasPreviousPage": True,
        "endCursor": "next-1",
    }
    assert page["report"]["incidents"] == [INCIDENT.to_json()]

    _ = api(document, {"states": [], "cis": None}, operations=operations).data
    (sent,) = asked.asked["list_incidents"][0]
    assert (sent.states, sent.cis) == ([], None)


def test_an_incident_tells_whom_to_notify(api: Client) -> None:
    details = IncidentDetails(INCIDENT, IMPACT)
    _, operations = recording(find_incident=details)
    document = """{ incident(id: "in-1") { report incident { title } impact {
      withheld withheldCriticality basis { revision trust { share } }
      services { ci { name } state criticality owner support } } } }"""

    told = api(document, operations=operations).data["incident"]

    assert told["report"] == details.to_json()
    assert told["impact"]["services"] == [
        {
            "ci": {"name": "web"},
            "state": "DOWN",
            "criticality": 4,
            "owner": "shop",
            "support": "ops",
        }
    ]
    assert (told["impact"]["withheld"], told["impact"]["withheldCriticality"]) == (2, 3)


def test_a_change_is_planned_and_changed_as_it_was_said(api: Client) -> None:
    asked, operations = recording(plan_change=CHANGE, update_change=CHANGE)
    plan = f"""mutation ($input: PlanChangeInput!) {{ planChange(input: $input) {{
      ... on ChangeWritten {{ change {{ id state isPlanned legalStates targets {{ effect }} }} }}
      {REFUSED} }} }}"""
    update = f"""mutation ($input: UpdateChangeInput!) {{ updateChange(input: $input) {{
      ... on ChangeWritten {{ change {{ version }} }} {REFUSED} }} }}"""
    targets = [
        {"ci": "db", "effect": "AT_RISK", "startAt": "2030-01-31T22:00:00Z"},
        {"ci": global_id("CI", "ci-1")},
    ]
    window = {"startAt": "2030-01-31T22:00:00Z", "endAt": "2030-02-01T00:00:00Z"}

    given = WHY | window | {"title": "restart", "targets": targets, "state": "SCHEDULED"}
    made = api(plan, {"input": given}, operations=operations).data["planChange"]["change"]
    changed = WHY | {"change": made["id"], "state": "IMPLEMENTING", "expectedVersion": 8}
    _ = api(update, {"input": changed}, operations=operations).data

    wanted = (Target("db", "at_risk", AT), Target("ci-1", "outage"))
    new = NewChange("restart", wanted, AT, LATER, state="scheduled")
    assert asked.asked["plan_change"] == ((new, edit()), {})
    sent = ("ch-1", ChangeUpdate(state="implementing"), edit(8))
    assert asked.asked["update_change"] == (sent, {})
    assert made["legalStates"] == ["DRAFT", "IMPLEMENTING", "CANCELLED"]
    assert made["targets"] == [{"effect": "AT_RISK"}]


def test_changes_are_found_and_listed(api: Client) -> None:
    _, operations = recording(
        find_change=ChangeDetails(CHANGE, IMPACT), list_changes=ChangeList((CHANGE,), "")
    )
    document = """{ change(id: "ch-1") { change { title } impact { services { state } } report }
      changes(states: [SCHEDULED]) { nodes { startAt } pageInfo { hasNextPage endCursor } } }"""

    told = api(document, operations=operations).data

    assert told["change"]["report"] == ChangeDetails(CHANGE, IMPACT).to_json()
    assert told["changes"]["nodes"] == [{"startAt": "2030-01-31T22:00:00Z"}]
    assert told["changes"]["pageInfo"] == {"hasNextPage": False, "endCursor": None}


def test_a_recorded_change_is_previewed_with_its_own_targets_and_window(api: Client) -> None:
    asked, operations = recording(find_change=ChangeDetails(CHANGE, IMPACT), preview_change=PREVIEW)
    document = """query ($id: String!) { preview(change: $id) { graph report
      worst(servicesOnly: true) { ci { name } bestState evidence { type } }
      slices { startAt hits(state: DOWN) { state } } } }"""

    told = api(document, {"id": global_id("Change", "ch-1")}, operations=operations).data["preview"]

    target = Target("ci-2", "at_risk", AT, LATER)
    assert asked.asked["preview_change"] == (([target], AT, LATER), {})
    assert told["report"] == PREVIEW.to_json()
    assert told["worst"][0]["evidence"] == [{"type": "depends_on"}]
    assert told["slices"] == [{"startAt": "2030-01-31T22:00:00Z", "hits": [{"state": "DOWN"}]}]
    assert told["graph"]["nodes"]["name"] == ["db", "web"]
    assert told["graph"]["edges"]["provider"] == [0]


def test_a_preview_without_targets_or_window_is_refused(api: Client) -> None:
    _, operations = recording()

    answer = api('{ preview(targets: [{ci: "db"}]) { report } }', operations=operations)

    assert answer.code == "BAD_VALUE"


def test_previews_are_kept_found_listed_and_compared(api: Client) -> None:
    worse = ChangedOutcome(WEB, True, "UP", "DOWN", 1, 0, True)
    compared = PreviewComparison("pr-1", 7, 9, (worse,), PREVIEW)
    asked, operations = recording(
        keep_preview=KEPT,
        find_preview=KEPT,
        list_previews=PreviewList((PreviewSummary("pr-1", "tonight", "", AT, "anna", 7),), ""),
        compare_preview=compared,
    )
    keep = f"""mutation ($input: KeepPreviewInput!) {{ keepPreview(input: $input) {{
      ... on PreviewKept {{ preview {{ id title }} report }} {REFUSED} }} }}"""
    ask = """query ($id: ID!) { keptPreview(id: $id) { keptAt preview { basis { revision } } }
      previews { nodes { id localId revision } }
      comparePreview(id: $id) { isWorse differences { ci { name } before after } report } }"""

    given = WHY | {"title": "tonight", "change": global_id("Change", "ch-1")}
    made = api(keep, {"input": given}, operations=operations).data["keepPreview"]
    told = api(ask, {"id": made["preview"]["id"]}, operations=operations).data

    assert asked.asked["keep_preview"] == (("tonight", [], None, None, edit(), "ch-1"), {})
    assert made["report"] == KEPT.to_json()
    assert asked.asked["find_preview"] == (("pr-1",), {})
    assert told["keptPreview"]["preview"] == {"basis": {"revision": 7}}
    assert told["previews"]["nodes"] == [
        {"id": made["preview"]["id"], "localId": "pr-1", "revision": 7}
    ]
    assert told["comparePreview"]["isWorse"]
    assert told["comparePreview"]["report"] == compared.to_json()


def test_what_happened_near_is_told(api: Client) -> None:
    event = NearEvent(AT, "log", DB, 1, 5, "", "anna", "", "changed", {"a": 1}, {"a": 2})
    near = NearReport((WEB,), AT, 1, (event,), False)
    asked, operations = recording(changes_near=near)
    document = """{ changesNear(cis: ["web"], sinceAt: "2030-01-31T22:00:00Z", hops: 1, first: 9) {
      report events { kind subject { name } before after } } }"""

    told = api(document, operations=operations).data["changesNear"]

    assert asked.asked["changes_near"] == ((["web"], AT, 1, 9), {})
    assert told["report"] == near.to_json()
    assert told["events"][0]["before"] == {"a": 1}


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
        id_ = global_id(kind, local)  # type: ignore[arg-type]
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
    assert told["class"]["attributes"] == [{"name": "u"}]
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
    assert api(document, {"a": f"{kept['revision']}:{'f' * 64}"}).code == "LOG_BROKEN"
    assert str(Anchor(1, "x")) == "1:x"
