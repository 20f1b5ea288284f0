"""Does the readable file of the demo become the records it describes, and is a slip in it told?"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from cmdb.demo.estate import ESTATE, EstateImporter
from cmdb.errors import BadFile, UnknownClass
from cmdb.model.records import ImportInput, ImportOptions, Record


def read(path: Path) -> list[Record]:
    items = list(EstateImporter().read(ImportInput(path=path), ImportOptions()))
    return [item for item in items if isinstance(item, Record)]


def write(folder: Path, text: str) -> Path:
    path = folder / "estate.yaml"
    path.write_text(text)
    return path


def test_every_entry_is_one_record_with_a_key_of_its_own() -> None:
    records = read(ESTATE)

    assert len({record.key for record in records}) == len(records) == 87


def test_every_offering_has_an_agreement_and_every_service_a_team() -> None:
    records = read(ESTATE)
    offerings = [r for r in records if r.class_name == "ServiceOffering"]
    services = [
        r for r in records if "Service" in r.class_name and r.class_name != "ClusterService"
    ]

    assert all("availability_target" in record.attributes for record in offerings)
    assert all("owner" in record.attributes for record in services)


def test_relationships_lead_from_the_dependent_to_the_provider() -> None:
    rack = next(record for record in read(ESTATE) if record.key == "Rack/SQ-2")
    feed = next(link for link in rack.links if link.type == "powered_by")

    assert (feed.other.class_name, feed.other.values["name"]) == ("PowerSource", "SQ-B")
    assert feed.tolerates_seconds == 600
    assert feed.reverse is False


def test_what_a_block_shares_is_on_each_of_its_entries() -> None:
    kinds = Counter(r.attributes["kind"] for r in read(ESTATE) if r.class_name == "PowerSource")

    assert kinds == {"feed": 4}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Rack:\n  a: {hosted_in: nowhere}\n", "'nowhere' names nothing"),
        ("Rack:\n  a: {hosted_in: b}\nLocation:\n  b:\nNetwork:\n  b:\n", "Location/b, Network/b"),
        ("Rack: 3\n", "one entry a CI"),
        ("- 1\n", "no blocks"),
        ("a: [\n", "cannot be read"),
    ],
)  # fmt: skip
def test_a_slip_in_the_file_is_told_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(BadFile, match=told):
        read(write(tmp_path, text))


def test_an_unknown_class_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownClass, match="Rack"):
        read(write(tmp_path, "Rak:\n  a: {}\n"))
