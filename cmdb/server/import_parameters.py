"""What does a request ask of an import? Its address and headers, read and refused by name."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5

from starlette.requests import Request
from uuid_utils import uuid7

from cmdb.errors import BadValue
from cmdb.model.import_reports import ImportRequest
from cmdb.model.rights import Caller
from cmdb.model.values import canonical_json

_SCOPE, _OPTION = "scope.", "option."
PARAMETERS = frozenset(
    {
        "source", "complete", "dry_run", "wait", "observed_at", "file_name", "reason",
        "confirm_deletions", "rejects", "results",
    }
)  # fmt: skip
_LONGEST_KEY = 200
_NOT_ASKED = frozenset({"wait"})
"""Parameters that say how to answer, and nothing of what is done."""


def read_request(request: Request, file_format: str, caller: Caller) -> ImportRequest:
    """Return what the address and the headers of a request ask for.

    Raises:
        BadValue: There is no such parameter, one comes twice, or its value cannot be.
    """
    given = request.query_params
    for name, count in Counter(name for name, _ in given.multi_items()).items():
        if name not in PARAMETERS and not name.startswith((_SCOPE, _OPTION)):
            raise BadValue(
                name, "there is no such parameter", f"Known: {', '.join(sorted(PARAMETERS))}."
            )
        if count > 1:
            raise BadValue(name, f"it is given {count} times", "Give it once.")
    source = given.get("source", "") or caller.source
    if not source:
        raise BadValue("source", "it is missing", "Name the data source: ?source=NAME.")
    key = _key(request)
    return ImportRequest(
        source=source,
        format=file_format,
        scope=_pairs(request, _SCOPE),
        is_complete=read_flag(request, "complete"),
        is_dry_run=read_flag(request, "dry_run"),
        observed_at=_moment(given.get("observed_at", "")),
        extra=_pairs(request, _OPTION),
        confirm_deletions=read_flag(request, "confirm_deletions"),
        reason=given.get("reason", ""),
        run_id=_run_id(caller, key) if key else str(uuid7()),
        key=key,
    )


def digest_of_request(request: Request, asked: ImportRequest, body: str) -> str:
    """Return the digest of everything that is asked and of the body; empty without a key.

    Args:
        request: The request; a retry may ask to be answered in another way.
        asked: What it asks.
        body: Digest of its body.
    """
    if not asked.key:
        return ""
    items = sorted(item for item in request.query_params.multi_items() if item[0] not in _NOT_ASKED)
    facts = [asked.source, asked.format, [list(item) for item in items], body]
    return hashlib.sha256(canonical_json(facts)).hexdigest()


def read_flag(request: Request, name: str) -> bool:
    """Return whether a flag is set.

    Raises:
        BadValue: It is neither true nor false.
    """
    text = request.query_params.get(name, "false").lower()
    if text not in ("", "1", "true", "0", "false"):
        raise BadValue(name, f"{text!r} is neither true nor false")
    return text in ("", "1", "true")


def _key(request: Request) -> str:
    key = request.headers.get("idempotency-key", "")
    if len(key) > _LONGEST_KEY or not key.isprintable():
        raise BadValue("Idempotency-Key", f"it must have at most {_LONGEST_KEY} characters")
    return key


def _run_id(caller: Caller, key: str) -> str:
    """Return the id of the run: the same for the same key of the same caller, everywhere."""
    return str(uuid5(NAMESPACE_URL, f"cmdb-import:{caller.actor}:{key}"))


def _pairs(request: Request, prefix: str) -> dict[str, str]:
    items = request.query_params.multi_items()
    return {name[len(prefix) :]: value for name, value in items if name.startswith(prefix)}


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            raise BadValue("observed_at", "a time without a zone", "End it with Z or an offset.")
        return found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        hint = "In an address, + must be written %2B." if " " in text.strip() else ""
        raise BadValue("observed_at", f"{text!r} is no time of ISO 8601", hint) from error
