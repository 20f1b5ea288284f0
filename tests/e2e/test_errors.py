"""Does everything that goes wrong end in one sentence, a code and an exit code, never a trace?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cmdb.cli import setup
from tests.e2e.command_line import CommandLine


def test_a_command_without_a_database_says_how_to_make_one(cmdb: CommandLine) -> None:
    ended = cmdb("ci", "list")

    assert ended.code == 6
    assert "cmdb init" in ended.err
    assert not cmdb.data_dir.exists()


def test_an_error_with_json_is_one_document_on_stdout(cmdb: CommandLine) -> None:
    ended = cmdb("ci", "list", "--json")

    assert set(ended.json["error"]) == {"code", "message", "facts"}
    assert ended.err == ""


def test_an_unknown_format_leaves_no_database_behind(cmdb: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text("a: 1\n")

    ended = cmdb("import", "kubernets", file)

    assert (ended.code, "kubernetes" in ended.err) == (2, True)
    assert not cmdb.data_dir.exists()


def test_a_missing_file_leaves_no_database_behind(cmdb: CommandLine, tmp_path: Path) -> None:
    ended = cmdb("import", "kubernetes", tmp_path / "none.yaml")

    assert (ended.code, "BAD_FILE" in ended.err) == (2, True)
    assert not cmdb.data_dir.exists()


def test_an_empty_path_is_not_taken_for_the_folder_one_is_in(cmdb: CommandLine) -> None:
    ended = cmdb("import", "kubernetes", "")

    assert (ended.code, "BAD_VALUE: PATH: it is empty" in ended.err) == (2, True)
    assert not cmdb.data_dir.exists()


def test_a_file_that_is_refused_leaves_a_new_database_empty_and_says_so(
    cmdb: CommandLine, tmp_path: Path
) -> None:
    file = tmp_path / "cut.yaml"
    file.write_text("kind: Service\nmetadata: {name: a, namespace: b}\n---\nkind: Dep\nmetad")

    ended = cmdb("import", "kubernetes", file)
    listed = cmdb.json("ci", "list")

    assert ended.code == 2
    assert f"The new database in {cmdb.data_dir} is still empty." in ended.err
    assert "this is not YAML (could not find expected ':'). Was its export cut off?" in ended.err
    assert listed["cis"] == []


def test_a_wrong_option_is_a_usage_error_with_a_way_out(cmdb: CommandLine) -> None:
    ended = cmdb("ci", "list", "--colour")

    assert ended.code == 2
    assert "cmdb ci list --help" in ended.err


def test_a_wrong_option_with_json_is_json(cmdb: CommandLine) -> None:
    assert cmdb("ci", "list", "--colour", "--json").json["error"]["code"] == "USAGE"


def test_a_wrong_setting_names_the_variable(
    cmdb: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CMDB_DATABASE_HEAP", "lots")

    ended = cmdb("ci", "list")

    assert (ended.code, "CMDB_DATABASE_HEAP" in ended.err) == (2, True)


def test_a_database_that_is_open_elsewhere_is_told(estate: CommandLine) -> None:
    held = CommandLine(estate.data_dir)
    from cmdb.cli.session import Session

    with Session(held.data_dir).operations():
        ended = estate("ci", "list", "--json")

    assert (ended.code, ended.json["error"]["code"]) == (6, "DATABASE_LOCKED")


def test_an_unexpected_error_is_one_sentence(
    cmdb: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(setup, "installation_checks", fail)

    plain = cmdb("doctor")
    debugged = cmdb("--debug", "doctor")

    assert plain.code == debugged.code == 1
    assert plain.err.startswith("INTERNAL: ")
    assert "--debug" in plain.err
    assert "Traceback" not in plain.err
    assert "Traceback" in debugged.err


def test_ctrl_c_ends_with_130_and_says_how_to_go_on(
    cmdb: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(setup, "installation_checks", stop)

    ended = cmdb("doctor")

    assert (ended.code, "same command again" in ended.err) == (130, True)


def test_the_program_runs_as_a_process_of_its_own(tmp_path: Path) -> None:
    environment = {**os.environ, "CMDB_DATA_DIR": str(tmp_path / "none")}

    ended = subprocess.run(
        [sys.executable, "-m", "cmdb", "ci", "list", "--json"],
        capture_output=True, text=True, env=environment, check=False,
    )  # fmt: skip

    assert ended.returncode == 6
    assert json.loads(ended.stdout)["error"]["code"] == "NOT_INITIALISED"
    assert ended.stderr == ""
