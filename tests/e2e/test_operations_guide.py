"""Do the commands of the operations guide run, and does it name codes and figures that exist?"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from cmdb import errors
from tests.e2e.command_line import CommandLine
from tests.unit.cli.test_documentation import commands

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
WORDS = re.compile(r"`cmdb ([a-z][a-z-]*(?: [a-z][a-z-]*)?)")


def shown() -> list[list[str]]:
    blocks = re.findall(r"```console\n(.*?)```", GUIDE, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return [shlex.split(line.removeprefix("$ cmdb ")) for line in lines]


def test_every_command_runs_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cmdb = CommandLine(tmp_path / "data")

    for words in shown():
        ended = cmdb(*words)
        assert ended.code == 0, (words, ended)

    assert cmdb.json("log", "anchor")["revision"] >= 2
    copied = CommandLine(tmp_path / "copied")
    assert copied.json("ci", "list")["cis"][0]["name"] == "web-1"


def test_every_code_exists_and_those_of_the_database_are_told() -> None:
    table = GUIDE.split("## Troubleshooting by code")[1]
    told = set(re.findall(r"^\| `([A-Z_]+)`", table, re.MULTILINE))
    of_database = {kind.code for kind in errors.DatabaseError.kinds()} - {errors.DatabaseError.code}

    assert told <= {kind.code for kind in errors.CmdbError.kinds()}
    assert of_database <= told


def test_every_command_it_names_exists() -> None:
    known = {name for name, _ in commands()}
    groups = {name.split()[0] for name in known}
    named = WORDS.findall(GUIDE)

    assert named
    assert {name for name in named if name not in known and name.split()[0] not in groups} == set()


def test_every_link_leads_somewhere() -> None:
    headings = {
        re.sub(r"[^a-z0-9 -]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in GUIDE.splitlines()
        if line.startswith("#")
    }
    links = re.findall(r"\]\(([^)]+)\)", GUIDE)

    for link in links:
        page, _, anchor = link.partition("#")
        assert (ROOT / "docs" / page).exists() if page else anchor in headings, link
