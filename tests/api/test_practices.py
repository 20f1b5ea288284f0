"""Do fields about incidents, changes, tokens and the log ask and answer as the operations do?

The operations answer with given values here: what they do is tested where they are.
"""

from __future__ import annotations

import pytest

from cmdb import errors
from cmdb.model.practice_reports import (
    ChangeDetails,
    ChangedOutcome,
    ChangeList,
    IncidentDetails,
    IncidentList,
    NearEvent,
    NearReport,
    PreviewComparison,
    PreviewList,
    PreviewSummary,
)
from cmdb.ports.requests import (
    ChangeUpdate,
    IncidentUpdate,
    NewAffected,
    NewChange,
    NewIncident,
    RecordListing,
    Target,
)
from cmdb_graphql.ids import global_id
from tests.api.recording import recording
from tests.api.serving import Answer, Client
from tests.api.told import (
    AT,
    CHANGE,
    DB,
    IMPACT,
    INCIDENT,
    KEPT,
    LATER,
    PREVIEW,
    REFUSED,
    WEB,
    WHY,
    edit,
)


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
      incidents(first: 5, states: $states, cis: $cis, after: $after,
                fromAt: "2030-01-31T22:00:00Z") {
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
      withheld withheldCriticality withheldOwners basis { revision trust { share } }
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
    assert told["impact"]["withheldOwners"] == ["red", "blue"]


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


def test_a_number_of_hits_below_nothing_is_refused(api: Client) -> None:
    _, operations = recording(preview_change=PREVIEW)
    document = """query ($id: String!, $n: Int!) { preview(change: $id) {
      worst { state } slices { hits(first: $n) { state } } } }"""

    def asked(first: int) -> Answer:
        given = {"id": global_id("Change", "ch-1"), "n": first}
        return api(document, given, operations=operations)

    assert asked(-5).code == "BAD_VALUE"
    assert [len(each["hits"]) for each in asked(0).data["preview"]["slices"]] == [0]
    assert [len(each["hits"]) for each in asked(1).data["preview"]["slices"]] == [1]


def test_a_recorded_change_is_previewed_as_itself(api: Client) -> None:
    asked, operations = recording(preview_change=PREVIEW)
    document = """query ($id: String!) { preview(change: $id) { graph report
      worst(servicesOnly: true) { ci { name } bestState evidence { type } }
      slices { startAt hits(state: DOWN) { state } } } }"""

    told = api(document, {"id": global_id("Change", "ch-1")}, operations=operations).data["preview"]

    assert asked.asked["preview_change"] == (([], None, None), {"change_id": "ch-1"})
    assert told["report"] == PREVIEW.to_json()
    assert told["worst"][0]["evidence"] == [{"type": "depends_on"}]
    assert told["slices"] == [{"startAt": "2030-01-31T22:00:00Z", "hits": [{"state": "DOWN"}]}]
    assert told["graph"]["nodes"]["name"] == ["db", "web"]
    assert told["graph"]["edges"]["provider"] == [0]


def test_a_preview_without_targets_or_window_is_refused(api: Client) -> None:
    window = 'startAt: "2030-01-31T22:00:00Z", endAt: "2030-01-31T23:00:00Z"'

    assert api('{ preview(targets: [{ci: "db"}]) { report } }').code == "BAD_VALUE"
    assert api(f"{{ preview({window}) {{ report }} }}").code == "BAD_VALUE"


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
