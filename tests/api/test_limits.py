"""Is a hostile document refused before it costs anything, saying which limit and by how much?

Nothing here needs a database: what is refused never reaches one, and the rest asks for `formats`.
"""

from __future__ import annotations

import time
from typing import Any

from graphql import get_introspection_query

from cmdb_graphql.limits import Limits
from cmdb_graphql.schema import build_schema
from tests.api.asking import FORMATS, Formats, ask, refused


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


def test_questions_about_the_schema_cost_what_they_return_and_those_of_tools_are_answered() -> None:
    inner = "name"
    for _ in range(4):
        inner = f"name fields {{ type {{ {inner} }} }}"
    deep = f"{{ __schema {{ types {{ {inner} }} }} }}"
    wide = "{ __schema {" + " ".join(f"t{n}: types {{ fields {{ name }} }}" for n in range(50))

    assert refused(ask(deep, limits=Limits())) == ("cost", 100_000, 2_222_201)
    assert refused(ask(wide + "} }", limits=Limits())) == ("cost", 100_000, 110_001)
    assert ask(get_introspection_query(), limits=Limits()).data["__schema"]["types"]
    assert ask('{ __type(name: "CI") { fields { type { name } } } }').data


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


def test_members_of_lists_count_whether_they_are_written_or_given() -> None:
    names = ["db"] * 400
    written = '{ blastRadius(cis: ["db"]) { report } }'
    given = "query ($c: [String!]!) { blastRadius(cis: $c) { report } }"
    default = f"query ($c: [String!]! = [{' '.join(chr(34) + n + chr(34) for n in names[:40])}]) "
    default += "{ a: blastRadius(cis: $c) { report } b: blastRadius(cis: $c) { report } }"
    change = """mutation ($i: PlanChangeInput!) { planChange(input: $i) { __typename } }"""
    targets = [{"ci": "db"}] * 5_001
    wanted = {"title": "x", "targets": targets, "reason": "r", "idempotencyKey": "k"}

    assert refused(ask(given, {"c": names})) == ("cost", 5_000, 6_000)
    assert refused(ask(default, limits=Limits(cost=4_000))) == ("cost", 4_000, 4_800)
    assert refused(ask(change, {"i": wanted}))[:2] == ("cost", 5_000)
    assert not refused_for_cost(written)


def refused_for_cost(document: str) -> bool:
    errors = ask(document).errors
    return any((error.extensions or {}).get("limit") == "cost" for error in errors)


BY_NAME = "cis(filter: $f, first: 1) { nodes { name } }"


def named(count: int) -> dict[str, Any]:
    return {"f": {"name": {"in": [f"name-{n}" for n in range(count)]}}}


def of_uses(count: int, more: str = "") -> str:
    fields = " ".join(f"a{n}: {BY_NAME}" for n in range(count))
    return f"query ($f: CIFilter) {{ {fields} {more} }}"


def test_values_of_variables_count_at_each_use() -> None:
    limits = Limits(used_values=1_000)

    def found(document: str, count: int) -> tuple[str, float, float]:
        return refused(ask(document, named(count), limits=limits))

    # The variable, `name` and `in` are values too.
    told = "values of the variables at each use", 1_000
    assert found(of_uses(1), 998) == (*told, 1_001)
    assert found(of_uses(10), 98) == (*told, 1_010)
    assert found(of_uses(10), 90_000) == (*told, 10_010)
    assert found("query ($f: CIFilter) { formats { name } }", 998) == (*told, 1_001)


def test_values_of_variables_within_the_limit_are_let_through() -> None:
    limits = Limits(used_values=1_000)

    for document, count in ((of_uses(1), 997), (of_uses(10), 97)):
        answer = ask(document, named(count), limits=limits)
        # Nothing stands behind it here: what is let through ends in something else.
        assert {(each.extensions or {})["code"] for each in answer.errors} == {"INTERNAL"}


def test_uses_count_in_fragments_wherever_they_are_spread() -> None:
    document = f"""query ($f: CIFilter) {{ ...a ...b }}
      fragment a on Query {{ ...b ...b }} fragment b on Query {{ {BY_NAME} }}"""

    answer = ask(document, named(400), limits=Limits(used_values=1_000))

    assert refused(answer) == ("values of the variables at each use", 1_000, 1_209)


def test_a_default_counts_as_what_is_given() -> None:
    names = ", ".join(f'"n{n}"' for n in range(100))
    document = of_uses(3).replace("CIFilter", f"CIFilter = {{name: {{in: [{names}]}}}}", 1)

    answer = ask(document, limits=Limits(used_values=300))

    assert refused(answer) == ("values of the variables at each use", 300, 309)
    assert refused(ask(document, {"f": {"name": {"eq": "x"}}}, limits=Limits(used_values=8))) == (
        "values of the variables at each use",
        8,
        9,
    )


def test_json_counts_as_one_value() -> None:
    document = "mutation ($v: JSON!) { retireCi(input: {ci: $v}) { __typename } }"

    answer = ask(document, {"v": list(range(5_000))}, limits=Limits(used_values=10))

    assert answer.code == "BAD_DOCUMENT"


def test_what_is_too_much_work_is_refused_before_anything_is_done() -> None:
    formats = Formats()

    answer = ask(of_uses(10, "formats { name }"), named(90_000), limits=Limits(), formats=formats)

    assert refused(answer)[:2] == ("values of the variables at each use", 10_000)
    assert formats.calls == 0


def test_a_limit_of_time_tells_that_it_is_not_known_how_long_it_would_have_taken() -> None:
    slow = ask(FORMATS, formats=Formats(1.0))

    assert refused(slow) == ("seconds", 0.3, 0.3)
    assert "It was not done by then." in slow.errors[0].message
