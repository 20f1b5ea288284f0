"""Does the documentation name every command, option and exit code, and no other?"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from cmdb.cli.app import app
from cmdb.cli.exit_codes import MEANINGS
from cmdb.cli.reference import COMMANDS, page

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")


def commands(group: Any = None, words: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield each command with its words."""
    found: Any = typer.main.get_command(app) if group is None else group
    for name, command in found.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*words, name))
        else:
            yield " ".join((*words, name)), command


ALL = dict(commands())


@pytest.mark.parametrize("name", ALL)
def test_every_command_is_documented(name: str) -> None:
    assert re.search(rf"^\| `cmdb {re.escape(name)}[ `]", PAGE, re.MULTILINE)


@pytest.mark.parametrize("name", ALL)
def test_every_command_prints_json_and_says_what_it_does(name: str) -> None:
    options = {option for parameter in ALL[name].params for option in parameter.opts}

    assert "--json" in options
    assert ALL[name].help


def test_no_command_is_documented_that_does_not_exist() -> None:
    told = re.findall(r"^\| `cmdb ([a-z]+[a-z-]*(?: [a-z][a-z-]*)?)[ `]", PAGE, re.MULTILINE)

    assert {words for words in told if words not in ALL} == set()


@pytest.mark.parametrize("name", ["import", "blast-radius"])
def test_every_option_of_its_table_exists(name: str) -> None:
    options = {option for parameter in ALL[name].params for option in parameter.opts}
    table = PAGE.split(f"| option of `{name}` |")[1].split("\n\n")[0]

    assert set(re.findall(r"^\| `(--[a-z-]+)", table, re.MULTILINE)) <= options


def test_the_shape_of_every_document_is_described() -> None:
    own = {"init", "demo", "import", "export", "serve"}

    assert {name for name in ALL if name not in own} <= COMMANDS.keys()
    for name in own:
        assert re.search(rf"`cmdb {name}|Its JSON", PAGE)


def test_the_reference_of_documents_is_up_to_date() -> None:
    written = (ROOT / "docs" / "reference" / "json.md").read_text(encoding="utf-8")

    assert written == page(), "run `make docs`"


def test_every_exit_code_is_documented_with_its_meaning() -> None:
    told = dict(re.findall(r"^\| (\d+) \| (.+) \|$", PAGE, re.MULTILINE))

    assert told == {str(code): meaning for code, meaning in MEANINGS.items()}


def test_every_dependency_has_its_reason() -> None:
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    names = {
        re.split(r"[\[>=<;]", name)[0] for name in sum(extras.values(), project["dependencies"])
    }

    missing = {n for n in names if n not in text and not n.startswith("types-") and n != "cmdb"}
    assert missing == set()


def test_pre_commit_runs_exactly_what_make_check_runs() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = makefile.split("\ncheck:")[1].split("\n\n")[0]
    wanted = [line.strip().replace("$(BIN)/", "") for line in recipe.splitlines()[1:]]
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")

    assert re.findall(r"entry: \.venv/bin/(.+)", hooks) == wanted
