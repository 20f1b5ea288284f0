"""When can something have been observed? Not later than now: of two sources the later one counts.

A time that is still to come would win over whatever is observed until then.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cmdb.errors import BadValue
from cmdb.model.import_reports import ImportRequest
from cmdb.model.inventory import to_epoch_ms
from cmdb.model.records import ImportInput, Problem, Record

CLOCK_SKEW = timedelta(minutes=5)
"""How far the clock of whoever observes may be ahead of ours."""


def check_observed(at: datetime | None, now: datetime) -> None:
    """Return if a declared time of observation can be.

    Raises:
        BadValue: It has no zone, or is still to come.
    """
    if at is None:
        return
    if at.tzinfo is None:
        raise BadValue("observed_at", "a time without a zone", "Give an aware time.")
    if _is_to_come(at, now):
        hint = f"At the latest now, {now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}: mend the clock."
        raise BadValue("observed_at", f"{at.isoformat()} is still to come", hint)


def timely(record: Record, now: datetime) -> tuple[Record, Problem | None]:
    """Return a record without a time of its own that is still to come, and what was wrong."""
    at = record.observed_at
    if at is None or not _is_to_come(at, now):
        return record, None
    hint = "The time of the import was taken."
    reason = f"{at.isoformat()} is still to come"
    return replace(record, observed_at=None), Problem(
        record.place, "observed_at", reason, hint, dropped=False
    )


def observed_ms(request: ImportRequest, source: ImportInput, now: datetime) -> int:
    """Return when an input was observed, as its caller or its newest file says; else now."""
    if request.observed_at is not None:
        return to_epoch_ms(request.observed_at)
    if source.path is not None:
        files = [source.path, *(source.path.rglob("*") if source.path.is_dir() else ())]
        times = [file.stat().st_mtime for file in files if file.is_file()]
        if times:
            # A file from the future was written by a clock that is ahead.
            return min(int(max(times) * 1000), to_epoch_ms(now))
    return to_epoch_ms(now)


def _is_to_come(at: datetime, now: datetime) -> bool:
    return at > now + CLOCK_SKEW
