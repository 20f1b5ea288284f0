"""Can an administrator do at the command line what keeps the service in order?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.command_line import CommandLine

CLASS = {
    "name": "PowerSupply",
    "layer": "facility",
    "rules": ["serial"],
    "attributes": [{"name": "serial"}, {"name": "watts", "kind": "integer"}],
    "summary": "A power supply unit.",
}
TYPE = {"name": "cooled_by", "inverse": "cools", "strength": "hard", "several": "all"}


@pytest.fixture
def ready(cmdb: CommandLine) -> CommandLine:
    assert cmdb("init").code == 0
    return cmdb


def file_of(folder: Path, content: Any) -> Path:
    path = folder / "definition.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_a_token_is_made_shown_once_listed_and_revoked(ready: CommandLine) -> None:
    made = ready("token", "create", "bob", "--role", "viewer", "--role", "responder")
    secret = made.out.strip()
    (listed,) = ready.json("token", "list")["tokens"]
    revoked = ready.json("token", "revoke", listed["id"], "--reason", "left")

    assert made.code == 0, made
    assert secret.startswith("cmdb_")
    assert "not shown again" in made.err
    assert (listed["actor"], listed["roles"]) == ("bob", ["viewer", "responder"])
    assert revoked["revoked_at"]
    table = ready("token", "list").out
    assert "revoked" in table
    assert secret not in table + ready("log", "list").out + ready("log", "show", 1).out
    assert ready.json("log", "list")["entries"][0]["reason"] == "left"
    assert ready.json("whoami")["roles"][-1] == "administrator"


def test_an_importer_without_a_source_is_refused_and_with_one_is_made(ready: CommandLine) -> None:
    refused = ready("token", "create", "scan", "--role", "importer")
    made = ready.json(
        "token", "create", "scan", "--role", "importer", "--source", "k8s", "--expires", "now+2d"
    )

    assert (refused.code, made["token"]["source"]) == (2, "k8s")
    assert made["secret"].startswith("cmdb_")


def test_a_class_and_a_type_are_added_shown_and_used(ready: CommandLine, tmp_path: Path) -> None:
    added = ready.json("class", "add", file_of(tmp_path, CLASS))
    joined = ready.json("rel-type", "add", file_of(tmp_path, TYPE))
    for number in ("1", "2"):
        ready.json("ci", "add", "PowerSupply", f"p{number}", "--set", f"serial={number}")
    ready.json("rel", "add", "p1", "cooled_by", "p2")

    assert (added["name"], added["revision"], joined["revision"]) == ("PowerSupply", 1, 2)
    assert ready.json("class", "show", "PowerSupply")["version"] == 1
    assert "watts" in ready("class", "show", "PowerSupply").out
    assert "cooled_by" in ready("rel-type", "list").out
    assert [hit["ci"]["name"] for hit in ready.json("blast-radius", "p2")["hits"]] == ["p1"]
    refused = ready("class", "add", file_of(tmp_path, {**CLASS, "layer": "compute"}), "--json")
    assert (refused.code, refused.json["error"]["code"]) == (2, "BAD_VALUE")


@pytest.mark.parametrize("content", ["[]", "{", ""])
def test_a_file_that_is_no_definition_is_refused(
    ready: CommandLine, tmp_path: Path, content: str
) -> None:
    path = tmp_path / "definition.json"
    path.write_text(content, encoding="utf-8")

    ended = ready("class", "add", path)

    assert ended.code == 2
    assert "definition.json" in ended.err


def test_content_is_purged_and_kept_by_a_policy(ready: CommandLine) -> None:
    ready.json("ci", "add", "Host", "a", "--set", "fqdn=a.example.org")
    purged = ready.json("log", "purge", 1, "--reason", "a secret")
    policy = ready("log", "retention", "--days", 30, "--apply")
    figures = ready.json("log", "retention")

    assert purged["payloads"] == 1
    assert "kept for 30 days; 0 payloads erased" in policy.out
    assert (figures["entries"], figures["retention_days"]) == (3, 30)
    assert "1 payload erased on purpose" in ready("log", "verify").out
    assert "3 entries" in ready("log", "retention").out


def test_runs_of_imports_are_listed_and_shown(ready: CommandLine, tmp_path: Path) -> None:
    record = {"class": "Host", "key": "a", "attributes": {"fqdn": "a.example.org"}}
    path = tmp_path / "hosts.jsonl"
    head = {"format": "cmdb-records", "version": 1}
    path.write_text(f"{json.dumps(head)}\n{json.dumps(record)}\n", encoding="utf-8")
    report = ready.json("import", "records", path, "--source", "tool")

    (run,) = ready.json("import-runs", "--source", "tool")["runs"]

    assert (run["id"], run["state"]) == (report["run_id"], "finished")
    assert ready.json("import-runs", run["id"])["report"] == report
    assert "tool" in ready("import-runs").out
    assert ready("import-runs", "nothing").code == 3
