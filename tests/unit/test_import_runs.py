"""Does an import end well whatever happens while it runs: stops, other writers, odd inputs?"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from cmdb.errors import BadFile, Interrupted
from cmdb.model.records import ImportInput, Item, Link, Problem, Record, Reference
from cmdb.model.source_records import source_record_id
from tests.fakes.deciding import apply, decided, host, named
from tests.fakes.importing import AT, DisturbedStore, run, use_batches_of

MAC = "02:00:00:00:00:01"
UUID = "12345671-0000-4000-8000-000000000001"


def visible(store: DisturbedStore) -> list[str]:
    return sorted(ci["name"] for ci in store.cis.values() if not ci.get("merged_into"))


def ends(store: DisturbedStore) -> list[tuple[str, str]]:
    names = {ci_id: ci["name"] for ci_id, ci in store.cis.items() if not ci.get("merged_into")}
    live = [edge for edge in store.edges.values() if edge["live"]]
    return sorted((names[edge["dependent"]], names[edge["provider"]]) for edge in live)


def lines(path: Path) -> list[Any]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def test_a_shared_mac_found_while_batches_are_read_loses_none_of_2000_hosts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    use_batches_of(monkeypatch, 2)
    store = DisturbedStore()
    sharing = [host(f"h{i}", macs=[MAC]) for i in range(5)]
    hosts = [*sharing, *(host(f"h{i}") for i in range(5, 2_000))]

    report = run(store, hosts, observed_at=AT)

    assert report.decided == {"create": 2_000}
    assert len(visible(store)) == 2_000
    assert store.keys[f"Host|macs={MAC}"][0].is_placeholder


def test_one_record_given_four_times_makes_no_placeholder() -> None:
    store = DisturbedStore()

    run(store, [host("h", macs=[MAC])] * 4, observed_at=AT)

    assert {key: held.is_placeholder for key, (held, _) in store.keys.items()} == {
        "Host|fqdn=h.example.org": False,
        f"Host|macs={MAC}": False,
    }


def stopped(store: DisturbedStore, items: list[Item], after: int, **options: Any) -> None:
    store.writes_left = after
    with pytest.raises(Interrupted):
        run(store, items, **options)
    store.writes_left = 1_000_000


def test_a_resumed_run_has_seen_the_records_from_before_it_was_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    use_batches_of(monkeypatch, 2)
    store = DisturbedStore()
    hosts: list[Item] = [host(f"h{i}") for i in range(6)]
    stopped(store, hosts, after=2, observed_at=AT)

    report = run(store, hosts, observed_at=AT)

    ids = [source_record_id("s", "source=s", f"h{i}") for i in range(6)]
    assert report.is_resumed
    assert store.seen == {
        report.run_id: b"".join(sorted(bytes.fromhex(record_id[:16]) for record_id in ids))
    }


@pytest.mark.parametrize("after", [1, 3, 4])
def test_a_run_without_a_time_of_its_own_is_resumed_with_all_relationships(
    monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    use_batches_of(monkeypatch, 2)
    store = DisturbedStore()
    chain: list[Item] = [
        host("h0"),
        *(host(f"h{i}", Link("depends_on", named(f"h{i - 1}"))) for i in range(1, 6)),
    ]
    stopped(store, chain, after=after)

    report = run(store, chain)

    assert report.is_resumed
    assert ends(store) == [(f"h{i}", f"h{i - 1}") for i in range(1, 6)]
    assert store.waiting == set()


@pytest.mark.parametrize("when", ["before_links", "before_write"])
def test_a_relationship_follows_a_ci_that_another_writer_merges_between_the_passes(
    monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    use_batches_of(monkeypatch, 1_000)
    store = DisturbedStore()
    run(store, [Record("Host", key="u", name="x", attributes={"uuid": UUID})], source="other")

    def merge() -> None:
        apply(store, decided(store, host("x", key="bridge", uuid=UUID), "third", at=9))

    def merge_later() -> None:
        store.before_write = merge

    store.before_links = merge if when == "before_links" else merge_later
    run(store, [host("db"), host("x", Link("depends_on", named("db")))], observed_at=AT)

    merged = [ci["id"] for ci in store.cis.values() if ci.get("merged_into")]
    assert len(merged) == 1
    assert ends(store) == [("x", "db")]


def folder_with_a_file(folder: Path) -> ImportInput:
    inner = folder / "inner"
    inner.mkdir()
    (inner / "file.yaml").write_text("content")
    os.utime(inner / "file.yaml", (1_880_000_000, 1_880_000_000))
    return ImportInput(folder, name="x")


def test_an_interrupted_import_of_a_folder_is_resumed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use_batches_of(monkeypatch, 2)
    store = DisturbedStore()
    folder = folder_with_a_file(tmp_path)
    hosts: list[Item] = [host(f"h{i}") for i in range(6)]
    stopped(store, hosts, after=1, given=folder)

    report = run(store, hosts, given=folder)

    assert report.is_resumed
    assert visible(store) == [f"h{i}" for i in range(6)]


@pytest.mark.parametrize("size", [2, 1_000])
def test_an_identical_import_of_a_folder_writes_nothing_at_all(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, size: int
) -> None:
    use_batches_of(monkeypatch, size)
    store = DisturbedStore()
    folder = folder_with_a_file(tmp_path)
    hosts = [host(f"h{i}") for i in range(6)]
    run(store, hosts, given=folder)
    before = store.sequence

    report = run(store, hosts, given=folder)

    assert report.decided == {"unchanged": 6}
    assert report.changed_nothing
    assert store.sequence == before


def test_the_time_of_a_folder_is_that_of_its_newest_file(tmp_path: Path) -> None:
    store = DisturbedStore()
    folder = folder_with_a_file(tmp_path)
    (tmp_path / "older.yaml").write_text("content")
    os.utime(tmp_path / "older.yaml", (1_800_000_000, 1_800_000_000))

    run(store, [host("h")], given=folder)

    assert [record.observed_ms for record in store.records.values()] == [1_880_000_000_000]


@pytest.mark.parametrize("size", [1, 1_000])
def test_two_records_of_one_ci_state_one_link_together(
    monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    use_batches_of(monkeypatch, size)
    store = DisturbedStore()
    twins = [host("x", Link("depends_on", named("db")), key=key) for key in ("a", "b")]
    # All records are written together, the relationships in batches of this size.
    monkeypatch.setattr("cmdb.services.import_batches.FIRST_BATCH", 3)

    run(store, [host("db"), *twins], observed_at=AT)

    (edge,) = store.edges.values()
    assert ends(store) == [("x", "db")]
    assert orjson.loads(edge["assertions"]).keys() == {
        source_record_id("s", "source=s", key) for key in ("a", "b")
    }


@pytest.mark.parametrize("size", [1, 1_000])
def test_the_results_file_names_unchanged_records_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, size: int
) -> None:
    use_batches_of(monkeypatch, size)
    store = DisturbedStore()
    run(store, [host("a"), host("b")], observed_at=AT)

    results = tmp_path / "results.jsonl"
    run(store, [host("a"), host("b", os="linux"), host("c")], observed_at=AT, results=results)

    ids = {ci["name"]: ci["id"] for ci in store.cis.values()}
    found = {line["key"]: (line["ci"], line["verdict"], line["rule"]) for line in lines(results)}
    assert found == {
        "a": (ids["a"], "unchanged", ""),
        "b": (ids["b"], "update", "fqdn"),
        "c": (ids["c"], "create", ""),
    }


def test_the_rejects_file_holds_what_was_left_out_with_its_reason(tmp_path: Path) -> None:
    store = DisturbedStore()
    items: list[Item] = [
        Record("Spaceship", key="s", place="f:1"),
        Problem("f:2", "", "it cannot be read", "Mend it.", raw="<garbage>"),
        host("a", shoe_size=9),
    ]

    rejects = tmp_path / "rejects.jsonl"
    run(store, items, observed_at=AT, rejects=rejects)

    assert [(line["place"], line["field"], line["dropped"]) for line in lines(rejects)] == [
        ("f:1", "class", True),
        ("f:2", "", True),
        ("", "shoe_size", False),
    ]
    assert lines(rejects)[1] == {
        "place": "f:2",
        "field": "",
        "reason": "it cannot be read",
        "hint": "Mend it.",
        "dropped": True,
        "raw": "<garbage>",
    }
    assert visible(store) == ["a"]


def test_a_run_without_problems_leaves_no_rejects_file(tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.jsonl"

    run(DisturbedStore(), [host("a")], observed_at=AT, rejects=rejects)

    assert not rejects.exists()


def test_a_reference_into_a_ci_waits_again_for_a_key_that_the_ci_loses() -> None:
    store = DisturbedStore()
    full = Reference("Host", {"fqdn": "x.example.org", "serial": "b", "vendor": "v"})
    daemon = {"kind": "daemon", "port": 80}
    inside = Record("SoftwareInstance", key="w1", attributes=daemon, within={"host": named("x")})
    target = Reference("SoftwareInstance", daemon, {"host": full})
    pointing = host("web", Link("depends_on", target))
    run(store, [host("x"), inside, pointing], observed_at=AT)
    before = store.picture()["waiting"]

    run(store, [host("x", serial="b", vendor="v")], source="t", observed_at=AT)
    assert store.waiting == set()
    later = AT + timedelta(days=1)
    run(store, [host("x")], source="t", observed_at=later)

    assert store.picture()["waiting"] == before
    assert len(before) == 1


@pytest.mark.parametrize("option", ["results", "rejects"])
@pytest.mark.parametrize("place", [".", "nowhere/file"])
def test_a_file_that_cannot_be_written_stops_the_run_before_it_writes_anything(
    tmp_path: Path, option: str, place: str
) -> None:
    store = DisturbedStore()
    options: dict[str, Any] = {option: tmp_path / place}

    with pytest.raises(BadFile, match=r"it cannot be written \(.*\)\. .* Nothing was written"):
        run(store, [host("a")], observed_at=AT, **options)

    assert (store.cis, store.runs) == ({}, {})
    assert list(tmp_path.iterdir()) == []
