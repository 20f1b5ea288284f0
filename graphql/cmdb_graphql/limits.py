"""How much may one document ask for? Each refusal says which limit, and by how much.

Everything is checked before the document is validated or run: nesting and tokens before it is
parsed (here), the rest from what it would do at most (`measuring`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import GraphQLError, GraphQLSyntaxError, Source, TokenKind
from graphql.language import Lexer

from cmdb.errors import LimitExceeded

LONG: Final = frozenset(
    {
        "verifyLog",
        "rankSource",
        "applyRetention",
        "doctor",
        "spof",
        "availability",
        "importance",
        "cutSets",
        "structure",
        "whatIf",
    }
)
"""Root fields that by their nature read or rewrite everything."""
_OPENING: Final = (TokenKind.BRACE_L, TokenKind.PAREN_L, TokenKind.BRACKET_L)
_CLOSING: Final = (TokenKind.BRACE_R, TokenKind.PAREN_R, TokenKind.BRACKET_R)
_NUMBERS: Final = (TokenKind.INT, TokenKind.FLOAT)
_LONGEST_NUMBER: Final = 400  # digits of the largest number that a float holds, and some more
SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may be and do.

    Attributes:
        tokens: Of the document.
        nesting: Of brackets in the document, and of values in the variables.
        values: In the variables, those within lists and objects counted.
        used_values: Of the same, as far as the schema knows their types, counted at each use.
        depth: Of fields within fields.
        aliases: Fields under another name.
        fields: Fields selected, fragments counted wherever they are spread.
        root_fields: Fields of the operation itself.
        cost: CIs and rows that it may return at most, from page sizes; see `measuring`.
        seconds: Time to answer; in a subscription, for each of its reads.
        long_seconds: Time to answer what by its nature reads or rewrites everything; see `LONG`.
        introspection: Whether the schema may be asked for.
        trusted: SHA-256 of the only documents that are run, as hexadecimal; None: any document.
        cached: Documents kept parsed and validated.
    """

    tokens: int = 4_000
    nesting: int = 64
    values: int = 200_000
    used_values: int = 10_000
    depth: int = 20
    aliases: int = 50
    fields: int = 500
    root_fields: int = 20
    cost: int = 100_000
    seconds: float = SECONDS
    long_seconds: float = 600.0
    introspection: bool = True
    trusted: frozenset[str] | None = field(default=None, repr=False)
    cached: int = 256


def check_text(text: str, limits: Limits) -> None:
    """Return if a document is not too large to be parsed.

    Raises:
        LimitExceeded: Tokens or nesting.
        GraphQLSyntaxError: It holds a character that no document may hold, or a number that is
            none of any kind.
    """
    source = Source(text)
    lexer = Lexer(source)
    tokens, nesting = 0, 0
    while (token := lexer.advance()).kind is not TokenKind.EOF:
        tokens += 1
        if token.kind in _OPENING:
            nesting += 1
        elif token.kind in _CLOSING:
            nesting -= 1
        if nesting > limits.nesting:
            raise LimitExceeded("nesting of the document", limits.nesting, nesting)
        if tokens > limits.tokens:
            # Lexing stops here: how many more there are is nobody's business.
            raise LimitExceeded("tokens", limits.tokens, tokens, "There may be more.")
        if token.kind in _NUMBERS and len(token.value or "") > _LONGEST_NUMBER:
            what = f"A number of {len(token.value or '')} characters."
            raise GraphQLSyntaxError(source, token.start, what)


def check_variables(variables: Mapping[str, Any] | None, limits: Limits) -> None:
    """Return if the variables are neither nested too deeply nor too many.

    Raises:
        LimitExceeded: Nesting or values of the variables.
    """
    level: list[Any] = [variables or {}]
    depth = values = 0
    while level:
        depth += 1
        values += sum(map(len, level))
        if depth > limits.nesting:
            raise LimitExceeded("nesting of the variables", limits.nesting, depth)
        if values > limits.values:
            raise LimitExceeded("values of the variables", limits.values, values)
        inner: list[Any] = []
        for value in level:
            members = value.values() if isinstance(value, dict) else value
            inner += [each for each in members if isinstance(each, dict | list)]
        level = inner


def not_trusted() -> GraphQLError:
    """Return the error of a document that is not on the list of those that are run."""
    return GraphQLError("This service runs only documents of its list of trusted ones.")
