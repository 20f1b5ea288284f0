"""Do reads show what their caller may see, and nothing more, over every engine?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from cmdb.model.rights import SEES_ALL, Visibility
from cmdb.model.selection import And, Filter, Nested, Not, Page, Selection, Sort, Where
from cmdb.store import reading
from cmdb.store.connection import Connection, Params, Row, Transaction
from cmdb.store.named import find_named
from tests.contract.reading_estate import REGISTRY, SECRET, Estate, ci_row, edge, load

TEAM = Visibility(teams=frozenset({SECRET}))
STRANGER = Visibility(teams=frozenset({"team-other"}))
NOBODY = Visibility()

ESTATE = Estate(
    [
        ci_row("a", "BusinessApplication", "Shop", a_tags=["x"]),
        ci_row("b", "VirtualMachine", "web-1", a_memory_mib=1024),
        ci_row("s", "VirtualMachine", "vault-1", restricted_to=[SECRET], a_memory_mib=2048),
        ci_row("old", "Host", "web-old", lifecycle="retired"),
        ci_row("gone", "Host", "web-merged", merged_into="b"),
        ci_row("h", "PhysicalServer", "Straße"),
        ci_row("h2", "Host", "STRASSE"),
    ],
    [
        edge(1, "runs_on", "a", "b", strength="hard"),
        edge(2, "runs_on", "a", "s"),
        edge(3, "hosted_in", "s", "h"),
        edge(4, "depends_on", "b", "h", live=False),
        edge(5, "linked_to", "h", "b"),
        edge(6, "runs_on", "a", "old"),
        edge(7, "linked_to", "h", "h"),
    ],
)


class Counting:
    """A connection that counts what it is asked."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.texts: list[str] = []

    def read(self, text: str, params: Params | None = None) -> list[Row]:
        self.texts.append(text)
        return self._connection.read(text, params)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


@pytest.fixture
def small(connection: Connection) -> Connection:
    load(connection, ESTATE)
    return connection


def ids(page: Page) -> list[Any]:
    return [row[0] for row in page.rows]


def select(connection: Connection, visibility: Visibility = SEES_ALL, **asked: Any) -> Page:
    return reading.select(connection, REGISTRY, Selection(**asked), visibility)


def create(tx: Transaction, rows: list[dict[str, Any]]) -> None:
    tx.run("UNWIND $rows AS row CREATE (c:CI) SET c = row", {"rows": rows})


def everything_read(connection: Connection, visibility: Visibility) -> str:
    """All that every reading function says about the restricted CI, as one text."""
    near = Nested(relations={"providers": Nested(), "dependents": Nested("dependents")})
    relations = {"providers": near, "dependents": replace(near, direction="dependents")}
    secret = Where("name", "eq", "vault-1")
    return repr(
        [
            select(connection, visibility, relations=relations, include_retired=True),
            select(connection, visibility, where=Where("id", "eq", "s")),
            select(connection, visibility, where=Not(Not(secret)), sort=Sort("memory_mib")),
            select(connection, visibility, where=secret, class_name="VirtualMachine"),
            reading.get_cis(connection, ["s"], visibility),
            reading.find_by_name(connection, REGISTRY, "vault-1", "", visibility),
            reading.search(connection, "vault", visibility),
            reading.find_relationships(connection, REGISTRY, ["a", "h", "s"], visibility),
            reading.count_classes(connection, visibility),
        ]
    )


@pytest.mark.parametrize("visibility", [NOBODY, STRANGER])
def test_a_restricted_ci_appears_in_no_read(small: Connection, visibility: Visibility) -> None:
    text = everything_read(small, visibility)

    assert not [trace for trace in ("'s'", "vault", "r0002", "r0003", "2048") if trace in text]
    assert "'VirtualMachine': 1" in text


@pytest.mark.parametrize("visibility", [TEAM, SEES_ALL])
def test_its_team_sees_it_in_every_read(small: Connection, visibility: Visibility) -> None:
    answers = [
        ids(select(small, visibility, where=Where("id", "eq", "s"))),
        ids(select(small, visibility, where=Where("name", "eq", "vault-1"))),
        list(reading.get_cis(small, ["s"], visibility)),
        [ci.id for ci in reading.find_by_name(small, REGISTRY, "Vault-1", "Host", visibility)],
        [found.id for found in reading.search(small, "vault", visibility)],
    ]
    found = reading.find_relationships(small, REGISTRY, ["s"], visibility)
    nested = select(small, visibility, relations={"up": Nested()}).nested["up"]

    assert answers == [["s"]] * 5
    assert [(r.id, r.dependent, r.provider) for r in found] == [
        ("r0003", "s", "h"),
        ("r0002", "a", "s"),
    ]
    assert "vault-1" in repr(nested)
    assert reading.count_classes(small, visibility)["VirtualMachine"] == 2


def test_merged_cis_are_never_listed_and_retired_ones_only_on_request(small: Connection) -> None:
    assert ids(select(small)) == ["a", "h", "h2", "s", "b"]
    assert ids(select(small, include_retired=True)) == ["a", "h", "h2", "s", "b", "old"]
    assert reading.count_classes(small, SEES_ALL) == {
        "BusinessApplication": 1,
        "Host": 1,
        "PhysicalServer": 1,
        "VirtualMachine": 2,
    }
    assert [f.id for f in reading.search(small, "web", SEES_ALL)] == ["b"]
    assert reading.find_by_name(small, REGISTRY, "web-old", "", SEES_ALL) == []
    assert reading.get_cis(small, ["old", "gone", "nothing"], SEES_ALL)["gone"].merged_into == "b"
    assert set(reading.get_cis(small, ["old", "gone", "nothing"], SEES_ALL)) == {"old", "gone"}


def test_names_are_found_caseless_in_a_class_and_its_children(small: Connection) -> None:
    def found(name: str, class_name: str = "") -> list[str]:
        cis = reading.find_by_name(small, REGISTRY, name, class_name, SEES_ALL)
        return [ci.id for ci in cis]

    assert found("strasse") == ["h", "h2"]
    assert found("STRAẞE", "PhysicalServer") == ["h"]
    assert len(found("strasse", "Host")) == 2
    assert found("stra") == []


def test_a_field_that_classes_store_differently_is_compared_in_each_way(
    connection: Connection,
) -> None:
    rows = [
        ci_row("one", "NetworkDevice", "one", a_ports=80),
        ci_row("several", "ContainerWorkload", "several", a_ports=[80, 443]),
        ci_row("text", "ClusterService", "text", a_ports='[{"port":80}]'),
        ci_row("none", "ContainerWorkload", "none"),
    ]
    load(connection, Estate(rows))

    def found(**condition: Any) -> list[Any]:
        [(operator, value)] = condition.items()
        return ids(select(connection, where=Where("ports", operator, value)))  # type: ignore[arg-type]  # an operator by its name

    assert found(eq=80) == ["one", "several"]
    assert found(ne=80) == ["none", "text"]
    assert found(**{"in": [443, 7]}) == ["several"]
    assert found(gte=80) == ["one"]
    assert found(contains='"port":80') == ["text"]
    assert found(is_null=True) == ["none"]


def test_nested_rows_carry_their_relationship_and_deeper_rows(small: Connection) -> None:
    deeper = Nested(fields=("id",), relations={"next": Nested(fields=("name",))})

    page = select(small, where=Where("id", "eq", "a"), relations={"up": deeper})
    [rows] = page.nested["up"]

    assert [(row[0], row[2]["id"], row[2]["strength"]) for row in rows] == [
        ("s", "r0002", None),
        ("b", "r0001", "hard"),
    ]
    # linked_to has no direction: it is shown from both ends, and once where both are the same.
    assert [(below[0], below[1]["type"]) for below in rows[1][1]] == [("Straße", "linked_to")]
    assert [below[0] for below in rows[0][1]] == ["Straße"]
    looped = select(small, where=Where("id", "eq", "h"), relations={"up": Nested()})
    assert sorted(row[-1]["id"] for row in looped.nested["up"][0]) == ["r0005", "r0007"]


def test_relationships_that_ended_are_read_only_on_request(small: Connection) -> None:
    live = reading.find_relationships(small, REGISTRY, ["b"], SEES_ALL)
    every = reading.find_relationships(small, REGISTRY, ["b", "h"], SEES_ALL, live_only=False)

    assert {r.id for r in live} == {"r0001", "r0005"}
    assert {r.id: r.is_live for r in every} == {
        "r0001": True, "r0003": True, "r0004": False, "r0005": True, "r0007": True,
    }  # fmt: skip


HOSTILE = (
    "' OR true //",
    '"}) DETACH DELETE c //',
    "`",
    "\\",
    "$p0",
    "\\u0027",
    "x' RETURN 1 //",
    "\x00",
)


def test_values_are_never_part_of_a_statement(small: Connection) -> None:
    for hostile in HOSTILE:
        wheres: list[Filter] = [Where(f, "eq", hostile) for f in ("name", "id", "class", "tags")]
        wheres += [Where("environment", "contains", hostile + "y"), Where("id", "in", [hostile])]

        assert [ids(select(small, where=where)) for where in wheres] == [[]] * 6
        assert ids(select(small, where=Not(And((wheres[0], wheres[3]))))) == ids(select(small))
        assert reading.get_cis(small, [hostile], Visibility(teams=frozenset({hostile}))) == {}
        assert reading.find_by_name(small, REGISTRY, hostile, "", SEES_ALL) == []
        assert reading.find_relationships(small, REGISTRY, [hostile], SEES_ALL) == []
        assert ids(select(small, Visibility(teams=frozenset({hostile})))) == ["a", "h", "h2", "b"]


@pytest.mark.parametrize("sort", [Sort(), Sort("name", True), Sort("memory_mib"), Sort("version")])
def test_pages_neither_repeat_nor_lose_a_row_while_others_write(
    connection: Connection, sort: Sort
) -> None:
    before = [
        ci_row(f"n{i:02d}", "Host", f"n{i % 7}", a_memory_mib=i % 5 or None, version=i % 3)
        for i in range(30)
    ]
    load(connection, Estate(before))
    seen: list[Any] = []
    selection = Selection(first=4, sort=sort)

    for number in range(10):
        page = reading.select(connection, REGISTRY, selection, SEES_ALL)
        seen += ids(page)
        new = [ci_row(f"{z}{number}", "Host", f"{z}{number}", version=number) for z in "az"]
        connection.write(partial(create, rows=new))
        if not page.has_next:
            break
        selection = replace(selection, after=page.cursors[-1])

    old = [ci_id for ci_id in seen if ci_id.startswith("n")]
    assert len(seen) == len(set(seen))
    assert number == 9 or sorted(old) == sorted(row["id"] for row in before)
    assert len(old) > 20


def test_the_number_of_statements_does_not_depend_on_the_number_of_rows(
    connection: Connection,
) -> None:
    hosts = [ci_row(f"h{i:03d}", "Host", f"h{i}") for i in range(150)]
    edges = [edge(i, "depends_on", f"h{i:03d}", f"h{(i * 7 + 1) % 150:03d}") for i in range(150)]
    load(connection, Estate(hosts, edges))
    relations = {"up": Nested(relations={"next": Nested()}), "down": Nested("dependents")}
    reads: list[Callable[[Connection, int], object]] = [
        lambda c, n: select(c, first=n, relations=relations),
        lambda c, n: reading.get_cis(c, [f"h{i:03d}" for i in range(n)], NOBODY),
        lambda c, n: reading.search(c, "h", NOBODY, limit=n),
        lambda c, n: reading.find_relationships(
            c, REGISTRY, [f"h{i:03d}" for i in range(n)], NOBODY
        ),
    ]

    for read in reads:
        few, many = Counting(connection), Counting(connection)
        read(few, 1)
        read(many, 150)
        assert few.texts == many.texts
        assert len(many.texts) <= 7


def test_the_same_page_comes_without_blocking(small: Connection) -> None:
    selection = Selection(relations={"up": Nested()})

    async def read() -> Page:
        try:
            return await reading.select_async(small, REGISTRY, selection, TEAM)
        finally:
            if (close := getattr(small, "close_async", None)) is not None:
                await close()

    assert asyncio.run(read()) == reading.select(small, REGISTRY, selection, TEAM)


def test_many_names_are_found_at_once_retired_ones_too_and_merged_ones_not(
    small: Connection,
) -> None:
    def found(visibility: Visibility, *names: str, most: int = 100) -> list[str]:
        return sorted(ci.id for ci in find_named(small, names, visibility, most))

    assert found(SEES_ALL, "STRASSE", "web-old", "vault-1", "nothing") == ["h", "h2", "old", "s"]
    assert found(NOBODY, "strasse", "vault-1") == ["h", "h2"]
    assert len(found(SEES_ALL, "strasse", "web-old", most=2)) == 2
    assert found(SEES_ALL) == []
