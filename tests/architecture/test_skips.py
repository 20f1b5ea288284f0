"""Is nothing skipped in silence: loudly, by one file alone, and for good only where it is told?"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.peers.unavailable import needed_program, skip_for_good, skip_loudly

ROOT = Path(__file__).resolve().parents[2]
SKIPPING = ROOT / "tests" / "peers" / "unavailable.py"
_SKIPS = re.compile(r"\b(?:pytest\.(?:skip|importorskip|xfail)|mark\.(?:skip|skipif|xfail))\b")
_FOR_GOOD = re.compile(r"\bskip_for_good\(|@posix_only\b|@linux_only\b")


def files_with(pattern: re.Pattern[str]) -> set[str]:
    """Return the tests, this one apart, whose text fits."""
    return {
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests").rglob("*.py")
        if path != Path(__file__) and pattern.search(path.read_text(encoding="utf-8"))
    }


def outcome_of(work: Callable[[], object]) -> tuple[str, str]:
    """Return what a test that does this comes to, and why."""
    try:
        work()
    except pytest.fail.Exception as failure:
        return "failed", str(failure.msg)
    except pytest.skip.Exception as skip:
        return "skipped", str(skip.msg)
    return "passed", ""


def test_one_file_alone_skips() -> None:
    assert files_with(_SKIPS) == {str(SKIPPING.relative_to(ROOT))}


def test_what_is_skipped_for_good_is_told_to_contributors() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = page.split("### What is skipped")[1].split("\n## ")[0]
    told = set(re.findall(r"^\| (.+?) \|", table, re.MULTILINE)) - {"where"}
    places = {place for cell in told for place in re.findall(r"`(tests/.+?)`", cell)}

    assert places == files_with(_FOR_GOOD) - {str(SKIPPING.relative_to(ROOT))}


@pytest.mark.parametrize(("ci", "outcome"), [("true", "failed"), ("", "skipped")])
def test_what_is_missing_is_a_failure_where_everything_must_be_judged(
    monkeypatch: pytest.MonkeyPatch, ci: str, outcome: str
) -> None:
    monkeypatch.setenv("CI", ci)

    assert outcome_of(lambda: skip_loudly("no server")) == (outcome, "no server")
    assert outcome_of(lambda: needed_program("no-such-program")) == (
        outcome,
        "no-such-program is not installed",
    )
    assert outcome_of(lambda: skip_for_good("never here")) == ("skipped", "never here")


def test_a_program_that_is_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")

    assert Path(needed_program("sh")).name == "sh"
