"""Is `CI=effect@when` read as people mean it, and refused where it says nothing?"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cmdb.cli.effects import parse_affected, parse_target
from cmdb.errors import BadValue
from cmdb.ports import NewAffected, Target

TEN = datetime(2026, 5, 1, 22, tzinfo=UTC)
LATER = datetime(2026, 5, 1, 22, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("web", Target("web")),
        ("web=outage", Target("web", "outage")),
        ("Class/a=b=degraded", Target("Class/a=b", "degraded")),
        ("web=at-risk", Target("web", "at_risk")),
        ("web=at_risk", Target("web", "at_risk")),
        ("a@b", Target("a@b")),
        (
            "web=outage@2026-05-01T22:00Z/2026-05-01T22:10Z",
            Target("web", "outage", TEN, LATER),
        ),
        ("web=outage@/2026-05-01T22:10Z", Target("web", "outage", None, LATER)),
    ],
)
def test_a_target_is_a_ci_an_effect_and_a_window(text: str, target: Target) -> None:
    assert parse_target(text) == target


@pytest.mark.parametrize("text", ["web=down", "=outage", "web=outage@now", "web=outage@x/y"])
def test_what_is_no_target_is_refused(text: str) -> None:
    with pytest.raises(BadValue):
        parse_target(text)


@pytest.mark.parametrize(
    ("text", "affected"),
    [
        ("db", NewAffected("db")),
        ("db=degraded", NewAffected("db", "degraded")),
        ("db=outage@2026-05-01T22:00Z", NewAffected("db", "outage", TEN)),
    ],
)
def test_what_is_affected_is_a_ci_an_effect_and_an_onset(text: str, affected: NewAffected) -> None:
    assert parse_affected(text) == affected


@pytest.mark.parametrize("text", ["db=at-risk", "=outage", "db=outage@soon"])
def test_what_is_not_affected_is_refused(text: str) -> None:
    with pytest.raises(BadValue):
        parse_affected(text)
