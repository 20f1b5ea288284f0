"""Is a time of observation that is still to come refused, by every way in?"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from cmdb.errors import BadValue
from cmdb.model.import_reports import ImportReport, ImportRequest
from cmdb.model.records import ImportInput
from cmdb.ports import UpsertRequest
from cmdb.store.connection import Connection
from tests.contract.services import WHY, machine, operations_over
from tests.contract.stores import SetClock, store_over

FAR = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


class Inventory:
    """One inventory with machines, and the two ways to observe them."""

    def __init__(self, connection: Connection, folder: Path) -> None:
        self.clock = SetClock()
        self.store = store_over(connection, self.clock)
        self.operations = operations_over(self.store, self.clock)
        self._path = folder / "lines.jsonl"

    def imports(
        self, record: dict[str, Any], at: datetime | None, *, changed_at: datetime | None = None
    ) -> ImportReport:
        head = {"format": "cmdb-records", "version": 1}
        self._path.write_text("\n".join(json.dumps(line) for line in (head, record)))
        seconds = (changed_at or self.clock.now()).timestamp()
        os.utime(self._path, (seconds, seconds))
        request = ImportRequest("s", "records", observed_at=at)
        return self.operations.import_inventory(ImportInput(self._path, name="x"), request)

    def upserts(self, record: dict[str, Any], at: datetime | None) -> Any:
        request = UpsertRequest("s", [record], observed_at=at)
        return self.operations.upsert_records(request, WHY)

    def os_of(self, name: str) -> str:
        return str(self.operations.find_ci(name).attributes["os"])


@pytest.fixture
def inventory(connection: Connection, tmp_path: Path) -> Inventory:
    return Inventory(connection, tmp_path)


@pytest.mark.parametrize("way", ["imports", "upserts"])
@pytest.mark.parametrize("at", [FAR, FAR.replace(tzinfo=timezone(timedelta(hours=-5)))])
def test_a_time_to_come_is_refused_and_an_honest_one_counts(
    inventory: Inventory, way: str, at: datetime
) -> None:
    take = getattr(inventory, way)
    take(machine("m", os="first"), inventory.clock.now())

    with pytest.raises(BadValue, match="still to come") as caught:
        take(machine("m", os="forged"), at)

    assert caught.value.facts["field"] == "observed_at"
    inventory.clock.move(minutes=1)
    take(machine("m", os="honest"), inventory.clock.now())
    assert inventory.os_of("m") == "honest"


@pytest.mark.parametrize("way", ["imports", "upserts"])
def test_a_clock_a_little_ahead_is_believed(inventory: Inventory, way: str) -> None:
    take = getattr(inventory, way)

    take(machine("m", os="ahead"), inventory.clock.now() + timedelta(minutes=4))

    assert inventory.os_of("m") == "ahead"
    with pytest.raises(BadValue):
        take(machine("m", os="more"), inventory.clock.now() + timedelta(minutes=6))


@pytest.mark.parametrize("way", ["imports", "upserts"])
def test_a_record_from_the_future_is_taken_as_of_now_and_told_of(
    inventory: Inventory, way: str
) -> None:
    take = getattr(inventory, way)
    record = {**machine("m", os="forged"), "observed_at": "9999-12-31T23:59:59Z"}

    report = take(record, None)
    inventory.clock.move(minutes=1)
    take({**machine("m", os="honest"), "observed_at": inventory.clock.now().isoformat()}, None)

    told = (
        [problem.reason for problem in report.problems]
        if way == "imports"
        else list(report.results[0].problems)
    )
    assert len(told) == 1
    assert "still to come" in told[0]
    assert inventory.os_of("m") == "honest"


def test_a_file_from_the_future_is_as_new_as_now(inventory: Inventory) -> None:
    later = inventory.clock.now() + timedelta(days=5_000)

    inventory.imports(machine("m", os="forged"), None, changed_at=later)
    inventory.clock.move(minutes=1)
    inventory.imports(machine("m", os="honest"), None)

    assert inventory.os_of("m") == "honest"
