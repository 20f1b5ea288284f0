"""Does every comment that silences a checker say why, on its line or on the one above?"""

from __future__ import annotations

import io
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("cmdb", "graphql", "impact", "importers", "tests")
_SILENCING = re.compile(
    r"#\s*(?:flake8:\s*|ruff:\s*)?(?:noqa|type:\s*ignore|mypy:|nosec|pyright:|pragma:|pylint:)"
)
# The name of the checker, its codes, what parts them from a reason, and the reason.
_TELLING = re.compile(
    r"#\s*(?:noqa:\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)* - |type:\s*ignore\[[a-z-]+(?:,\s*[a-z-]+)*\]  # )"
    r"\w+.*\s\w+"
)


def unexplained(source: str) -> list[int]:
    """Return the lines that silence a checker and do not say why."""
    comments = {
        token.start[0]: (token.string, token.line[: token.start[1]].strip())
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    found = []
    for line, (text, _) in comments.items():
        above, code_above = comments.get(line - 1, ("", ""))
        is_told = bool(above) and not code_above and not _SILENCING.search(above)
        if _SILENCING.search(text) and not is_told and not _TELLING.search(text):
            found.append(line)
    return found


def test_whatever_silences_a_checker_says_why() -> None:
    sources = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))

    found = {
        str(path.relative_to(ROOT)): lines
        for path in sources
        if (lines := unexplained(path.read_text(encoding="utf-8")))
    }

    assert len(sources) > 500
    assert found == {}


@pytest.mark.parametrize(
    "silenced",
    [
        "value = 1  # noqa",
        "value = 1  # noqa: S105",
        "value = 1  # noqa: S105, E501",
        "value = 1  # noqa: S105 -",
        "value = 1  # type: ignore",
        "value = 1  # type: ignore[arg-type]",
        "value = 1  # nosec",
        "# ruff: noqa: E501",
        "# mypy: ignore-errors",
        "other = 1  # beside other code, this is no reason\nvalue = 1  # noqa: S105",
        "# the line between is too far\n\nvalue = 1  # noqa: S105",
    ],
)
def test_one_without_a_reason_is_found(silenced: str) -> None:
    assert unexplained(silenced) == [1 + silenced.count("\n")]


@pytest.mark.parametrize(
    "explained",
    [
        "value = 1  # noqa: S105 - no secret",
        "value = 1  # noqa: S105, E501 - no secret",
        "value = 1  # type: ignore[arg-type]  # the part that is used",
        "# It is no secret.\nvalue = 1  # noqa: S105",
        "value = 1  # no checker is silenced here",
        'value = "# noqa"',
    ],
)
def test_one_with_its_reason_is_let_pass(explained: str) -> None:
    assert unexplained(explained) == []
