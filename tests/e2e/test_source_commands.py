"""Can a person say on the command line which source is believed?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.command_line import CommandLine

HEAD = json.dumps({"format": "cmdb-records", "version": 1})


@pytest.fixture
def disputed(cmdb: CommandLine, tmp_path: Path) -> CommandLine:
    """A machine of which two sources say different things; `late` was heard last."""
    for source, day in (("early", 1), ("late", 2)):
        facts = {"fqdn": "w.example.org", "os": source}
        record = {"class": "Host", "key": "w", "name": "w", "attributes": facts}
        path = tmp_path / f"{source}.jsonl"
        path.write_text(f"{HEAD}\n{json.dumps(record)}\n", encoding="utf-8")
        ended = cmdb("import", "records", path, "--observed-at", f"2025-03-0{day}T00:00:00Z")
        assert ended.code == 0, ended
    return cmdb


def test_a_rank_shows_at_once_is_listed_and_can_be_taken_back(disputed: CommandLine) -> None:
    raised = disputed.json("source", "rank", "early", "10", "--reason", "it is right")
    os_then = disputed.json("ci", "show", "w")["ci"]["attributes"]["os"]
    listed = disputed.json("source", "list")["sources"]
    newest = disputed.json("log", "list", "--limit", 2)["entries"]
    disputed("source", "rank", "early", "0")

    assert (raised["before"], raised["precedence"], raised["is_known"]) == (0, 10, True)
    assert (raised["records"], raised["cis"], raised["relationships"]) == (1, 1, 0)
    assert os_then == "early"
    assert [(s["name"], s["precedence"], s["is_default"], s["records"]) for s in listed] == [
        ("manual", 1_000_000, True, 0),
        ("early", 10, False, 1),
        ("late", 0, True, 1),
    ]
    assert [entry["reason"] for entry in newest] == ["it is right"] * 2
    assert disputed.json("ci", "show", "w")["ci"]["attributes"]["os"] == "late"


def test_a_precedence_below_nought_needs_no_special_writing(disputed: CommandLine) -> None:
    ended = disputed("source", "rank", "late", "-5")

    assert ended.code == 0, ended
    assert "Source late has precedence -5 (before: 0)." in ended.out
    assert "Looked at 1 record: 1 CI and 0 relationships changed." in ended.out
    table = disputed("source", "list").out
    assert [line.split()[:2] for line in table.splitlines()[2:]] == [
        ["manual", "1000000"],
        ["early", "0"],
        ["late", "-5"],
    ]


def test_an_unknown_source_is_ranked_with_a_remark_that_names_the_nearest(
    disputed: CommandLine,
) -> None:
    ended = disputed("source", "rank", "erly", "5")

    assert ended.code == 0
    assert "Nothing of it is on record yet" in ended.out
    assert "Did you mean early?" in ended.out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("late", "1000000"), "BAD_VALUE"),
        (("", "1"), "BAD_VALUE"),
        (("late", "high"), "USAGE"),
        (("late", "1", "--raeson", "x"), "USAGE"),
    ],
)
def test_what_is_no_rank_is_refused(
    disputed: CommandLine, words: tuple[str, ...], code: str
) -> None:
    ended = disputed("source", "rank", *words, "--json")

    assert (ended.code, ended.json["error"]["code"]) == (2, code)


def test_nobody_imports_as_the_edits_by_hand(disputed: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "manual.jsonl"
    file.write_bytes((tmp_path / "late.jsonl").read_bytes())
    before = disputed.json("log", "list")

    named = disputed("import", "records", tmp_path / "late.jsonl", "--source", "manual")
    called = disputed("import", "records", file, "--dry-run")
    taken = disputed("import", "records", file, "--source", "other", "--dry-run")

    assert [(each.code, "BAD_VALUE" in each.err) for each in (named, called)] == [(2, True)] * 2
    assert taken.code == 0, taken
    assert disputed.json("log", "list") == before


def test_a_rank_with_a_key_is_told_again_and_the_key_serves_no_other(disputed: CommandLine) -> None:
    first = disputed.json("source", "rank", "early", "10", "--idempotency-key", "k")
    disputed("source", "rank", "early", "20")
    head = disputed.json("log", "list", "--limit", "1")

    again = disputed.json("source", "rank", "early", "10", "--idempotency-key", "k")
    other = disputed("source", "rank", "early", "30", "--idempotency-key", "k", "--json")

    assert again == first
    assert (other.code, other.json["error"]["code"]) == (4, "KEY_REUSED")
    assert disputed.json("log", "list", "--limit", "1") == head
