"""Does the API tell availability, single points, importance, cut sets and conflicts as typed?"""

from __future__ import annotations

from tests.api.serving import Client

FIGURE = "value method ci95 samples seed order bddNodes assumptions"


def test_availability_pages_through_all_services(api: Client) -> None:
    document = (
        "query Q($after: String) { availability(first: 4, after: $after) { revision next total "
        f"services {{ service {{ name }} availability unavailability {{ {FIGURE} }} "
        f"degraded {{ {FIGURE} }} outagesPerYear meanOutageHours assumedShare reliesOn }} }} }}"
    )

    names: list[str] = []
    after = None
    while after != "":
        page = api(document, {"after": after}).data["availability"]
        names += [each["service"]["name"] for each in page["services"]]
        after = page["next"]
        for each in page["services"]:
            assert each["unavailability"]["method"] == "exact"
            assert each["unavailability"]["ci95"] is None

    assert len(set(names)) == len(names) == page["total"] > 4


def test_availability_is_told_under_the_terms_that_are_given(api: Client) -> None:
    cause = '{group: "power of SQ-1", beta: 0.05}'
    answered = api(
        f"""{{ availability(
          cis: ["Order fulfilment"], targetPercent: 99.9, periodHours: 168, planned: COUNTED,
          fromAt: "2031-01-01T00:00:00Z", commonCauses: [{cause}]
        ) {{
          planned {{ mode fromAt toAt changes windows isComplete }}
          services {{ scheduledInterruptionsPerYear scheduledHoursPerYear
            unavailability {{ {FIGURE} }} target {{ targetPercent periodHours allowedMinutes
              missed {{ {FIGURE} }} meanDowntimeMinutes reason }} }}
        }} }}"""
    ).data["availability"]

    assert answered["planned"] == {
        "mode": "COUNTED",
        "fromAt": "2031-01-01T00:00:00Z",
        "toAt": "2032-01-01T00:00:00Z",
        "changes": 0,
        "windows": 0,
        "isComplete": True,
    }
    (service,) = answered["services"]
    assert service["scheduledInterruptionsPerYear"] == service["scheduledHoursPerYear"] == 0
    assert any("beta = 0.05" in text for text in service["unavailability"]["assumptions"])
    target = service["target"]
    assert (target["targetPercent"], target["periodHours"], target["reason"]) == (99.9, 168, "")
    assert abs(target["allowedMinutes"] - 168 * 0.06) < 1e-6
    low, high = target["missed"]["ci95"]
    assert 0 < low < target["missed"]["value"] < high < 1
    assert target["missed"]["method"] == "monte_carlo"


def test_without_terms_nothing_is_told_of_them(api: Client) -> None:
    answered = api(
        """{ availability(cis: ["Online shop"]) { planned { mode }
          services { target { reason } scheduledInterruptionsPerYear scheduledHoursPerYear } } }"""
    ).data["availability"]

    assert answered["planned"] is None
    assert answered["services"] == [
        {
            "target": None,
            "scheduledInterruptionsPerYear": None,
            "scheduledHoursPerYear": None,
        }
    ]


def test_single_points_of_one_are_among_those_of_all(api: Client) -> None:
    document = (
        "query Q($cis: [String!]) { spof(cis: $cis) { services { service { name } count "
        "cis { class name } } shared { services ci { name } } } }"
    )

    every = api(document, {}).data["spof"]
    one = api(document, {"cis": ["Online shop"]}).data["spof"]

    assert one["services"][0] in every["services"]
    assert one["services"][0]["count"] > 0


def test_importance_and_cut_sets_have_the_contract_of_their_figures(api: Client) -> None:
    answered = api(
        f"""{{
          importance(ci: "Online shop", first: 3) {{
            unavailability {{ {FIGURE} }} count reason
            cis {{ ci {{ name }} birnbaum riskReductionWorth fussellVesely replicaMinutesPerYear }}
          }}
          cutSets(ci: "Online shop", largest: 1, first: 500) {{
            count isComplete largest limit reason sets {{ probability cis {{ name }} }} report
          }}
        }}"""
    ).data

    assert len(answered["importance"]["cis"]) == 3
    assert answered["importance"]["reason"] == ""
    assert answered["importance"]["cis"][0]["fussellVesely"] is None
    assert answered["cutSets"]["isComplete"]
    assert int(answered["cutSets"]["count"]) > len(answered["cutSets"]["sets"]) > 0
    assert {len(each["cis"]) for each in answered["cutSets"]["sets"]} == {1}


def test_conflicts_of_a_window_are_told_with_their_causes(api: Client) -> None:
    answered = api(
        """{ conflicts(startAt: "2031-01-01T00:00:00Z", endAt: "2031-02-01T00:00:00Z") {
          isComplete assumptions causes { kind id title } incomplete { name }
          conflicts { service { name } effect spans { startAt endAt } causes { title }
            groups { ci { name } standing members needed } singleFailures { name } }
        } }"""
    ).data["conflicts"]

    assert answered["isComplete"]
    assert answered["conflicts"] == []
    assert answered["assumptions"]


def test_what_if_compares_before_and_after(api: Client) -> None:
    answered = api(
        f"""{{ whatIf(
          edits: [{{kind: REMOVE, ci: "PowerSource/SQ-A"}}], cis: ["Order fulfilment"]
        ) {{
          edits leftOut services {{ service {{ name }} before {{ {FIGURE} }} after {{ value }}
            savedMinutesPerYear gainedCount gained {{ name }} lostCount lost {{ name }} }}
        }} }}"""
    ).data["whatIf"]

    (service,) = answered["services"]
    assert service["after"]["value"] > service["before"]["value"]
    assert service["savedMinutesPerYear"] < 0


def test_root_causes_are_told_with_their_terms_and_paths(api: Client) -> None:
    answered = api(
        """{ rootCause(symptoms: [{ci: "Online shop"}, {ci: "Order fulfilment", effect: DEGRADED}],
            asKnownNow: true, first: 3) {
          revision asKnownNow isComplete explainedByBest checkNext { name }
          symptoms { ci { name } state onsetAt } minimalExplainingSets { name }
          sets { cis { name } score } recordedLater { what }
          candidates { cis { name } score isOrigin silent explained { name } unexplained { name }
            contradicted { name } changes { what } paths { symptom { name } steps { type } }
            terms { explained silent contradicted another change late prior } }
        } }"""
    ).data["rootCause"]

    assert [each["state"] for each in answered["symptoms"]] == ["DOWN", "DEGRADED"]
    assert len(answered["candidates"]) == 3
    for each in answered["candidates"]:
        assert abs(each["score"] - sum(each["terms"].values())) < 1e-9
        assert len(each["paths"]) == len(each["explained"]) > 0
    assert answered["explainedByBest"] == 2


def test_what_cannot_be_asked_says_why(api: Client) -> None:
    asked = {
        '{ cutSets(ci: "Online shop", largest: 50) { count } }': "BAD_VALUE",
        '{ whatIf(edits: [{kind: REMOVE, ci: ""}]) { leftOut } }': "UNKNOWN_CI",
        '{ whatIf(edits: [{kind: REPLICA, ci: "", provider: "R-1"}]) { leftOut } }': "UNKNOWN_CI",
        '{ importance(ci: "nowhere at all") { count } }': "UNKNOWN_CI",
        '{ availability(after: "nothing") { next } }': "BAD_VALUE",
        '{ availability(cis: "Online shop", targetPercent: 120) { next } }': "BAD_VALUE",
        '{ availability(cis: "Online shop", periodHours: 730) { next } }': "BAD_VALUE",
        '{ availability(commonCauses: {group: "nowhere", beta: 0.1}) { next } }': "UNKNOWN_CI",
        '{ availability(commonCauses: {group: "power of SQ-1", beta: 2}) { next } }': "BAD_VALUE",
    }
    for document, code in asked.items():
        errors = api(document).errors or []
        assert [(error.extensions or {})["code"] for error in errors] == [code]


def test_a_structure_names_its_edges_by_places(api: Client) -> None:
    document = """query Q($first: Int!, $xml: Boolean!) {
      structure(ci: "Online shop", first: $first, withOpenPsa: $xml) {
        revision service { name } count singlePointCount isComplete openPsa
        nodes { ci { name } distance unavailability isSinglePoint needed members }
        edges { dependent provider kind }
      }
    }"""

    whole = api(document, {"first": 200, "xml": True}).data["structure"]
    few = api(document, {"first": 4, "xml": False}).data["structure"]

    assert whole["isComplete"]
    assert whole["openPsa"].startswith("<?xml")
    assert {edge["kind"] for edge in whole["edges"]} == {"hard", "soft", "member"}
    members = [edge for edge in whole["edges"] if edge["kind"] == "member"]
    for place, each in enumerate(whole["nodes"]):
        counted = sum(edge["dependent"] == place for edge in members)
        assert each["members"] == (counted if each["needed"] else 0)
    assert few["nodes"] == whole["nodes"][:4]
    assert (few["count"], few["openPsa"], few["isComplete"]) == (whole["count"], "", False)
