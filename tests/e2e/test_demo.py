"""Does the demo show what it promises: two changes that look alike and are not?"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.command_line import CommandLine


@pytest.fixture(scope="session")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("shown") / "out"
    return CommandLine(folder).json("demo", "--folder", folder)


def states(preview: Any) -> dict[str, str]:
    return {hit["ci"]["name"]: hit["state"] for hit in preview["worst"] if hit["is_service"]}


def test_both_changes_have_one_target_of_one_kind_at_one_site_in_one_window(shown: Any) -> None:
    (one,), (other,) = (preview["targets"] for preview in shown["previews"])

    assert one["ci"]["class"] == other["ci"]["class"] == "PowerSource"
    assert one["ci"]["name"][:2] == other["ci"]["name"][:2] == "SQ"
    assert (one["start_at"], one["end_at"]) == (other["start_at"], other["end_at"])


def test_the_good_change_takes_no_service_down(shown: Any) -> None:
    assert set(states(shown["previews"][0]).values()) == {"AT_RISK"}


def test_the_bad_change_takes_the_shop_down_after_the_batteries(shown: Any) -> None:
    preview = shown["previews"][1]
    before, during, after = preview["slices"]

    assert states(preview)["Online shop"] == "DOWN"
    assert not [hit for hit in before["hits"] if hit["state"] == "DOWN"]
    assert during["start_at"] == "2027-03-06T22:10:00Z"
    assert [hit for hit in during["hits"] if hit["ci"]["name"] == "Online shop"]
    assert after["hits"] == []


def test_the_evidence_of_the_bad_change_leads_over_the_rack_with_one_feed(shown: Any) -> None:
    shop = next(h for h in shown["previews"][1]["worst"] if h["ci"]["name"] == "Online shop")
    chain = [step["dependent"]["name"] for step in shop["evidence"]]

    assert chain[0] == "SQ-2"
    assert "orders database" in chain


def test_the_picture_is_well_formed_and_names_the_outage(shown: Any) -> None:
    root = ET.fromstring(Path(shown["picture"]).read_text(encoding="utf-8"))  # noqa: S314 - our own picture

    assert "hv-sq-2" in "".join(root.itertext())


def test_a_second_demo_replaces_the_first(tmp_path: Path) -> None:
    folder = tmp_path / "twice"

    first = CommandLine(folder)("demo", "--folder", folder)
    second = CommandLine(folder)("demo", "--folder", folder)

    assert (first.code, second.code) == (0, 0)
    assert "THIS CHANGE BREAKS SERVICES" in second.out


def test_a_folder_with_other_content_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")

    ended = CommandLine(tmp_path)("demo", "--folder", tmp_path)

    assert ended.code == 2
    assert "not from a demo" in ended.err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
