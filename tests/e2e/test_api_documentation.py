"""Do the examples of the page about the API print what it says?"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from cmdb.server import import_parameters
from cmdb.server.http_errors import STATUS_BY_ERROR
from cmdb.server.meters import Meters
from tests.e2e.command_line import CommandLine
from tests.e2e.serving_process import serving_process
from tests.peers.unavailable import needed_program

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


def examples() -> list[tuple[str, str]]:
    """Return each command with what it prints."""
    blocks = re.findall(r"```console\n\$ (.+?)\n(.*?)```", PAGE, re.DOTALL)
    return [(command, told.strip()) for command, told in blocks]


def test_every_example_prints_what_the_page_shows(own_estate: CommandLine) -> None:
    needed_program("curl")
    with serving_process(own_estate.data_dir) as server:
        environment = {
            **os.environ, "ADDRESS": server.address, "TOKEN": server.first_token()
        }  # fmt: skip
        for command, told in examples():
            ended = subprocess.run(
                ["sh", "-c", command], cwd=ROOT, env=environment, capture_output=True, check=False
            )
            pattern = re.escape(told).replace(re.escape("..."), ".*")
            assert re.match(pattern, ended.stdout.decode().strip(), re.DOTALL), (command, ended)
        server.stop()

    assert len(examples()) >= 6


def test_every_parameter_of_an_import_is_described() -> None:
    table = PAGE.split("| parameter | what |")[1].split("\n\n")[0]
    told = set(re.findall(r"`([a-z_]+)(?:\.KEY)?`", table))

    assert told - {"scope", "option"} >= import_parameters.PARAMETERS
    assert {"scope", "option"} <= told


def test_every_status_is_described() -> None:
    table = PAGE.split("| status | codes |")[1].split("\n\n")[0]
    told = {int(status) for status in re.findall(r"\b[45]\d\d\b", table)}

    assert {status for status in STATUS_BY_ERROR.values() if status != 502} <= told


def test_every_figure_is_described() -> None:
    page = Meters().page().decode()
    names = set(re.findall(r"^# TYPE (cmdb_\S+)", page, re.MULTILINE)) - {"cmdb_info"}

    assert {name for name in names if name.removesuffix("_total") not in PAGE} == set()
