"""Is a hostile document refused before it costs anything, saying which limit and by how much?

Nothing here needs a database: what is refused never reaches one, and the rest asks for `formats`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NoReturn, cast

import pytest

from cmdb import errors
from cmdb.model.log_reports import Anchor, VerifyReport
from cmdb.model.rights import Caller
from cmdb.ports.graph_reading import GraphReading
from cmdb.ports.operations import Operations
from cmdb_graphql.context import ApiContext
from cmdb_graphql.execution import MAYBE_WRITTEN, document_hash
from cmdb_graphql.limits import Limits
from cmdb_graphql.loaders import Loaders
from cmdb_graphql.schema import build_schema
from cmdb_graphql.workers import Workers
from tests.api.serving import Answer

FORMATS = "{ formats { name } }"
TIGHT = Limits(
    tokens=200, nesting=12, depth=6, aliases=3, fields=20, root_fields=4, cost=5_000, seconds=0.3
)


class Formats:
    """The one operation that these documents reach; it may take its time."""

    def __init__(self, seconds: float = 0.0, error: Exception | None = None) -> None:
        self._seconds = seconds
        self._error = error
        self.calls = 0

    def list_formats(self) -> Mapping[str, str]:
        self.calls += 1
        time.sleep(self._seconds)
        if self._error is not None:
            raise self._error
        return {"records": "lines of JSON"}

    def verify_log(self, *_: object, **__: object) -> VerifyReport:
        time.sleep(self._seconds)
        head = Anchor(1, "f" * 64)
        return VerifyReport(1, 0, head, None, head)

    def retire_ci(self, *_: object) -> NoReturn:
        self.calls += 1
        time.sleep(self._seconds)
        raise AssertionError("nobody waits for this any more")


def ask(
    document: str,
    variables: dict[str, Any] | None = None,
    *,
    limits: Limits = TIGHT,
    formats: Formats | None = None,
    roles: tuple[str, ...] = ("viewer",),
) -> Answer:
    workers = Workers(1)
    reading = cast(GraphReading, None)
    context = ApiContext(
        operations=cast(Operations, formats or Formats()),
        reading=reading,
        caller=Caller("vic", frozenset(roles)),
        request_id="r-7",
        workers=workers,
        watcher=None,
        loaders=Loaders(reading, workers),
    )
    result = asyncio.run(build_schema(limits).execute(document, variables, context))
    workers.close()
    return Answer(result)


def refused(answer: Answer) -> tuple[str, float, float]:
    assert answer.code == "LIMIT_EXCEEDED", answer.errors
    facts = answer.extensions["facts"]
    assert f"{facts['found']:.12g}" in answer.errors[0].message
    return facts["limit"], facts["allowed"], facts["found"]


def test_what_is_within_the_limits_is_answered() -> None:
    data = ask("{ a: formats { name } b: formats { summary } __typename }").data

    assert data["a"] == [{"name": "records"}]
    assert data["b"] == [{"summary": "lines of JSON"}]


def nested(levels: int) -> str:
    inner = "name"
    for _ in range(levels):
        inner = f"providers(first: 1) {{ nodes {{ {inner} }} }}"
    return f"{{ cis(first: 1) {{ nodes {{ {inner} }} }} }}"


def test_depth() -> None:
    assert refused(ask(nested(2))) == ("depth", 6, 7)


def test_depth_counts_through_fragments() -> None:
    document = """{ ...a } fragment a on Query { cis(first: 1) { ...b } }
      fragment b on CIConnection { nodes { ...c } }
      fragment c on CI { providers(first: 1) { ...d } }
      fragment d on RelationshipConnection { nodes { providers(first: 1) { nodes { name } } } }"""

    assert refused(ask(document)) == ("depth", 6, 7)


def test_aliases() -> None:
    document = "{" + " ".join(f"a{n}: __typename" for n in range(4)) + "}"

    assert refused(ask(document)) == ("aliases", 3, 4)


def test_root_fields() -> None:
    document = "{ formats { name } ...f } fragment f on Query { formats { name } ...g } "
    document += "fragment g on Query { __typename tokens { __typename } doctor { __typename } }"

    assert refused(ask(document)) == ("root fields", 4, 5)


def test_tokens() -> None:
    assert refused(ask("{" + " formats" * 200 + "}")) == ("tokens", 200, 201)


def test_nesting_is_refused_before_it_is_parsed() -> None:
    deep = "{a" * 3_000

    assert refused(ask(deep, limits=Limits(tokens=10_000))) == ("nesting of the document", 64, 65)


def test_nesting_of_lists_in_the_document() -> None:
    document = f"{{ search(text: {'[' * 100}{']' * 100}) {{ text }} }}"

    assert refused(ask(document, limits=Limits())) == ("nesting of the document", 64, 65)


def test_nesting_of_variables() -> None:
    value: Any = {}
    for _ in range(5_000):
        value = {"not": value}
    document = "query ($f: CIFilter) { cis(filter: $f, first: 1) { nodes { name } } }"

    assert refused(ask(document, {"f": value}, limits=Limits()))[0] == "nesting of the variables"


def test_values_of_variables() -> None:
    document = "query ($f: CIFilter) { cis(filter: $f, first: 1) { nodes { name } } }"
    names = [f"name-{n}" for n in range(250_000)]

    assert refused(ask(document, {"f": {"name": {"in": names}}}, limits=Limits())) == (
        "values of the variables",
        200_000,
        250_003,
    )


def test_cost_is_the_product_of_page_sizes() -> None:
    document = "{ cis(first: 100) { nodes { providers(first: 50) { nodes { name } } } } }"

    assert refused(ask(document)) == ("cost", 5_000, 5_101)


def test_cost_counts_page_sizes_from_variables_defaults_and_the_schema() -> None:
    inner = "{ nodes { providers(first: $n) { nodes { name } } } }"
    given = f"query ($n: Int!) {{ cis(first: 100) {inner} }}"
    default = f"query ($n: Int! = 60) {{ cis(first: 100) {inner} }}"
    schema = "{ cis { nodes { providers { nodes { providers { nodes { name } } } } } } }"

    assert refused(ask(given, {"n": 60})) == ("cost", 5_000, 6_101)
    assert refused(ask(default)) == ("cost", 5_000, 6_101)
    assert refused(ask(schema, limits=Limits(cost=5_000))) == ("cost", 5_000, 21_051)


def test_the_page_that_programs_ask_for_is_within_the_default_limits() -> None:
    document = """{ cis(first: 200) { edges { node { name providers(first: 20) { edges { node {
      name providers(first: 20) { edges { node { name } } } } } } } } } }"""
    schema = build_schema()
    from graphql import parse

    from cmdb_graphql.measuring import check_document

    cost = check_document(schema._schema, parse(document), None, Limits())
    assert cost == 200 * (1 + 20 * (1 + 20)) + 1


def test_heavy_questions_cost_more_than_they_return() -> None:
    document = "{" + " ".join(f"v{n}: verifyLog {{ entries }}" for n in range(3)) + "}"

    assert refused(ask(document, limits=Limits(cost=50_000))) == ("cost", 50_000, 60_600)


def test_fragments_in_circles_are_a_mistake_of_the_document() -> None:
    document = "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a formats { name } }"

    answer = ask(document)

    assert answer.code == "BAD_DOCUMENT"
    assert "Cannot spread fragment 'a' within itself via 'b'." in answer.errors[0].message


def test_fragments_that_multiply_are_counted_in_no_time() -> None:
    """Forty of them, each spreading the next twice: 2 to the 40 fields."""
    parts = [f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(40)]
    last = "fragment f40 on Query { formats { name } }"
    document = "{ ...f0 } " + " ".join(parts) + last
    begun = time.monotonic()

    limit, _, found = refused(ask(document, limits=Limits()))

    assert (limit, found) == ("fields", 10**12)
    assert time.monotonic() - begun < 5


def test_time() -> None:
    formats = Formats(seconds=1.0)

    limit, allowed, _ = refused(ask(FORMATS, formats=formats))

    assert (limit, allowed) == ("seconds", 0.3)
    assert formats.calls == 1


def test_whoever_writes_is_told_what_to_do_when_it_takes_too_long() -> None:
    document = 'mutation { retireCi(input: {ci: "a"}) { __typename } }'
    formats = Formats(seconds=1.0)

    wrote = ask(document, formats=formats, roles=("administrator",))
    asked = ask(FORMATS, formats=Formats(seconds=1.0))

    assert refused(wrote) == refused(asked)
    assert formats.calls == 1
    assert MAYBE_WRITTEN in wrote.errors[0].message
    assert MAYBE_WRITTEN not in asked.errors[0].message


def test_what_reads_or_rewrites_everything_has_a_time_of_its_own() -> None:
    document = "{ verifyLog { entries } }"
    mixed = "{ verifyLog { entries } formats { name } }"
    long = replace(TIGHT, cost=100_000, long_seconds=30.0)

    answered = ask(document, limits=long, formats=Formats(seconds=1.0))
    also = ask(mixed, limits=long, formats=Formats(seconds=1.0))
    late = ask(document, limits=replace(long, long_seconds=0.4), formats=Formats(seconds=1.0))

    assert answered.data == {"verifyLog": {"entries": 1}}
    assert refused(also) == ("seconds", 0.3, 0.3)
    assert refused(late) == ("seconds", 0.4, 0.4)


def test_introspection_can_be_off_in_all_its_forms() -> None:
    forms = ["{ __schema { types { name } } }", '{ __type(name: "CI") { name } }']
    forms.append("{ ...f } fragment f on Query { __schema { types { name } } }")

    for document in forms:
        assert ask(document).data
        assert ask(document, limits=Limits(introspection=False)).code == "FORBIDDEN"
    assert ask("{ __typename }", limits=Limits(introspection=False)).data


def test_only_trusted_documents_are_run_where_there_is_a_list() -> None:
    limits = Limits(trusted=frozenset({document_hash(FORMATS)}))

    assert ask(FORMATS, limits=limits).data
    assert ask(FORMATS + " ", limits=limits).code == "BAD_DOCUMENT"


def test_documents_are_kept_within_a_bound() -> None:
    schema = build_schema(Limits(cached=3))

    texts = [f"query q{n} {{ __typename }}" for n in range(5)]
    known = [schema.documents.parsed(text) for text in texts]

    assert len(schema.documents) == 3
    assert schema.documents.parsed(texts[4]) is known[4]
    assert schema.documents.parsed(texts[0]) is not known[0]


@pytest.mark.parametrize(
    "document", ["", "   ", "{", "}", "nonsense", "{ nothing }", "{ formats }"]
)
def test_what_is_no_document_is_told_so(document: str) -> None:
    formats = Formats()

    answer = ask(document, formats=formats)

    assert {error.extensions["code"] for error in answer.errors if error.extensions} == {
        "BAD_DOCUMENT"
    }
    assert formats.calls == 0


def test_a_defect_is_told_without_details_but_with_the_request(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer = ask(FORMATS, formats=Formats(error=RuntimeError("secret detail")))

    assert answer.code == "INTERNAL"
    assert answer.extensions["requestId"] == "r-7"
    assert "secret" not in str([error.formatted for error in answer.errors])
    assert "secret detail" in caplog.text


def test_an_error_of_the_product_keeps_its_code_and_facts() -> None:
    answer = ask(FORMATS, formats=Formats(error=errors.DatabaseUnavailable("here", "asleep")))

    assert answer.code == "DATABASE_UNAVAILABLE"
    assert answer.extensions["facts"] == {"address": "here", "reason": "asleep"}


def test_who_has_no_role_reaches_nothing() -> None:
    formats = Formats()

    assert ask(FORMATS, formats=formats, roles=()).code == "FORBIDDEN"
    assert formats.calls == 0
