"""Does a person on the command line learn why an import failed?"""

from __future__ import annotations

from pathlib import Path

import pytest

from cmdb.bootstrap import open_service
from cmdb.errors import BadFile
from cmdb.model.import_reports import ImportRequest
from cmdb.model.records import ImportInput
from cmdb.model.rights import Caller
from cmdb.settings import Settings
from tests.e2e.command_line import CommandLine

IMPORTER = Caller("tool", frozenset({"importer"}))


def test_the_error_of_a_run_of_the_server_is_shown_and_told_as_json(
    cmdb: CommandLine, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.jsonl"
    broken.write_bytes(b"{broken\n")
    service = open_service(Settings(data_dir=cmdb.data_dir))
    try:
        with pytest.raises(BadFile):
            service.operations(IMPORTER).import_inventory(
                ImportInput(broken, name=broken.name),
                ImportRequest("tool", "records", run_id="run-1"),
            )
    finally:
        service.close()

    run = cmdb.json("import-runs", "run-1")
    shown = cmdb("import-runs", "run-1").out

    assert (run["state"], run["error"]["code"]) == ("failed", "BAD_FILE")
    assert "broken.jsonl" in run["error"]["message"]
    assert f"run-1: BAD_FILE: {run['error']['message']}" in " ".join(shown.split())
    assert str(tmp_path) not in shown
