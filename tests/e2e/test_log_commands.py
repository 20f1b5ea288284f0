"""Does the log tell and prove what was written?"""

from __future__ import annotations

from tests.e2e.command_line import CommandLine


def test_the_log_verifies_and_agrees_with_an_anchor(own_estate: CommandLine) -> None:
    anchor = own_estate("log", "anchor").out.strip()
    own_estate("ci", "set", "hv-sq-2", "notes=later")

    report = own_estate.json("log", "verify", "--anchor", anchor)

    assert report["entries"] == 2
    assert f"{report['anchor']['revision']}:{report['anchor']['hash']}" == anchor


def test_an_anchor_of_another_history_is_refused(estate: CommandLine) -> None:
    ended = estate("log", "verify", "--anchor", f"1:{'0' * 64}", "--json")

    assert (ended.code, ended.json["error"]["code"]) == (7, "LOG_BROKEN")


def test_an_anchor_beyond_the_end_is_refused(estate: CommandLine) -> None:
    assert estate("log", "verify", "--anchor", f"9:{'0' * 64}").code == 7


def test_what_is_no_anchor_is_refused(estate: CommandLine) -> None:
    assert estate("log", "verify", "--anchor", "12").code == 2


def test_an_entry_is_listed_and_shown_with_actor_and_reason(own_estate: CommandLine) -> None:
    own_estate("ci", "set", "hv-sq-2", "notes=x", "--reason", "because")

    newest = own_estate.json("log", "list", "--limit", 1)["entries"][0]
    details = own_estate.json("log", "show", newest["revision"])

    assert newest["reason"] == "because"
    assert [change["name"] for change in details["changes"]] == ["Hypervisor/hv-sq-2"]


def test_a_revision_that_is_not_there_is_not_found(estate: CommandLine) -> None:
    ended = estate("log", "show", 99)

    assert (ended.code, "UNKNOWN_REVISION" in ended.err) == (3, True)


def test_doctor_finds_the_demo_estate_healthy(estate: CommandLine) -> None:
    checks = {check["name"]: check["outcome"] for check in estate.json("doctor")["checks"]}

    assert checks["log"] == checks["groups"] == checks["power feeds"] == "ok"


def test_doctor_reports_two_feeds_without_a_group(own_estate: CommandLine) -> None:
    own_estate("rel", "add", "Rack/SQ-2", "powered_by", "SQ-A")

    checks = {check["name"]: check for check in own_estate.json("doctor")["checks"]}

    assert checks["power feeds"]["outcome"] == "warning"
    assert "Rack/SQ-2" in checks["power feeds"]["message"]
    assert "group add" in checks["power feeds"]["hint"]


def test_doctor_without_a_database_says_what_to_do(cmdb: CommandLine) -> None:
    ended = cmdb("doctor", "--json")

    assert ended.code == 8
    assert [c["hint"] for c in ended.json["checks"] if c["outcome"] == "failure"]
