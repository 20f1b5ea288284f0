"""Do the examples of the guide to the client run, against a real server?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.served import Pair, paired

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "client.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^## ?(.*?)$|^```python\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
TOLD = {
    "The Python client": r"Service/.+ [1-4] ",
    "Writing": r"^$",
    "Following the changes": r"^1 \S+ [0-9]+$",
    "Imports": r"'create': [1-9]",
    "Asynchronous code": r"^[1-9][0-9]* [1-9]",
}


def examples() -> dict[str, str]:
    """Return the examples by the title of their section."""
    found, title = {}, "The Python client"
    for heading, code in EXAMPLES:
        title = heading or title
        if code:
            found[title] = code
    return found


@pytest.fixture(scope="module")
def pair(demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with paired(demo_folder / "data", tmp_path_factory.mktemp("guide")) as both:
        yield both


def test_every_section_with_an_example_is_known() -> None:
    assert set(examples()) == set(TOLD)


@pytest.mark.parametrize("title", TOLD)
def test_an_example_runs(
    pair: Pair, title: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CMDB_TOKEN", pair.remote.token)
    monkeypatch.chdir(ROOT)
    code = examples()[title].replace("http://127.0.0.1:8080", pair.remote.url)

    exec(compile(code, title, "exec"), {"__name__": "example"})  # noqa: S102 - our own guide

    assert re.search(TOLD[title], capsys.readouterr().out.rstrip("\n"), re.MULTILINE)
