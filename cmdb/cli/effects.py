"""What does `CI=outage@START/END` say that is done to which CI, and when?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final

from cmdb.cli.options import parse_time
from cmdb.errors import BadValue

if TYPE_CHECKING:
    from cmdb.model.incidents import IncidentEffect
    from cmdb.model.planned_changes import TargetEffect
    from cmdb.ports import NewAffected, Target

TARGET: Final = "CI[=outage|degraded|at-risk[@START/END]]"
AFFECTED: Final = "CI[=outage|degraded[@ONSET]]"
_TARGET_EFFECTS: Final[Mapping[str, TargetEffect]] = {
    "outage": "outage",
    "degraded": "degraded",
    "at-risk": "at_risk",
}
_INCIDENT_EFFECTS: Final[Mapping[str, IncidentEffect]] = {
    "outage": "outage",
    "degraded": "degraded",
}


def parse_target(text: str) -> Target:
    """Return what a change does to one CI; a bare CI means an outage as long as the change.

    Raises:
        BadValue: Nothing is named, or what follows the name is no effect or no window.
    """
    from cmdb.ports import Target

    name, word, when = _split("--target", text)
    if word not in _TARGET_EFFECTS:
        hint = "Write =outage, =degraded or =at-risk."
        raise BadValue("--target", f"{word!r} is no effect", hint)
    if not when:
        return Target(name, _TARGET_EFFECTS[word])
    start, slash, end = when.partition("/")
    if not slash:
        raise BadValue("--target", f"{when!r} is no window", "Write @START/END.")
    return Target(name, _TARGET_EFFECTS[word], _time("--target", start), _time("--target", end))


def parse_affected(text: str, option: str = "--affects") -> NewAffected:
    """Return what an incident does to one CI; of a bare CI what is told already stays.

    Raises:
        BadValue: Nothing is named, or what follows the name is no effect or no time.
    """
    from cmdb.ports import NewAffected

    name, word, onset = _split(option, text)
    if word not in _INCIDENT_EFFECTS:
        raise BadValue(option, f"{word!r} is no effect", "Write =outage or =degraded.")
    effect = _INCIDENT_EFFECTS[word] if "=" in text else None
    return NewAffected(name, effect, _time(option, onset))


def _split(option: str, text: str) -> tuple[str, str, str]:
    """Return name, effect and what follows the `@` of `NAME=EFFECT@WHEN`."""
    name, sign, rest = text.rpartition("=")
    if not sign:
        name, rest = text, "outage"
    word, _, when = rest.partition("@")
    if not name.strip():
        raise BadValue(option, f"{text!r} names no CI", "Write CI=outage.")
    return name.strip(), word.strip().lower().replace("_", "-"), when.strip()


def _time(option: str, text: str) -> datetime | None:
    return parse_time(option, text) if text.strip() else None
