"""Is a document run only if it may, for no longer than allowed, and are its errors told?

Nothing here needs a database: the documents ask for `formats`.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from cmdb import errors
from cmdb_graphql.execution import MAYBE_WRITTEN, document_hash
from cmdb_graphql.limits import Limits
from cmdb_graphql.schema import build_schema
from tests.api.asking import FORMATS, TIGHT, Formats, ask, refused


@pytest.mark.parametrize("streams", [False, True])
def test_time(streams: bool) -> None:
    formats = Formats(seconds=1.0)

    limit, allowed, _ = refused(ask(FORMATS, formats=formats, streams=streams))
    in_time = ask(FORMATS, streams=streams)

    assert (limit, allowed) == ("seconds", 0.3)
    assert formats.calls == 1
    assert in_time.data == {"formats": [{"name": "records"}]}


@pytest.mark.parametrize("streams", [False, True])
def test_whoever_writes_is_told_what_to_do_when_it_takes_too_long(streams: bool) -> None:
    document = 'mutation { retireCi(input: {ci: "a"}) { __typename } }'
    formats = Formats(seconds=1.0)

    wrote = ask(document, formats=formats, roles=("administrator",), streams=streams)
    asked = ask(FORMATS, formats=Formats(seconds=1.0), streams=streams)

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


@pytest.mark.parametrize(
    "document",
    [
        "{ cis(first: %s) { nodes { name } } }",
        "query ($n: Int = %s) { cis(first: $n) { nodes { name } } }",
        "{ log(before: %s) { entries { revision } } }",
    ],
    ids=["page", "default", "other"],
)
def test_a_number_of_thousands_of_digits_is_a_mistake_of_the_document(document: str) -> None:
    answer = ask(document % ("9" * 5_000), limits=Limits())

    assert {error.extensions["code"] for error in answer.errors if error.extensions} == {
        "BAD_DOCUMENT"
    }
