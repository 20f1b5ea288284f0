"""Which record does a line of the exchange format hold, and if none, which field is at fault?

Strict: an unknown field, a wrong type or a missing part refuses the line, so that nothing of it is
lost in silence. `decode_record` gives back what `encode_record` was given, but for its place.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from cmdb.model.definitions import LIFECYCLE
from cmdb.model.records import Link, Record, Reference

STRENGTHS: Final = ("hard", "soft", "gate", "weak")
WITHIN_DEPTH_LIMIT: Final = 10

_RECORD: Final = frozenset(
    {
        "class", "key", "name", "attributes", "within", "links", "lifecycle", "observed_at",
        "deleted", "about", "source", "scope",
    }
)  # fmt: skip
_LINK: Final = frozenset(
    {
        "type", "other", "reverse", "strength", "tolerates_seconds", "confidence", "inferred_by",
        "discriminator", "denied",
    }
)  # fmt: skip
_REFERENCE: Final = frozenset({"class", "values", "within"})


class NotARecord(ValueError):
    """A line is no record: the field at fault, what is wrong, and what to do."""

    def __init__(self, field: str, reason: str, hint: str = "") -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason
        self.hint = hint


def decode_record(line: Any, place: str = "") -> Record:
    """Return the record that a decoded line holds.

    Raises:
        NotARecord: With the field at fault.
    """
    _check_object("", line, _RECORD, required=("class",))
    attributes = line.get("attributes", {})
    if not isinstance(attributes, dict):
        raise NotARecord("attributes", "expected an object")
    name = line.get("name")
    record = Record(
        _text(line, "class", "class", required=True),
        key=_text(line, "key", "key"),
        name=None if name is None else _text(line, "name", "name"),
        attributes=attributes,
        within=_within(line, "within", 1),
        links=_links(line),
        lifecycle=_lifecycle(line),
        observed_at=_time(line),
        deleted=_flag(line, "deleted", "deleted"),
        place=place,
        about=_reference(line["about"], "about") if line.get("about") is not None else None,
        source=_text(line, "source", "source"),
        scope=None if line.get("scope") is None else _text(line, "scope", "scope"),
    )
    if not (record.key or record.name or record.attributes or record.about):
        raise NotARecord("", "nothing says which thing it is", "Give a key, a name or attributes.")
    return record


def _check_object(
    field: str, value: Any, known: frozenset[str], *, required: tuple[str, ...]
) -> None:
    if not isinstance(value, dict):
        raise NotARecord(field, "expected an object")
    for name in value:
        if name not in known:
            hint = f"Known: {', '.join(sorted(known))}."
            raise NotARecord(_at(field, name[:100]), "there is no such field", hint)
    for name in required:
        if name not in value:
            raise NotARecord(_at(field, name), "the field is missing")


def _at(field: str, name: str) -> str:
    return f"{field}.{name}" if field else name


def _text(line: dict[str, Any], name: str, field: str, *, required: bool = False) -> str:
    value = line.get(name, "")
    if not isinstance(value, str):
        raise NotARecord(field, "expected text")
    if required and not value:
        raise NotARecord(field, "the text is empty")
    return value


def _flag(line: dict[str, Any], name: str, field: str) -> bool:
    value = line.get(name, False)
    if not isinstance(value, bool):
        raise NotARecord(field, "expected true or false")
    return value


def _number(line: dict[str, Any], name: str, field: str) -> float | None:
    value = line.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        raise NotARecord(field, "expected a number of at least 0")
    return value


def _choice(value: Any, field: str, choices: Iterable[str]) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or value not in choices:
        raise NotARecord(field, "unknown value", f"One of {', '.join(choices)}.")
    return value


def _lifecycle(line: dict[str, Any]) -> str | None:
    return _choice(line.get("lifecycle"), "lifecycle", LIFECYCLE)


def _time(line: dict[str, Any]) -> datetime | None:
    text = line.get("observed_at")
    if text is None:
        return None
    hint = "Write it like 2025-03-01T12:00:00Z."
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise NotARecord("observed_at", "a time without a zone", hint)
        return moment.astimezone(UTC)
    except NotARecord:
        raise
    except (TypeError, ValueError, OverflowError) as error:
        raise NotARecord("observed_at", "this is no time", hint) from error


def _within(line: dict[str, Any], field: str, depth: int) -> dict[str, Reference]:
    holders = line.get("within", {})
    if not isinstance(holders, dict):
        raise NotARecord(field, "expected an object of references by role")
    if holders and depth > WITHIN_DEPTH_LIMIT:
        raise NotARecord(field, f"nested deeper than {WITHIN_DEPTH_LIMIT} levels")
    return {role: _reference(held, f"{field}.{role}", depth) for role, held in holders.items()}


def _reference(line: Any, field: str, depth: int = 1) -> Reference:
    _check_object(field, line, _REFERENCE, required=("class", "values"))
    values = line["values"]
    if not isinstance(values, dict):
        raise NotARecord(f"{field}.values", "expected an object")
    if not values:
        raise NotARecord(f"{field}.values", "it is empty", "Give identifying attributes.")
    class_name = _text(line, "class", f"{field}.class", required=True)
    return Reference(class_name, values, _within(line, f"{field}.within", depth + 1))


def _links(line: dict[str, Any]) -> tuple[Link, ...]:
    links = line.get("links", [])
    if not isinstance(links, list):
        raise NotARecord("links", "expected a list")
    return tuple(_link(link, f"links[{number}]") for number, link in enumerate(links))


def _link(line: Any, field: str) -> Link:
    _check_object(field, line, _LINK, required=("type", "other"))
    confidence = _number(line, "confidence", f"{field}.confidence")
    if confidence is not None and confidence > 1:
        raise NotARecord(f"{field}.confidence", "expected a number of at most 1")
    return Link(
        _text(line, "type", f"{field}.type", required=True),
        _reference(line["other"], f"{field}.other"),
        reverse=_flag(line, "reverse", f"{field}.reverse"),
        strength=_choice(line.get("strength"), f"{field}.strength", STRENGTHS),
        tolerates_seconds=_number(line, "tolerates_seconds", f"{field}.tolerates_seconds"),
        confidence=1.0 if confidence is None else confidence,
        inferred_by=_text(line, "inferred_by", f"{field}.inferred_by"),
        discriminator=_text(line, "discriminator", f"{field}.discriminator"),
        denied=_flag(line, "denied", f"{field}.denied"),
    )
