"""Are many CIs found as one is, in a number of reads that does not grow with them?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cmdb.errors import AmbiguousName, LimitExceeded, UnknownCI
from cmdb.ports import EditReason
from cmdb.services.context import Context
from cmdb.services.find_ci import MOST_NAMED, find_all, find_ci, find_each
from tests.contract.counted_reads import CountedReads
from tests.contract.practice_estate import ADMIN, VIEWER, Shop
from tests.contract.stores import host, kept, poured

SEVERAL = ("web-1", " DB ", "physicalserver/web-2", "BusinessService/shop", "pool", "web-1")


def context_of(shop: Shop, caller: Any = ADMIN) -> Context:
    return Context(shop.store, shop.snapshots, shop.clock, caller)


def bear(shop: Shop, name: str, number: int) -> None:
    """Put so many servers of one name on record."""
    made = [kept(replace(host(name, f"s-{n}"), key=f"s-{n}")) for n in range(number)]
    for start in range(0, number, 500):
        poured(shop.store, *made[start : start + 500])


def test_each_name_leads_where_it_leads_alone(shop: Shop) -> None:
    context = context_of(shop)
    retired = shop.as_(ADMIN).retire_ci("web-3", EditReason("old"))
    names = (*SEVERAL, find_ci(context, "orders").id, "web-3", "PhysicalServer/web-3", retired.id)

    found = find_each(context, names)

    assert found == {name: find_ci(context, name) for name in names}
    assert [ci.name for ci in find_all(context, names)] == [
        *("web-1", "db", "web-2", "shop", "pool", "orders", "web-3")
    ]


def test_what_is_unknown_hidden_or_ambiguous_is_refused_among_others(shop: Shop) -> None:
    bear(shop, "twin", 2)

    with pytest.raises(AmbiguousName, match="twin"):
        find_each(context_of(shop), ["db", "twin"])
    with pytest.raises(UnknownCI, match="web-9"):
        find_each(context_of(shop), ["db", "web-9", "twin"])
    with pytest.raises(UnknownCI, match="vault"):
        find_each(context_of(shop, VIEWER), ["db", "vault"])
    assert find_each(context_of(shop), ["vault"]).keys() == {"vault"}


def test_a_name_that_very_many_bear_does_not_hide_the_others(shop: Shop) -> None:
    bear(shop, "crowd", 2_001)

    with pytest.raises(AmbiguousName, match="crowd"):
        find_each(context_of(shop), ["db", "crowd"])


def test_the_number_of_reads_does_not_grow_with_the_names(shop: Shop) -> None:
    counted: Any = CountedReads(shop.connection)
    shop.store._connection = counted
    context = context_of(shop)

    def reads(*names: str) -> int:
        counted.texts.clear()
        find_each(context, names)
        return len(counted.texts)

    assert reads("db") == reads(*SEVERAL) == reads(*["db"] * MOST_NAMED)


def test_more_names_than_allowed_are_refused_before_anything_is_read(shop: Shop) -> None:
    counted: Any = CountedReads(shop.connection)
    shop.store._connection = counted

    with pytest.raises(LimitExceeded) as refused:
        shop.as_(ADMIN).blast_radius(["db"] * (MOST_NAMED + 1))

    assert refused.value.facts["limit"] == "CIs named at once"
    assert not [text for text in counted.texts if "UNWIND $ids" in text]
    assert shop.as_(ADMIN).blast_radius(["db"] * MOST_NAMED).outages[0].ci.name == "db"
