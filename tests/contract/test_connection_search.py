"""Does a search for words mean the same over every connection?"""

from __future__ import annotations

import pytest

from cmdb.store.connection import Connection, search_words
from tests.contract.things import SCHEMA, create


@pytest.fixture
def database(connection: Connection) -> Connection:
    connection.setup(SCHEMA)
    return connection


def test_words_are_found_as_prefixes_and_all_must_match(database: Connection) -> None:
    names = ["Web-01.prod (Zürich)", "web-02.test", "webhook", "DB_01 prod", "STRASSE"]
    create(database, *({"key": name, "words": search_words(name)} for name in names))

    def found(query: str) -> set[str]:
        ids = database.read("MATCH (t:Thing) RETURN t.key AS k, t.words AS w")
        assert len(ids) == len(names)
        return {id_ for id_, _ in database.search_text("thing_words", query)}

    create_ids = "MATCH (t:Thing) SET t.id = t.key"
    database.write(lambda tx: tx.run(create_ids))
    assert found("WEB") == {"Web-01.prod (Zürich)", "web-02.test", "webhook"}
    assert found("web 01") == {"Web-01.prod (Zürich)"}
    assert found("01-PROD") == {"Web-01.prod (Zürich)", "DB_01 prod"}
    assert found("zür") == {"Web-01.prod (Zürich)"}
    assert found("straße") == {"STRASSE"}
    assert found("nothing") == set()
    assert [id_ for id_, _ in database.search_text("thing_words", "web", 2)][:1] != ["webhook"]


@pytest.mark.parametrize(
    "query",
    [
        "",
        " ",
        "*",
        "*:*",
        '"',
        "(",
        "a AND",
        "NOT",
        "web~2",
        "/.*/",
        "[a TO z]",
        "\\",
        "' OR 1=1 //",
    ],
)
def test_no_sign_in_a_search_has_a_meaning(database: Connection, query: str) -> None:
    create(database, {"key": "a", "id": "a", "words": "web server"})

    assert database.search_text("thing_words", query) == []
