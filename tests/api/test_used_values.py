"""How much may the values be that a document is given, at each of their uses?"""

from __future__ import annotations

from typing import Any

from cmdb_graphql.limits import Limits
from tests.api.asking import FORMATS, Formats, ask, refused

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
