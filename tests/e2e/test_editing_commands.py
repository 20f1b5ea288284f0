"""Can the inventory be changed by hand, and does impact follow?"""

from __future__ import annotations

from pathlib import Path

from tests.e2e.command_line import CommandLine

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "teashop.yaml"


def test_an_inventory_can_be_built_by_hand(cmdb: CommandLine) -> None:
    assert cmdb("init").code == 0
    cmdb.json("ci", "add", "BusinessService", "Payroll", "--set", "criticality=3")
    cmdb.json("ci", "add", "PhysicalServer", "iron", "--set", "serial=X1", "--set", "vendor=Y")
    cmdb.json("rel", "add", "Payroll", "depends_on", "iron", "--reason", "runs there")

    report = cmdb.json("blast-radius", "iron")

    (hit,) = report["hits"]
    assert (hit["ci"]["name"], hit["state"], hit["criticality"]) == ("Payroll", "DOWN", 3)


def test_what_a_tool_named_within_its_own_scope_can_be_related_by_hand(cmdb: CommandLine) -> None:
    cmdb("import", "kubernetes", EXAMPLE, "--scope", "cluster=tea-prod")
    cmdb("ci", "add", "BusinessService", "Tea shop")

    added = cmdb("rel", "add", "Tea shop", "depends_on", "ClusterService/web")
    services = [
        hit
        for hit in cmdb.json("blast-radius", "ContainerWorkload/store")["hits"]
        if hit["is_service"]
    ]

    assert added.code == 0, added
    assert [hit["ci"]["name"] for hit in services] == ["Tea shop"]


def test_a_group_made_by_hand_saves_what_relies_on_it(own_estate: CommandLine) -> None:
    own_estate("rel", "remove", "Rack/SQ-2", "powered_by", "SQ-B")
    made = own_estate.json(
        "group", "add", "power of SQ-2", "--owner", "Rack/SQ-2", "--member", "SQ-A",
        "--member", "SQ-B", "--k-min", 1, "--k-full", 2,
    )  # fmt: skip
    own_estate("rel", "add", "Rack/SQ-2", "powered_by", "power of SQ-2")

    hits = own_estate.json("blast-radius", "SQ-B")["hits"]

    assert made["attributes"]["k_full"] == 2
    rack = next(hit for hit in hits if hit["ci"]["name"] == "SQ-2")
    assert rack["state"] == "DEGRADED"


def test_a_manual_value_wins_and_can_be_taken_back(own_estate: CommandLine) -> None:
    own_estate("ci", "set", "hv-sq-2", "owner=Night shift")
    manual = own_estate.json("ci", "show", "hv-sq-2")["ci"]["attributes"]["owner"]
    own_estate("ci", "set", "hv-sq-2", "owner=")
    restored = own_estate.json("ci", "show", "hv-sq-2")["ci"]["attributes"]["owner"]

    assert (manual, restored) == ("Night shift", "Platform team")


def test_an_edit_of_an_old_version_is_refused(own_estate: CommandLine) -> None:
    version = own_estate.json("ci", "show", "hv-sq-2")["ci"]["version"]
    own_estate("ci", "set", "hv-sq-2", "notes=first")

    ended = own_estate(
        "ci", "set", "hv-sq-2", "notes=second", "--expected-version", version, "--json"
    )

    assert (ended.code, ended.json["error"]["code"]) == (4, "STALE_VERSION")


def test_a_retired_ci_leaves_the_list_and_comes_back(own_estate: CommandLine) -> None:
    own_estate("ci", "retire", "vm-intranet", "--reason", "gone")
    gone = own_estate.json("ci", "list", "--name", "vm-intranet")["cis"]
    kept = own_estate.json("ci", "list", "--name", "vm-intranet", "--retired")["cis"]
    own_estate("ci", "restore", "vm-intranet")

    assert (gone, [ci["lifecycle"] for ci in kept]) == ([], ["retired"])
    assert own_estate.json("ci", "show", "vm-intranet")["ci"]["lifecycle"] == "in_use"


def test_a_value_of_the_wrong_kind_names_field_and_kind(own_estate: CommandLine) -> None:
    ended = own_estate("ci", "set", "Online shop", "criticality=9")

    assert ended.code == 2
    assert "criticality" in ended.err


def test_a_repeated_key_gives_the_first_answer(own_estate: CommandLine) -> None:
    words = ("ci", "set", "hv-sq-2", "notes=once", "--idempotency-key", "k-1")

    first = own_estate.json(*words)
    second = own_estate.json(*words)

    assert first["version"] == second["version"]
    assert own_estate.json("log", "list")["entries"][0]["revision"] == 2


def test_a_relationship_that_is_not_there_cannot_be_ended(own_estate: CommandLine) -> None:
    ended = own_estate("rel", "remove", "Rack/SQ-2", "powered_by", "NG-A")

    assert ended.code == 2
    assert "none is on record" in ended.err
