"""Do other programs take the names that we write, and are no two alike?"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from impact.openpsa import Model, gate_names, identifiers, read_model, write_model
from impact.structure import Solver, TreeBuilder
from tests.peers.unavailable import needed_program

IDENTIFIER = re.compile(r"[A-Za-z]\w*(-\w+)*", re.ASCII)
ODD = ["Server/web 1", "Server/web-1", "Größe & <b>", "1st", "::", "gate-1", "数据库", "a--b\x07"]


@given(st.lists(st.text(max_size=12), max_size=8), st.lists(st.text(max_size=4), max_size=3))
def test_any_names_become_identifiers_all_different(names: list[str], taken: list[str]) -> None:
    found = identifiers(names, taken)

    assert len(found) == len(names)
    assert len({*found, *taken}) == len(found) + len(set(taken))
    assert all(IDENTIFIER.fullmatch(name) for name in found)


def test_many_names_that_look_alike_take_no_time() -> None:
    found = identifiers(["(not visible to you)"] * 50_000)

    assert len(set(found)) == 50_000
    assert found[1] == "not-visible-to-you-2"


def odd_model() -> Model:
    builder = TreeBuilder(len(ODD))
    pairs = [builder.all_of([i, (i + 1) % len(ODD)]) for i in range(len(ODD))]
    tree = builder.tree(builder.any_of([*pairs, builder.at_least(3, range(4))]))
    (top,) = identifiers(["gate 2 DOWN"])
    events = identifiers(ODD, gate_names(tree, top).values())
    q = tuple(0.01 * (i + 1) for i in range(len(ODD)))
    return Model("odd", top, tree, events, q, tuple(ODD))


def test_labels_say_what_identifiers_cannot() -> None:
    text = write_model(odd_model()).decode()

    assert "<label>Größe &amp; &lt;b&gt;</label>" in text
    assert "<label>数据库</label>" in text
    assert "\x07" not in text


def test_scram_finds_the_same_probability_under_odd_names(tmp_path: Path) -> None:
    scram = needed_program("scram")
    path = tmp_path / "odd.xml"
    path.write_bytes(write_model(odd_model()))

    told = subprocess.run(
        [scram, "--probability", "1", str(path)], capture_output=True, check=True, text=True
    ).stdout
    read = read_model(path)
    with Solver() as solver:
        ours = solver.probability(read.tree, read.probabilities)

    found = re.search(r'<sum-of-products [^>]*probability="([^"]+)"', told)
    assert found is not None
    assert abs(float(found[1]) - ours.value) <= 1e-5 * ours.value
