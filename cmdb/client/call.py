"""What is one question or edit to the server? A document, its variables, a reader of its answer.

Every method of the client is described once, as a function that returns a `Call`; the synchronous
and the asynchronous client send the same calls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from uuid_utils import uuid4

from cmdb.model.decoding import decode
from cmdb.model.json_values import check_json
from cmdb.model.reports import plain
from cmdb.ports.requests import EditReason

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Document:
    """A GraphQL document with one field at its root; `name` is that of the operation in it."""

    name: str
    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One question or edit.

    Attributes:
        document: What is sent.
        variables: Values that JSON can hold.
        read: Makes the answer of what came for the field.
        is_repeatable: Whether it may be sent again when nobody knows whether it arrived.
        is_slow: The answer may take as long as the work itself.
    """

    document: Document
    variables: Mapping[str, Any]
    read: Callable[[Any], T]
    is_repeatable: bool = True
    is_slow: bool = False


def ask(kind: type[T], document: Document, **variables: Any) -> Call[T]:
    """Return the call of a question whose report is of this kind."""
    return Call(document, sendable(variables), partial(_read_report, kind))


def edit(kind: type[T], document: Document, reason: EditReason, **values: Any) -> Call[T]:
    """Return the call of an edit; without a key it gets one, so that it may be sent again."""
    given = {
        **sendable(values),
        "reason": reason.reason,
        "idempotencyKey": reason.idempotency_key or str(uuid4()),
    }
    if reason.expected_version is not None:
        given["expectedVersion"] = reason.expected_version
    return Call(document, {"input": given}, partial(_read_report, kind))


def sendable(value: Any) -> Any:
    """Return arguments as values that JSON can hold.

    Raises:
        BadValue: It cannot hold one as it is: the server would be told another.
    """
    check_json("", value)
    return plain(value)


def _read_report(kind: type[T], found: Any) -> T:
    return decode(kind, found["report"])
