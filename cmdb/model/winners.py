"""Which source's value wins? Every value is kept; one of them is shown.

Order: precedence of the source (manual edits above all unless configured), then the latest
observation, then the smaller source name, then the smaller canonical value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cmdb.model.inventory import ATTRIBUTE_PREFIX
from cmdb.model.source_records import MANUAL, SourceRecord
from cmdb.model.values import canonical_json

MANUAL_PRECEDENCE = 1_000_000
DEFAULT_LIFECYCLE = "in_use"

Precedence = Mapping[str, int]


def precedence_of(source: str, precedence: Precedence) -> int:
    """Return the precedence of a source: configured, else 0, for manual edits the highest."""
    return precedence.get(source, MANUAL_PRECEDENCE if source == MANUAL else 0)


def winning_values(
    class_name: str, records: Sequence[SourceRecord], precedence: Precedence
) -> dict[str, Any]:
    """Return the stored values of a CI of which these records speak.

    Args:
        class_name: The most specific class among them.
        records: All source records of the CI, in any order; at least one.
        precedence: Configured precedence by source, higher wins.
    """
    speaking = [record for record in records if not record.deleted]
    heard = speaking or records
    values: dict[str, Any] = {"class": class_name}
    if len(heard) == 1:
        only = heard[0]
        values |= {ATTRIBUTE_PREFIX + name: value for name, value in only.attributes.items()}
        name, lifecycle = only.name, only.lifecycle
    else:
        ordered = sorted(heard, key=lambda record: _order(record, precedence))
        names = {name for record in ordered for name in record.attributes}
        for attribute in sorted(names):
            values[ATTRIBUTE_PREFIX + attribute] = _winner(ordered, attribute, precedence)
        name = _first(ordered, "name", precedence)
        lifecycle = _first(ordered, "lifecycle", precedence)
    values["name"] = name or _fallback_name(class_name, values)
    values["lifecycle"] = _lifecycle(lifecycle, speaking, records)
    return values


def _lifecycle(
    stated: str | None, speaking: Sequence[SourceRecord], records: Sequence[SourceRecord]
) -> str:
    is_gone = any(record.deleted for record in records) and all(
        record.about is not None for record in speaking
    )
    by_hand = any(record.about is not None and record.lifecycle for record in speaking)
    if is_gone and not by_hand:
        return "retired"
    return stated or DEFAULT_LIFECYCLE


def _order(record: SourceRecord, precedence: Precedence) -> tuple[int, int, str]:
    return -precedence_of(record.source, precedence), -record.observed_ms, record.source


def _winner(ordered: Sequence[SourceRecord], attribute: str, precedence: Precedence) -> Any:
    carrying = [record for record in ordered if attribute in record.attributes]
    best = _order(carrying[0], precedence)
    tied = [r.attributes[attribute] for r in carrying if _order(r, precedence) == best]
    return tied[0] if len(tied) == 1 else min(tied, key=canonical_json)


def _first(ordered: Sequence[SourceRecord], field: str, precedence: Precedence) -> str | None:
    carrying = [record for record in ordered if getattr(record, field)]
    if not carrying:
        return None
    best = _order(carrying[0], precedence)
    return min(str(getattr(r, field)) for r in carrying if _order(r, precedence) == best)


def _fallback_name(class_name: str, values: Mapping[str, Any]) -> str:
    for name in ("fqdn", "serial", "reference", "url", "purl", "code", "path", "external_id"):
        if value := values.get(ATTRIBUTE_PREFIX + name):
            return str(value)
    rest = sorted(
        str(value)
        for name, value in values.items()
        if name.startswith(ATTRIBUTE_PREFIX) and isinstance(value, str) and value
    )
    return rest[0] if rest else f"unnamed {class_name}"
