"""Does everything written through a server become what it becomes on the database itself?"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.served import ACTOR, Answers, Pair, on_both, paired, same_but_for_chance

DATA = Path(__file__).resolve().parents[1] / "data"
WINDOW = ("--from", "2027-03-06T22:00Z", "--to", "2027-03-06T23:00Z")


@pytest.fixture(scope="module")
def pair(demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Two copies of the demo estate, for writing; the tests do not lean on one another."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CMDB_ACTOR", ACTOR)
        with paired(demo_folder / "data", tmp_path_factory.mktemp("pair")) as both:
            yield both


def test_a_ci_from_its_record_to_its_end(pair: Pair) -> None:
    why = ("--reason", "by hand", "--idempotency-key", "add-1")
    made = on_both(pair, "ci", "add", "TechnicalService", "billing", "--set", "criticality=3", *why)
    again = on_both(
        pair, "ci", "add", "TechnicalService", "billing", "--set", "criticality=3", *why
    )
    changed = on_both(
        pair, "ci", "set", "TechnicalService/billing", "notes=look here", "criticality=null"
    )
    related = on_both(
        pair,
        "rel",
        "add",
        "TechnicalService/billing",
        "depends_on",
        "hv-sq-2",
        "--strength",
        "soft",
    )
    on_both(pair, "ci", "show", "TechnicalService/billing")
    on_both(pair, "rel", "remove", related["id"])
    version = changed["version"]
    on_both(pair, "ci", "retire", made["id"], "--expected-version", version, "--reason", "gone")
    on_both(pair, "ci", "restore", made["id"])
    on_both(pair, "ci", "history", made["id"])

    assert again == made


def test_a_group(pair: Pair) -> None:
    members = ("--member", "hv-sq-1", "--member", "hv-sq-2")
    on_both(pair, "group", "add", "pair-of-hosts", *members, "--k-min", 1, "--k-full", 2)
    on_both(pair, "ci", "show", "pair-of-hosts")


def test_an_incident_from_its_opening_to_its_close(pair: Pair) -> None:
    opened = on_both(
        pair, "incident", "open", "Host is slow", "--affects", "hv-sq-2=degraded@2026-11-01"
    )
    on_both(pair, "incident", "show", opened["id"])
    on_both(pair, "preview", "--target", "hv-sq-1", *WINDOW)
    updated = on_both(pair, "incident", "update", opened["id"], "--state", "in_progress")
    stale = ("incident", "update", updated.remote["id"], "--title", "x", "--expected-version", 1)
    assert pair.remote(*stale, "--json").json["error"]["code"] == "STALE_VERSION"
    on_both(pair, "incident", "resolve", opened["id"], "--resolution", "restarted")
    on_both(pair, "incident", "close", opened["id"])
    on_both(pair, "incident", "list", "--ci", "hv-sq-2")
    illegal = pair.remote("incident", "update", opened.remote["id"], "--state", "new", "--json")

    assert (illegal.code, illegal.json["error"]["code"]) == (4, "ILLEGAL_TRANSITION")
    assert illegal.json["error"]["facts"]["legal"] == []


def test_a_change_and_its_preview(pair: Pair) -> None:
    rolling = "hv-sq-1=outage@2027-03-06T22:00Z/2027-03-06T22:10Z"
    planned = on_both(pair, "change", "plan", "Restart", "--target", rolling, *WINDOW)
    on_both(pair, "change", "show", planned["id"])
    kept = on_both(pair, "preview", "--change", planned["id"], "--keep", "before")
    kept_id = Answers(*(_first(side["previews"]) for side in _lists(pair)))
    on_both(pair, "previews", "show", kept_id)
    on_both(pair, "previews", "compare", kept_id)
    on_both(pair, "change", "update", planned["id"], "--state", "scheduled")
    on_both(pair, "change", "list", "--state", "scheduled", "--ci", "hv-sq-1")
    own = on_both(pair, "preview", "--change", planned["id"])["present"]
    on_both(pair, "change", "update", planned["id"], "--state", "cancelled")
    ended = pair.remote("change", "close", planned.remote["id"], "--json")

    assert kept.remote
    assert own.local == []
    assert ended.json["error"]["code"] == "ILLEGAL_TRANSITION"


def _lists(pair: Pair) -> tuple[dict[str, list[dict[str, str]]], ...]:
    return pair.local.json("previews", "list"), pair.remote.json("previews", "list")


def _first(previews: list[dict[str, str]]) -> str:
    return previews[0]["id"]


def test_registries(pair: Pair, tmp_path: Path) -> None:
    definition = tmp_path / "class.json"
    facts = {
        "name": "Robot",
        "parent": "Host",
        "layer": "compute",
        "summary": "A machine that moves.",
    }
    definition.write_text(json.dumps(facts))

    made = on_both(pair, "class", "add", definition, "--reason", "we have some")
    on_both(pair, "class", "show", "Robot")
    facts["summary"] = "A machine that moves by itself."
    definition.write_text(json.dumps(facts))
    on_both(pair, "class", "add", definition, "--expected-version", made["revision"])
    kind = tmp_path / "type.json"
    kind.write_text(json.dumps({"name": "charges", "summary": "Charges a robot."}))
    ended = [
        command("rel-type", "add", kind, "--json").json for command in (pair.local, pair.remote)
    ]

    assert same_but_for_chance(ended[1]) == same_but_for_chance(ended[0])


def test_tokens(pair: Pair) -> None:
    made = on_both(pair, "token", "create", "bob", "--role", "importer", "--source", "cmdb-a")
    on_both(pair, "token", "list")
    on_both(pair, "token", "revoke", made["token"]["id"])

    refused = type(pair.remote)(pair.remote.url, made.remote["secret"])("ci", "list", "--json")
    assert refused.json["error"]["code"] == "UNAUTHENTICATED"


def test_sources_are_ranked(pair: Pair) -> None:
    on_both(pair, "source", "rank", "estate", 7, "--reason", "trusted")
    on_both(pair, "source", "list")


def test_a_file_with_a_mapping(pair: Pair, tmp_path: Path) -> None:
    given = ("table", DATA / "servers.csv", "--mapping", DATA / "servers.mapping.yaml")
    sides = (("local", pair.local), ("remote", pair.remote))
    on_both(pair, "import", *given, "--dry-run")
    for side, command in sides:
        files = ("--results", tmp_path / f"{side}.done", "--rejects", tmp_path / f"{side}.left")
        command.json("import", *given, *files)
    on_both(pair, "import", *given)
    on_both(pair, "import-runs", "--source", "servers")

    for kind in ("done", "left"):
        here, there = (tmp_path / f"{side}.{kind}" for side, _ in sides)
        assert here.exists() == there.exists()
        if here.exists():
            lines = [path.read_text(encoding="utf-8").splitlines() for path in (here, there)]
            assert same_but_for_chance(lines[1]) == same_but_for_chance(lines[0])
    assert (tmp_path / "remote.done").exists()


def test_a_folder_and_standard_input(
    pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        manifest = f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: shop-{name}}}\n"
        (tmp_path / f"{name}.yaml").write_text(manifest)
    on_both(pair, "import", "kubernetes", tmp_path, "--source", "folder", "--scope", "cluster=x")

    header = {"format": "cmdb-records", "version": 1}
    body = _lines(header, {"class": "Host", "key": "c", "name": "host-c"}).encode()
    found = []
    for command in (pair.local, pair.remote):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(body)))
        found.append(command.json("import", "records", "-", "--source", "piped"))
    assert same_but_for_chance(found[1]) == same_but_for_chance(found[0])


def _lines(*records: dict[str, Any]) -> str:
    return "".join(json.dumps(each) + "\n" for each in records)


def test_retention(pair: Pair) -> None:
    on_both(pair, "log", "retention", "--days", 3650)
    on_both(pair, "log", "retention", "--apply")
    on_both(pair, "ci", "set", "Rack/SQ-2", "notes=secret")
    anchor = on_both(pair, "log", "anchor")
    on_both(pair, "log", "purge", anchor["revision"], "--reason", "a secret")
    on_both(pair, "log", "verify")
