"""Does the page about the API say what holds?"""

from __future__ import annotations

import re
from pathlib import Path

import orjson
from graphql import parse, validate

from cmdb import errors
from cmdb.model.selection import MAX_IN, MAX_PAGE
from cmdb.services.search_cis import LONGEST_SEARCH
from cmdb.store.filter_cypher import MAX_CONDITIONS
from cmdb_graphql.errors import BAD_DOCUMENT, INTERNAL
from cmdb_graphql.limits import Limits
from cmdb_graphql.schema import build_schema
from tests.api.serving import Client

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "graphql.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", PAGE, flags=re.DOTALL)


def test_its_documents_fit_the_contract() -> None:
    schema = build_schema()._schema

    documents = blocks("graphql")
    assert len(documents) == 3
    assert [validate(schema, parse(document)) for document in documents] == [[]] * 3


def test_its_filter_is_understood(api: Client) -> None:
    (document,) = [text for text in blocks("graphql") if "$filter" in text]
    (variables,) = [orjson.loads(text) for text in blocks("json")]

    assert "nodes" in api(document, variables).data["cis"]


def test_its_limits_are_the_defaults() -> None:
    rows = dict(re.findall(r"^\| ([a-z ]+) \| ([\d,]+) \|", PAGE, flags=re.MULTILINE))
    told = {name: int(text.replace(",", "")) for name, text in rows.items()}

    limits = Limits()
    assert told == {
        "tokens": limits.tokens,
        "nesting": limits.nesting,
        "values of the variables": limits.values,
        "values of the variables at each use": limits.used_values,
        "values of a condition": MAX_IN,
        "depth": limits.depth,
        "aliases": limits.aliases,
        "fields": limits.fields,
        "root fields": limits.root_fields,
        "cost": limits.cost,
        "rows of a page": MAX_PAGE,
        "conditions of a filter": MAX_CONDITIONS,
        "characters of a search": LONGEST_SEARCH,
        "seconds": limits.seconds,
    }


def test_its_codes_are_codes() -> None:
    known = {kind.code for kind in errors.CmdbError.kinds()} | {BAD_DOCUMENT, INTERNAL}

    told = set(re.findall(r"`([A-Z]{3,}(?:_[A-Z]+)*)`", PAGE))
    assert {"STALE_VERSION", "LIMIT_EXCEEDED", "INTERNAL"} <= told
    assert told <= known


def test_its_links_lead_somewhere() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)\)", PAGE)

    assert links
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []
