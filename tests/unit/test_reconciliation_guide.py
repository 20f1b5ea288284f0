"""Does the worked example of the guide to reconciliation happen as it is told?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from cmdb.model.import_reports import ImportReport, ImportRequest
from cmdb.model.records import ImportInput
from cmdb.model.rights import Caller
from cmdb.services.context import Context
from cmdb.services.import_inventory import import_inventory
from importers.records import IMPORTER
from tests.fakes.memory_store import MemoryStore

GUIDE = Path(__file__).parents[2] / "docs" / "reconciliation.md"
DAYS = {"dc": 1, "mon": 2, "agent": 3, "wrong": 3}


class Still:
    def now(self) -> datetime:
        return datetime(2030, 1, 1, tzinfo=UTC)


class NoSnapshots:
    def checkpoint_if_due(self) -> None:
        """There is no engine here."""


@pytest.fixture(name="folder")
def folder_with_the_files_of_the_guide(tmp_path: Path) -> Path:
    for name, content in files():
        (tmp_path / name).write_text(content, encoding="utf-8")
    return tmp_path


def files() -> Iterator[tuple[str, str]]:
    text = GUIDE.read_text(encoding="utf-8")
    for match in re.finditer(r"`(\w+\.jsonl)`(?:(?!```).)*?```json\n(.*?)```", text, re.DOTALL):
        yield match[1], match[2]


def imported(store: MemoryStore, folder: Path, source: str) -> ImportReport:
    caller = Caller("ada", frozenset({"administrator"}))
    context = Context(store, NoSnapshots(), Still(), caller)  # type: ignore[arg-type]  # the part that is used
    observed_at = datetime(2025, 3, DAYS[source], tzinfo=UTC)
    request = ImportRequest(source, "records", observed_at=observed_at)
    path = folder / f"{source}.jsonl"
    return import_inventory(context, IMPORTER, ImportInput(path, name=path.name), request)


def present(store: MemoryStore) -> list[dict[str, Any]]:
    return sorted(
        (ci for ci in store.cis.values() if not ci.get("merged_into")), key=lambda ci: ci["name"]
    )


def test_the_guide_has_the_files_it_speaks_of() -> None:
    assert [name for name, _ in files()] == [f"{source}.jsonl" for source in DAYS]


def test_each_import_of_the_guide_reports_what_it_says(folder: Path) -> None:
    store = MemoryStore()

    reports = {source: imported(store, folder, source) for source in DAYS}

    assert {source: report.decided for source, report in reports.items()} == {
        "dc": {"create": 1},
        "mon": {"create": 1, "pending": 1},
        "agent": {"attached": 1, "create": 1, "update": 1},
        "wrong": {"conflict": 1, "create": 1},
    }
    assert reports["agent"].relationships == {"create": 1}


def test_the_three_files_of_the_guide_give_one_machine_in_any_order(folder: Path) -> None:
    for order in permutations(("dc", "mon", "agent")):
        store = MemoryStore()
        for source in order:
            imported(store, folder, source)

        database, machine = present(store)
        shown = {name: machine.get(name) for name in ("class", "name", "a_os", "a_memory_mib")}
        assert shown == {
            "class": "PhysicalServer",
            "name": "web-01.example.org",
            "a_os": "Debian 12",
            "a_memory_mib": 65536,
        }
        assert (machine["a_serial"], machine["a_fqdn"]) == ("cz31", "WEB-01.example.org.")
        assert [e["provider"] for e in store.edges.values() if e["live"]] == [database["id"]]


def test_the_cloned_machine_of_the_guide_stays_apart_and_contests_the_host_name(
    folder: Path,
) -> None:
    store = MemoryStore()
    for source in ("wrong", "dc", "mon", "agent"):
        imported(store, folder, source)

    ids = {ci["name"]: ci["id"] for ci in present(store)}
    identifier, _ = store.keys["Host|fqdn=web-01.example.org"]
    assert (identifier.ci_id, identifier.contested) == (ids["web-01.example.org"], (ids["spare"],))
