"""How is an error told in the API? With a stable code and its facts; a defect without details.

What a user can cause and a program can act on in a mutation is part of its result; everything else
is an entry of `errors` with `extensions.code`, `extensions.facts` and `extensions.requestId`.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

from graphql import GraphQLError, GraphQLSyntaxError

from cmdb import errors
from cmdb.model.reports import plain
from cmdb_graphql.types import results

BAD_DOCUMENT: Final = "BAD_DOCUMENT"
"""The document does not parse, does not fit the schema, or its variables do not."""
INTERNAL: Final = "INTERNAL"
"""A defect of the program."""

REFUSALS: Final[Mapping[type[errors.CmdbError], type[results.Refused]]] = {
    errors.NotFound: results.NotFound,
    errors.AmbiguousName: results.NotFound,
    errors.Conflict: results.Conflict,
    errors.BadInput: results.ValidationFailed,
    errors.IllegalTransition: results.IllegalTransition,
    errors.Forbidden: results.Forbidden,
}
"""The result of a mutation for each branch of the error tree; others are entries of `errors`."""

_log = logging.getLogger(__name__)


def refusal(error: errors.CmdbError) -> results.Refused:
    """Return an error as the result of a mutation.

    Raises:
        CmdbError: The same, if it is not one that a mutation answers with.
    """
    for parent in type(error).__mro__:
        if kind := REFUSALS.get(parent):
            return kind(code=error.code, message=error.message, facts=plain(error.facts))
    raise error


def show_errors(found: Sequence[GraphQLError] | None, request_id: str) -> list[GraphQLError] | None:
    """Return errors as the caller may see them, or None where there are none."""
    return [show_error(error, request_id) for error in found] if found else None


def show_error(error: GraphQLError, request_id: str) -> GraphQLError:
    """Return an error with its code and facts; a defect is logged and told without details."""
    cause = _cause(error)
    extensions: dict[str, Any] = {"requestId": request_id}
    if isinstance(cause, errors.CmdbError):
        message = cause.message
        extensions |= {"code": cause.code, "facts": plain(cause.facts)}
    elif cause is None:
        message = error.message
        extensions |= {"code": BAD_DOCUMENT, "facts": {}}
    else:
        _log.error("defect in request %s", request_id, exc_info=cause)
        message = f"The service has a defect; the request {request_id} tells where in its log."
        extensions |= {"code": INTERNAL, "facts": {}}
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )


def as_error(cause: Exception) -> GraphQLError:
    """Return what was raised outside of any field as an error of the document."""
    if isinstance(cause, GraphQLError):
        return cause
    return GraphQLError(str(cause), original_error=cause)


def _cause(error: GraphQLError) -> Exception | None:
    """What was raised in the product, or None where the document itself is at fault."""
    if isinstance(error, GraphQLSyntaxError):
        return None
    cause: Exception | None = error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause
