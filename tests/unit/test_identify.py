"""Which keys does a thing get, and can two different things ever get the same one?"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmdb.model.identify import (
    LONGEST_VALUE,
    IdentifierKey,
    holder_of,
    identifier_keys,
    identifying_values,
    key_of_source,
    record_of_source_key,
)
from cmdb.model.records import Reference
from cmdb.model.shipped import shipped_registry
from cmdb.model.values import PLACEHOLDERS, canonical_identifier

EXAMPLES = {"long": 20_000, "ci": 2_000}.get(os.environ.get("CMDB_TEST_SIZE", ""), 200)
REGISTRY = shipped_registry()
UUID = "12345678-9abc-4def-8000-00000000000a"


def keys(
    class_name: str,
    values: Mapping[str, Any],
    *,
    scope: str = "z",
    within: Mapping[str, Reference] | None = None,
    holders: Mapping[str, str] | None = None,
) -> list[IdentifierKey]:
    """Return the keys; `holders` gives the CI of each thing that can be found, by its name."""
    known = holders or {}
    return identifier_keys(
        REGISTRY,
        class_name,
        values,
        scope=scope,
        within=within or {},
        resolve=lambda reference: known.get(reference.values["name"]),
    )


def texts(class_name: str, values: Mapping[str, Any], **facts: Any) -> list[str]:
    return [key.key for key in keys(class_name, values, **facts)]


def test_the_keys_of_a_thing_come_highest_priority_first() -> None:
    values = {"fqdn": "A.example.org", "uuid": UUID, "serial": "S 1", "vendor": "Dell"}

    found = keys("Host", values)

    assert [(key.rank, key.rule, key.key) for key in found] == [
        (0, "uuid", f"Host|uuid={UUID}"),
        (1, "serial+vendor", "Host|serial=s 1|vendor=dell"),
        (3, "fqdn", "Host|fqdn=a.example.org"),
    ]


def test_a_child_class_has_its_own_order_and_the_keys_of_its_family() -> None:
    values = {"uuid": UUID, "serial": "s-1", "vendor": "v"}

    assert texts("PhysicalServer", values) == list(reversed(texts("Host", values)))


def test_a_rule_applies_only_where_all_its_attributes_are_given() -> None:
    assert texts("Host", {"serial": "s-1"}) == []
    assert texts("Host", {"vendor": "v"}) == []
    assert texts("Host", {"serial": "s-1", "vendor": "v"}) == ["Host|serial=s-1|vendor=v"]


@pytest.mark.parametrize("value", sorted(PLACEHOLDERS))
def test_a_value_that_stands_for_none_identifies_nothing(value: str) -> None:
    for written in (value, value.upper(), f"  {value} "):
        assert texts("Host", {"serial": written, "vendor": "v"}) == []

    assert len(texts("Host", {"serial": f"{value}x1", "vendor": "v"})) == 1


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"macs": ["00-1B-44-11-3A-B7"]}, "Host|macs=00:1b:44:11:3a:b7"),
        ({"macs": ["001b.4411.3ab7"]}, "Host|macs=00:1b:44:11:3a:b7"),
        ({"macs": ["00:00:00:00:00:00"]}, ""),
        ({"macs": ["FF:FF:FF:FF:FF:FF"]}, ""),
        ({"macs": ["00:1b:44"]}, ""),
        ({"macs": []}, ""),
        ({"uuid": "{123456789ABC4DEF800000000000000A}"}, f"Host|uuid={UUID}"),
        ({"uuid": f"urn:uuid:{UUID.upper()}"}, f"Host|uuid={UUID}"),
        ({"uuid": "00000000-0000-0000-0000-000000000000"}, ""),
        ({"uuid": "ffffffff-ffff-ffff-ffff-ffffffffffff"}, ""),
        ({"uuid": "03000200-0400-0500-0006-000700080009"}, ""),
        ({"uuid": "no uuid"}, ""),
        ({"fqdn": "WEB.Example.ORG."}, "Host|fqdn=web.example.org"),
        ({"fqdn": "web"}, ""),
        ({"fqdn": "localhost.example.org"}, ""),
        ({"fqdn": "web.localdomain"}, ""),
        ({"ip": "10.0.0.1/24"}, "Host|ip=10.0.0.1|scope=z"),
        ({"ip": "2001:DB8:0:0::1"}, "Host|ip=2001:db8::1|scope=z"),
        ({"ip": "127.0.0.7"}, ""),
        ({"ip": "::"}, ""),
    ],
)
def test_a_value_is_compared_in_one_form_however_it_is_written(
    values: Mapping[str, Any], key: str
) -> None:
    assert texts("Host", values) == ([key] if key else [])


def test_an_address_identifies_within_the_scope_of_its_source_only() -> None:
    (one,), (other,) = (texts("Host", {"ip": "10.0.0.1"}, scope=scope) for scope in ("a", "b"))

    assert (one, other) == ("Host|ip=10.0.0.1|scope=a", "Host|ip=10.0.0.1|scope=b")


def test_each_value_of_a_list_gives_a_key_of_its_own() -> None:
    macs = ["02:00:00:00:00:02", "02-00-00-00-00-01", "020000000002", "00:00:00:00:00:00"]

    found = keys("Host", {"macs": macs})

    assert [key.key for key in found] == [
        "Host|macs=02:00:00:00:00:01",
        "Host|macs=02:00:00:00:00:02",
    ]
    assert all(key.can_be_shared for key in found)


def test_macs_uuids_and_serials_can_be_carried_by_too_many_and_names_cannot() -> None:
    values = {"uuid": UUID, "serial": "s-1", "vendor": "v", "fqdn": "a.example.org"}

    assert [key.can_be_shared for key in keys("Host", values)] == [True, True, False]


def test_a_thing_within_another_has_a_key_that_ends_with_its_holder() -> None:
    values = {"kind": "daemon", "port": 80}
    within = {"host": Reference("Host", {"name": "web"})}

    (key,) = keys("SoftwareInstance", values, within=within, holders={"web": "0192"})

    assert key.key == "SoftwareInstance|kind=daemon|port=80|@host=0192"
    assert (key.within, holder_of(key.key)) == ("0192", "0192")


def test_a_thing_within_something_unknown_has_no_key_yet() -> None:
    values = {"kind": "daemon", "port": 80}

    assert keys("SoftwareInstance", values) == []
    assert keys("SoftwareInstance", values, within={"host": Reference("Host", {"name": "x"})}) == []
    assert identifying_values(REGISTRY, "SoftwareInstance", values)


def test_values_that_identify_nothing_by_themselves_are_told_apart() -> None:
    assert identifying_values(REGISTRY, "Host", {"ip": "10.0.0.1"})
    assert not identifying_values(REGISTRY, "Host", {"os": "linux", "serial": "s-1"})


def test_the_key_of_last_resort_leads_back_to_its_record() -> None:
    key = key_of_source("00ff")

    assert record_of_source_key(key.key) == "00ff"
    assert record_of_source_key("Host|fqdn=a.example.org") == ""
    assert all(key.rank > other.rank for other in keys("Host", {"uuid": UUID}))


def test_a_long_value_is_hashed_and_tells_things_apart_by_its_end_too() -> None:
    (at_most,) = texts("ApiEndpoint", {"url": "u" * LONGEST_VALUE})
    one, other = (texts("ApiEndpoint", {"url": "u" * LONGEST_VALUE + end}) for end in "ab")

    assert at_most == "ApiEndpoint|url=" + "u" * LONGEST_VALUE
    assert one != other
    assert len(one[0]) < 100
    assert one[0].startswith("ApiEndpoint|url=sha256:")


def test_separators_in_a_value_are_escaped() -> None:
    assert texts("Host", {"serial": "a|vendor=x", "vendor": "50%"}) == [
        "Host|serial=a%7Cvendor=x|vendor=50%25"
    ]
    assert holder_of(texts("ApiEndpoint", {"url": "u|@host=0192"})[0]) == ""


def written() -> st.SearchStrategy[str]:
    """Return values of characters that mean something in a key, with some that do not."""
    return st.text(alphabet="ab|=%@7C25", min_size=1, max_size=8)


@given(st.tuples(written(), written()), st.tuples(written(), written()))
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
def test_two_different_values_never_give_one_key(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    mine, theirs = (
        texts("Host", {"serial": serial, "vendor": vendor}) for serial, vendor in (one, other)
    )

    compared = [
        tuple(canonical_identifier("text", value) for value in pair) for pair in (one, other)
    ]
    assert (mine == theirs) == (compared[0] == compared[1] or not (mine or theirs))


@given(written(), written(), st.sampled_from(["c-1", "c-2"]), st.sampled_from(["c-1", "c-2"]))
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
def test_a_name_within_one_thing_never_gives_a_key_within_another(
    one: str, other: str, here: str, there: str
) -> None:
    found = [
        texts("MessageQueue", {"name": name}, within={"broker": Reference("Host", {"name": "x"})},
              holders={"x": holder})
        for name, holder in ((one, here), (other, there))
    ]  # fmt: skip

    compared = [canonical_identifier("text", name) for name in (one, other)]
    is_same = compared[0] == compared[1] and here == there
    assert (found[0] == found[1]) == (is_same or not (found[0] or found[1]))
    assert all(holder_of(key) == holder for keys, holder in zip(found, (here, there), strict=True)
               for key in keys)  # fmt: skip
