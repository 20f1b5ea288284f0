"""Does every command do the same through a server as on the database itself?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.served import ACTOR, Pair, paired
from tests.unit.cli.test_documentation import ALL

LOCAL = {"init", "demo", "serve", "db copy", "db backup", "db restore"}
WINDOW = ("--from", "2027-03-06T22:00Z", "--to", "2027-03-06T23:00Z")
READS: dict[str, tuple[str, ...]] = {
    "ci list": ("ci list --class Host --sort updated_at --descending --limit 3"),
    "ci list, filtered": "ci list --name orders --where owner=x --lifecycle in_use --retired",
    "ci show": "ci show Rack/SQ-2",
    "ci history": "ci history Rack/SQ-2 --limit 3",
    "classes": "classes",
    "class show": "class show Hypervisor",
    "rel-type list": "rel-type list",
    "search": "search orders database",
    "blast-radius": "blast-radius Hypervisor/hv-sq-2",
    "blast-radius, then": "blast-radius Hypervisor/hv-sq-2 --at r1 --budget 100000",
    "blast-radius, explained": "blast-radius PowerSource/SQ-B --explain Rack/SQ-2",
    "preview": " ".join(("preview --target PowerSource/SQ-A --target hv-sq-2=degraded", *WINDOW)),
    "diff": "diff r0 r1 --outage Hypervisor/hv-sq-2",
    "near": "near Rack/SQ-2 --since 2020-01-01 --hops 1 --limit 5",
    "source list": "source list",
    "import-runs": "import-runs",
    "log list": "log list --limit 5",
    "log show": "log show 1",
    "log anchor": "log anchor",
    "log verify": "log verify",
    "log retention": "log retention",
    "token list": "token list",
    "incident list": "incident list --state new",
    "change list": "change list",
    "previews list": "previews list",
}  # type: ignore[assignment]
REFUSALS = {
    "absent": "ci show nothing-of-that-name",
    "ambiguous": "ci show storefront",
    "no such class": "ci list --class hypervisor",
    "no such revision": "log show 4711",
    "no such incident": "incident show 4711",
    "no such run": "import-runs 4711",
    "no such relationship": "rel remove 4711",
    "stale": "ci set Rack/SQ-2 notes=x --expected-version 4711",
    "wrong value": "ci set Rack/SQ-2 criticality=high",
    "wrong role": "token create bob --role king",
    "wrong lifecycle": "ci list --lifecycle gone",
    "wrong state": "incident list --state gone",
    "wrong cursor": "ci list --after nonsense",
    "wrong anchor": f"log verify --anchor 1:{'0' * 64}",
    "no such format": "import nonsense -",
    "no such file": "import records absent.jsonl",
}


@pytest.fixture(scope="module")
def pair(demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """The demo estate, for reading only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CMDB_ACTOR", ACTOR)
        with paired(demo_folder / "data", tmp_path_factory.mktemp("pair")) as both:
            yield both


@pytest.fixture
def own_pair(demo_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    """Two copies of the demo estate, for writing."""
    monkeypatch.setenv("CMDB_ACTOR", ACTOR)
    with paired(demo_folder / "data", tmp_path) as both:
        yield both


def test_every_command_is_tried() -> None:
    read = {name.partition(",")[0] for name in READS}
    elsewhere = {words for words in ALL if f'"{words}"' in Path(__file__).read_text("utf-8")}

    assert set(ALL) - LOCAL - read - elsewhere == set()


@pytest.mark.parametrize("name", READS)
def test_a_question_has_the_same_answer(pair: Pair, name: str) -> None:
    words = READS[name].split()  # type: ignore[attr-defined]

    assert pair.remote.json(*words) == pair.local.json(*words)


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_is_the_same(pair: Pair, name: str) -> None:
    words = REFUSALS[name].split()

    local, remote = pair.local(*words, "--json"), pair.remote(*words, "--json")

    assert local.code != 0
    assert (remote.code, remote.json) == (local.code, local.json)
