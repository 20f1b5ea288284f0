"""Are hostile documents refused over HTTP, with the limit and by how much, and their like let pass?

Every refusal has a twin just below the limit, asked of the same server.
"""

from __future__ import annotations

import json
import time
from typing import Any

import httpx2
import pytest

from tests.api.http.guarded import ask

FILTERED = "query ($f: CIFilter) { cis(filter: $f, first: 1) { nodes { name } } }"


def over(answer: dict[str, Any]) -> tuple[str, float, float]:
    """Return which limit a document was over: what is allowed, and what was found."""
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "LIMIT_EXCEEDED", error
    facts = error["extensions"]["facts"]
    for told in (facts["limit"], f"{facts['found']:.12g}", f"{facts['allowed']:.12g}"):
        assert told in error["message"]
    return facts["limit"], facts["allowed"], facts["found"]


def nested(levels: int) -> str:
    inner = "name"
    for _ in range(levels):
        inner = f"providers(first: 1) {{ nodes {{ {inner} }} }}"
    return f"{{ cis(first: 1) {{ nodes {{ {inner} }} }} }}"


def aliases(count: int) -> str:
    return "{ whoami {" + " ".join(f"a{n}: actor" for n in range(count)) + "} }"


def roots(count: int) -> str:
    return "{" + " ".join(["__typename"] * count) + "}"


def tokens(count: int) -> str:
    """Return a document of so many tokens that selects one field, again and again."""
    return (
        "{ whoami {"
        + " ".join(["...f"] * ((count - 15) // 2))
        + "} } "
        + ("fragment f on Identity { __typename }" + " #" * 100)
    )


def brackets(count: int) -> str:
    deep = count - 2
    return f"{{ cis(class: {'[' * deep}{']' * deep}) {{ nodes {{ name }} }} }}"


def doubling(levels: int) -> str:
    """Return fragments that each spread the next twice."""
    parts = [f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(levels)]
    return "{ ...f0 }" + " ".join(parts) + f"fragment f{levels} on Query {{ __typename }}"


def pages(first: int, then: int) -> str:
    return (
        f"{{ cis(first: {first}) {{ nodes {{ providers(first: {then}) {{ nodes {{ "
        f"providers(first: 20) {{ nodes {{ name }} }} }} }} }} }} }}"
    )


@pytest.mark.parametrize(
    ("hostile", "limit", "allowed", "found", "twin"),
    [
        (nested(9), "depth", 20, 21, nested(8)),
        (aliases(51), "aliases", 50, 51, aliases(50)),
        (roots(21), "root fields", 20, 21, roots(20)),
        (tokens(4_100), "tokens", 4_000, 4_001, tokens(900)),
        (doubling(40), "fields", 500, 10**12, doubling(4)),
        (pages(200, 200), "cost", 100_000, 840_201, pages(200, 20)),
    ],
    ids=["depth", "aliases", "root fields", "tokens", "fragments that double", "cost"],
)
def test_a_document_over_a_limit_is_refused_and_its_twin_answered(
    asking: httpx2.Client, hostile: str, limit: str, allowed: float, found: float, twin: str
) -> None:
    began = time.monotonic()

    refused = over(ask(asking, hostile))
    answered = ask(asking, twin)

    assert refused == (limit, allowed, found)
    assert "errors" not in answered, answered
    assert time.monotonic() - began < 30


def test_brackets_in_brackets_are_refused_before_they_are_parsed(asking: httpx2.Client) -> None:
    (mistake,) = ask(asking, brackets(64))["errors"]

    assert over(ask(asking, brackets(65))) == ("nesting of the document", 64, 65)
    assert over(ask(asking, "{a" * 1_000)) == ("nesting of the document", 64, 65)
    # One level less is read, and is a mistake of another kind.
    assert mistake["extensions"]["code"] == "BAD_DOCUMENT"


def test_fragments_in_circles_are_refused_and_straight_ones_answered(
    asking: httpx2.Client,
) -> None:
    parts = "fragment a on Query { ...b } fragment b on Query { %s whoami { actor } }"

    errors = ask(asking, "{ ...a } " + parts % "...a")["errors"]
    straight = ask(asking, "{ ...a } " + parts % "")

    assert {error["extensions"]["code"] for error in errors} == {"BAD_DOCUMENT"}
    assert "within itself" in errors[0]["message"]
    assert "errors" not in straight


def test_variables_nested_too_deeply_are_refused(asking: httpx2.Client) -> None:
    def filter_of(levels: int) -> Any:
        value: Any = {"name": {"eq": "x"}}
        for _ in range(levels):
            value = {"not": value}
        return {"f": value}

    # The variables themselves and the two of the innermost condition are levels too.
    assert over(ask(asking, FILTERED, filter_of(62))) == ("nesting of the variables", 64, 65)
    assert "LIMIT_EXCEEDED" not in json.dumps(ask(asking, FILTERED, filter_of(5)))
    assert ask(asking, FILTERED, filter_of(5))["data"] == {"cis": {"nodes": []}}


def test_too_many_values_in_variables_are_refused(asking: httpx2.Client) -> None:
    def among(count: int) -> Any:
        return {"f": {"name": {"in": ["x"] * count}}}

    limit, allowed, found = over(ask(asking, FILTERED, among(200_001)))

    assert (limit, allowed, found) == ("values of the variables", 200_000, 200_004)
    assert "errors" not in ask(asking, FILTERED, among(1_000))


@pytest.mark.parametrize(
    "document", ["{ __schema { types { name } } }", '{ __type(name: "CI") { name } }']
)
def test_introspection_is_off_and_the_type_of_a_value_is_not(
    asking: httpx2.Client, document: str
) -> None:
    (error,) = ask(asking, document)["errors"]

    assert error["extensions"]["code"] == "FORBIDDEN"
    assert ask(asking, "{ __typename }") == {"data": {"__typename": "Query"}}
