"""How does every mutation write? It calls one operation and answers, or says why it did not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from cmdb.errors import BadValue, CmdbError
from cmdb.ports.requests import EditReason
from cmdb_graphql.context import ApiContext, Ask
from cmdb_graphql.errors import refusal
from cmdb_graphql.inputs import Edit, VersionedEdit
from cmdb_graphql.types.results import Refused

T = TypeVar("T")
W = TypeVar("W")


async def write(info: Ask, work: Callable[[], T], shape: Callable[[T], W]) -> W | Refused:
    """Return what an operation wrote, or its refusal.

    Args:
        info: Of the resolver.
        work: Reads the input and calls the operation, in a thread.
        shape: Makes the success of what the operation returned.
    """
    try:
        return shape(await info.context.ask(work))
    except CmdbError as error:
        refused = refusal(error)
        info.context.refusals.append(error.code)
        return refused


def reason_of(context: ApiContext, edit: Edit) -> EditReason:
    """Return why and how an edit is made."""
    version = edit.expected_version if isinstance(edit, VersionedEdit) else None
    return context.edit(edit.reason, edit.idempotency_key, version)


def as_type(value: object) -> Any:
    """Return what an operation returned as the type that shows it: read by attribute."""
    return value


def object_of(field: str, given: Any) -> Mapping[str, Any]:
    """Return a JSON object.

    Raises:
        BadValue: It is another kind of value.
    """
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise BadValue(field, "it must be a JSON object")
    return given


def texts_of(field: str, given: Any) -> dict[str, str]:
    """Return a JSON object of texts.

    Raises:
        BadValue: It is another kind of value.
    """
    found = object_of(field, given)
    if not all(isinstance(value, str) for value in found.values()):
        raise BadValue(field, "its values must be texts")
    return dict(found)
