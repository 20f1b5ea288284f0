"""Does the tutorial of ten CIs print what its page says?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "engine-tutorial.md"
STEPS = re.findall(r"```python\n(.*?)```\n\n```\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


@pytest.fixture
def space() -> Iterator[dict[str, Any]]:
    """Return what the blocks share; its worker ends with the test."""
    names: dict[str, Any] = {}
    yield names
    if "solver" in names:
        names["solver"].close()


def test_every_block_prints_what_stands_below_it(
    space: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert len(STEPS) == PAGE.read_text("utf-8").count("```python") == 11

    for code, told in STEPS:
        exec(compile(code, str(PAGE), "exec"), space)  # noqa: S102 - our own page is what is tested
        assert capsys.readouterr().out == told
