"""How is a child killed at a random moment that lies where it was meant to lie?

An undisturbed run tells the times between its lines. A moment is drawn from the time line of one
stage and turned into "that long after that line", so that a slow computer changes little.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
STAGES = ("opening", "records", "links", "schema", "records", "links", "finish", "records")
"""Where kills fall, in turn: most of them while batches are written."""
_LONGEST_SECONDS = 400


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a child, and when it came."""

    words: tuple[str, ...]
    at: float

    @property
    def stage(self) -> str:
        """The stage that the child was in until it said this."""
        if self.words[0] == "ack":
            return self.words[2]
        return {"opened": "opening", "ready": "schema"}.get(self.words[0], "finish")


@dataclass(frozen=True, slots=True)
class Moment:
    """When to kill: so many seconds after so many lines."""

    stage: str
    lines: int
    seconds: float


@dataclass(slots=True)
class Ended:
    """What a child said until its end.

    Attributes:
        lines: In order.
        code: Its exit code, negative for a signal.
        errors: Its stderr.
    """

    lines: list[Line]
    code: int
    errors: str
    acknowledged: int = field(init=False)

    def __post_init__(self) -> None:
        revisions = [int(line.words[1]) for line in self.lines if line.words[0] == "ack"]
        self.acknowledged = max(revisions, default=0)

    @property
    def last(self) -> tuple[str, ...]:
        """The words of its last line."""
        return self.lines[-1].words if self.lines else ("",)

    @property
    def report(self) -> dict[str, Any]:
        """The report of its import, which must have come to its end."""
        assert (self.code, self.last[0]) == (0, "done"), (self.code, self.last, self.errors)
        report: dict[str, Any] = json.loads(" ".join(self.last[1:]))
        return report

    def progress(self) -> tuple[str, int]:
        """Return phase and number of records of the last batch acknowledged."""
        acks = [line.words for line in self.lines if line.words[0] == "ack"]
        return (acks[-1][2], int(acks[-1][3])) if acks else ("", 0)


def run_child(
    file: Path, place: str, moment: Moment | None = None, kill: Callable[[], None] | None = None
) -> Ended:
    """Return how a child ended that was left alone, or killed at a moment.

    Args:
        file: What it imports.
        place: The database.
        moment: When to act; None: never.
        kill: What to do then, by default to kill the child itself.
    """
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.kills.child", str(file), place],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    lines: list[Line] = []
    try:
        for text in child.stdout:
            lines.append(Line(tuple(text.split()), time.monotonic()))
            if moment is not None and len(lines) == moment.lines:
                time.sleep(moment.seconds)
                (kill or child.kill)()
        _, errors = child.communicate(timeout=_LONGEST_SECONDS)
    finally:
        child.kill()
        child.wait()
    return Ended(lines, child.returncode, errors)


def draw_moments(undisturbed: Ended, count: int, seed: int, stages: Sequence[str]) -> list[Moment]:
    """Return moments spread over the stages in turn, each anywhere within its stage."""
    chance = random.Random(seed)
    return [_draw(undisturbed.lines, stages[i % len(stages)], chance) for i in range(count)]


def _draw(lines: Sequence[Line], stage: str, chance: random.Random) -> Moment:
    gaps = [
        (number, later.at - earlier.at)
        for number, (earlier, later) in enumerate(pairwise(lines), start=1)
        if later.stage == stage
    ]
    number, gap = chance.choices(gaps, weights=[gap for _, gap in gaps])[0]
    return Moment(stage, number, gap * chance.random())
