"""Which commands work through a server, and which say that they cannot?"""

from __future__ import annotations

from pathlib import Path

import pytest

from cmdb.bootstrap import open_operations, read_settings
from cmdb.cli.session import Session
from cmdb.client import Client
from cmdb.errors import BadSettings
from tests.e2e.command_line import run_words

URL = "http://127.0.0.1:9"


def test_with_an_address_everything_goes_through_the_server() -> None:
    operations = open_operations(read_settings({"CMDB_URL": URL, "CMDB_TOKEN": "t"}))

    assert isinstance(operations, Client)
    operations.close()


def test_a_token_goes_in_clear_to_another_machine_only_where_the_setting_says_so() -> None:
    given = {"CMDB_URL": "http://cmdb.example", "CMDB_TOKEN": "t"}

    with pytest.raises(BadSettings, match="CMDB_PLAIN_HTTP"):
        open_operations(read_settings(given))

    open_operations(read_settings({**given, "CMDB_PLAIN_HTTP": "1"})).close()


def test_a_wrong_flag_is_refused_by_name() -> None:
    with pytest.raises(BadSettings) as refused:
        read_settings({"CMDB_PLAIN_HTTP": "perhaps"})

    assert refused.value.facts["setting"] == "CMDB_PLAIN_HTTP"


@pytest.mark.parametrize(
    "words",
    [
        ["init"],
        ["demo"],
        ["serve"],
        ["db", "backup", "x"],
        ["db", "restore", "x"],
        ["db", "copy", "--from", "a", "--to", "b"],
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_what_works_on_the_database_itself_says_so(words: list[str]) -> None:
    ended = run_words(["--url", URL, *words, "--json"])

    error = ended.json["error"]
    assert (ended.code, error["code"]) == (2, "BAD_SETTINGS")
    assert "works on the database itself" in error["message"]


def test_a_folder_and_a_server_are_not_both_meant(tmp_path: Path) -> None:
    ended = run_words(["--url", URL, "--data-dir", str(tmp_path), "ci", "list"])

    assert (ended.code, "--data-dir" in ended.err) == (2, True)


def test_a_folder_wins_over_a_server_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CMDB_URL", URL)

    assert Session(tmp_path).settings.url == ""
    assert Session(None).settings.url == URL


def test_a_server_that_is_not_there_is_told_without_the_token(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)

    ended = run_words(["--url", URL, "--token", "cmdb_secret", "ci", "list"])

    assert ended.code == 6
    assert "SERVER_UNAVAILABLE" in ended.err
    assert "cmdb_secret" not in ended.err + ended.out
