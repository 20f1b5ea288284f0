"""Does every question have the same answer through a server as on the database itself?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.served import ACTOR, Pair, paired
from tests.unit.cli.test_documentation import ALL

LOCAL = {"init", "demo", "serve", "db copy", "db backup", "db restore"}
HERE = Path(__file__)
READS = {
    "ci list": "--class Host --sort updated_at --descending --limit 3",
    "ci list, filtered": "--name orders --where owner=x --lifecycle in_use --retired",
    "ci show": "Rack/SQ-2",
    "ci history": "Rack/SQ-2 --limit 3",
    "classes": "",
    "class show": "Hypervisor",
    "rel-type list": "",
    "search": "orders database",
    "blast-radius": "Hypervisor/hv-sq-2",
    "blast-radius, then": "Hypervisor/hv-sq-2 --at r1 --budget 100000",
    "blast-radius, explained": "PowerSource/SQ-B --explain Rack/SQ-2",
    "preview": (
        "--target PowerSource/SQ-A --target hv-sq-2=degraded "
        "--from 2027-03-06T22:00Z --to 2027-03-06T23:00Z"
    ),
    "availability": "--all",
    "availability, under terms": (
        "--all --target 99.9 --period week --planned counted --from 2027-01-01T00:00Z"
    ),
    "spof": "--all",
    "importance": "Rack/SQ-1 --limit 3",
    "cut-sets": "Rack/SQ-1 --largest 2",
    "root-cause": "--symptom Rack/SQ-1=degraded@2026-01-01T00:00Z --as-known-now",
    "what-if": "--remove PowerSource/SQ-A",
    "conflicts": "--from 2027-03-01 --to 2027-04-01",
    "diff": "r0 r1 --outage Hypervisor/hv-sq-2",
    "near": "Rack/SQ-2 --since 2020-01-01 --hops 1 --limit 5",
    "source list": "",
    "import-runs": "",
    "log list": "--limit 5",
    "log show": "1",
    "log anchor": "",
    "log verify": "",
    "log retention": "",
    "token list": "",
    "incident list": "--state new",
    "change list": "",
    "previews list": "",
}
SAME_REFUSALS = {
    "absent": "ci show nothing-of-that-name",
    "ambiguous": "ci show storefront",
    "no such class": "ci list --class hypervisor",
    "no such revision": "log show 4711",
    "no such incident": "incident show 4711",
    "no such run": "import-runs 4711",
    "no such relationship": "rel remove 4711",
    "stale": "ci set Rack/SQ-2 notes=x --expected-version 4711",
    "wrong value": "ci set Rack/SQ-2 nonsense=high",
    "wrong cursor": "ci list --after nonsense",
    "wrong anchor": f"log verify --anchor 1:{'0' * 64}",
    "no such format": f"import nonsense {HERE}",
    "no such file": "import records absent.jsonl",
    "wrong file": f"import records {HERE}",
}
SAME_CODES = {
    "wrong role": "token create bob --role king",
    "wrong lifecycle": "ci list --lifecycle gone",
    "wrong state": "incident list --state gone",
}


@pytest.fixture(scope="module")
def pair(demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """The demo estate, for reading only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CMDB_ACTOR", ACTOR)
        with paired(demo_folder / "data", tmp_path_factory.mktemp("pair")) as both:
            yield both


def words_of(name: str) -> list[str]:
    return [*name.partition(",")[0].split(), *READS[name].split()]


def test_every_command_is_tried() -> None:
    writing = " ".join(HERE.with_name("test_remote_writes.py").read_text("utf-8").split())
    read = {name.partition(",")[0] for name in READS} | {"doctor", "whoami", "export"}
    written = {name for name in ALL if ", ".join(f'"{word}"' for word in name.split()) in writing}

    assert set(ALL) - LOCAL - read - written == set()


@pytest.mark.parametrize("name", READS)
def test_a_question_has_the_same_answer(pair: Pair, name: str) -> None:
    words = words_of(name)

    assert pair.remote.json(*words) == pair.local.json(*words)


@pytest.mark.parametrize("name", SAME_REFUSALS)
def test_a_refusal_is_the_same(pair: Pair, name: str) -> None:
    words = SAME_REFUSALS[name].split()

    local, remote = pair.local(*words, "--json"), pair.remote(*words, "--json")

    assert local.code != 0
    # A server knows a file by its name; where it lies is nobody's business there.
    told = json.loads(json.dumps(local.json).replace(f"{HERE.parent}/", ""))
    assert (remote.code, remote.json) == (local.code, told)


@pytest.mark.parametrize("name", SAME_CODES)
def test_a_word_that_the_contract_does_not_have_is_refused_with_the_same_code(
    pair: Pair, name: str
) -> None:
    words = SAME_CODES[name].split()

    local, remote = pair.local(*words, "--json"), pair.remote(*words, "--json")

    assert (remote.code, remote.json["error"]["code"]) == (local.code, "BAD_VALUE")
    assert local.json["error"]["code"] == "BAD_VALUE"


def test_common_causes_reach_the_server(pair: Pair) -> None:
    words = ("availability", "Order mail", "--common-cause", "power of SQ-1=0.1")

    remote = pair.remote.json(*words)

    assert remote == pair.local.json(*words) != pair.local.json(*words[:2])


def test_the_server_says_whom_it_takes_the_caller_for(pair: Pair) -> None:
    found = pair.remote.json("whoami")

    assert found["actor"] == ACTOR
    assert "administrator" in found["roles"]


def test_a_token_that_does_not_hold_is_refused(pair: Pair) -> None:
    ended = type(pair.remote)(pair.remote.url, "cmdb_wrong")("ci", "list", "--json")

    assert (ended.code, ended.json["error"]["code"]) == (5, "UNAUTHENTICATED")
    assert "cmdb_wrong" not in ended.out + ended.err


def test_doctor_looks_at_the_database_of_the_server(pair: Pair) -> None:
    local, remote = pair.local.json("doctor"), pair.remote.json("doctor")

    own = {"database", "fast start"}
    checks = [
        [check for check in found["checks"] if check["name"] not in own]
        for found in (local, remote)
    ]
    assert checks[1] == checks[0]
    (place,) = (check for check in remote["checks"] if check["name"] == "database")
    assert "server" in place["message"]


def test_an_export_is_the_same_byte_by_byte(pair: Pair, tmp_path: Path) -> None:
    told = [
        command.json("export", tmp_path / side)["lines"]
        for side, command in (("local", pair.local), ("remote", pair.remote))
    ]

    assert told[1] == told[0] > 80
    assert (tmp_path / "remote").read_bytes() == (tmp_path / "local").read_bytes()


def test_tables_and_pictures_are_drawn_from_what_the_server_says(
    pair: Pair, tmp_path: Path
) -> None:
    for words in (["ci", "show", "Rack/SQ-2"], ["blast-radius", "hv-sq-2", "--mermaid"]):
        assert pair.remote(*words).out == pair.local(*words).out
    for side, command in (("local", pair.local), ("remote", pair.remote)):
        command("blast-radius", "hv-sq-2", "--svg", tmp_path / side)
    assert (tmp_path / "remote").read_bytes() == (tmp_path / "local").read_bytes()
