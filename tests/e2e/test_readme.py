"""Do the commands of the README run, and print what it shows?"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.command_line import CommandLine

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
_LEFT_OUT = "..."


@dataclass(frozen=True, slots=True)
class Shown:
    """A command of the README and the output it shows."""

    command: str
    output: tuple[str, ...]


def shown() -> list[Shown]:
    found = []
    for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *output = part.rstrip("\n").split("\n")
            found.append(Shown(command, tuple(output)))
    return found


def words_of(command: str) -> list[str]:
    """Return the words after `cmdb`; `make demo` is what its target calls."""
    if command == "make demo":
        return ["demo"]
    program, *words = shlex.split(command)
    assert program == "cmdb", command
    return words


def check(example: Shown, out: str) -> None:
    """Check that the lines shown come in that order, with nothing between unless left out."""
    lines = [line.rstrip() for line in out.splitlines()]
    place = 0
    may_skip = False
    for line in example.output:
        if line == _LEFT_OUT:
            may_skip = True
            continue
        head = line.removesuffix(f" {_LEFT_OUT}").rstrip()
        is_cut = head != line
        fits = [
            number
            for number in range(place, len(lines))
            if (lines[number].startswith(head) if is_cut else lines[number] == head)
        ]
        assert fits, f"{example.command}: not printed: {line!r}\n{out}"
        assert may_skip or fits[0] == place, f"{example.command}: more stands before {line!r}"
        place, may_skip = fits[0] + 1, False
    assert may_skip or place == len(lines), f"{example.command}: more is printed\n{out}"


def test_every_command_runs_in_order_and_prints_what_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    monkeypatch.chdir(tmp_path)
    cmdb = CommandLine(tmp_path / "data")
    examples = shown()

    for example in examples:
        ended = cmdb(*words_of(example.command))
        assert ended.code == 0, (example.command, ended)
        check(example, ended.out)

    assert len(examples) > 10


def test_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)

    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_room_that_is_named_exists() -> None:
    rooms = README.split("## The rooms")[1].split("\n\n")[1]

    named = re.findall(r"`([a-z/]+)`", "\n".join(r.split("|")[1] for r in rooms.splitlines()[2:]))
    assert [room for room in named if not (ROOT / room).is_dir()] == []
