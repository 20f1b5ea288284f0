"""Is what is unfit left out and named, and what is fit kept as it was given?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from cmdb.model.check import MOST_NESTED, check_record
from cmdb.model.definitions import LIFECYCLE
from cmdb.model.records import Link, Problem, Record, Reference
from cmdb.model.shipped import shipped_registry
from cmdb.model.source_records import SourceRecord, digest_of
from tests.fakes.deciding import host, named

LONE_SURROGATE = "\ud800"


def check(record: Record) -> tuple[SourceRecord | None, list[Problem]]:
    return check_record(shipped_registry(), record, source="s", scope="z", observed_ms=1, run="r")


def kept(record: Record) -> SourceRecord:
    made, problems = check(record)
    assert made is not None
    assert problems == []
    return made


def kept_but(record: Record) -> tuple[SourceRecord, Problem]:
    made, (problem,) = check(record)
    assert made is not None
    assert not problem.dropped
    return made, problem


def refused(record: Record) -> Problem:
    made, (problem,) = check(record)
    assert made is None
    assert problem.dropped
    return problem


def linked(**facts: Any) -> Record:
    return host("a", Link(**{"type": "depends_on", "other": named("b"), **facts}))


def software_on(host_class: str) -> Reference:
    return Reference(
        "SoftwareInstance",
        {"kind": "daemon", "port": 1},
        {"host": Reference(host_class, {"fqdn": "b.example.org"})},
    )


def test_a_record_that_fits_is_kept_as_it_was_given() -> None:
    made = kept(host("a", Link("depends_on", named("b")), os="linux", memory_mib=1024))

    assert (made.source, made.scope, made.key, made.run) == ("s", "z", "a", "r")
    assert made.attributes == {"fqdn": "a.example.org", "os": "linux", "memory_mib": 1024}
    assert made.links == (Link("depends_on", named("b")),)
    assert made.digest == digest_of(made.body)


def test_a_record_of_an_unknown_class_is_refused() -> None:
    problem = refused(Record("Spaceship", key="k", place="f:1"))

    assert (problem.place, problem.field) == ("f:1", "class")
    assert problem.reason == "there is no class 'Spaceship'"


def test_a_record_that_nothing_identifies_is_refused() -> None:
    problem = refused(Record("Host", attributes={"os": "linux"}))

    assert problem.reason == "nothing in it identifies a Host"
    assert kept(Record("Host", attributes={"fqdn": "a.example.org"})).key.startswith("auto:")


def test_an_unknown_class_anywhere_in_a_reference_leaves_the_relationship_out() -> None:
    for other in (Reference("Nope", {"name": "x"}), software_on("Nope")):
        made, problem = kept_but(linked(other=other))

        assert made.links == ()
        assert (problem.field, problem.reason) == ("depends_on", "there is no class 'Nope'")

    assert len(kept(linked(other=software_on("Host"))).links) == 1


def test_a_record_about_something_of_an_unknown_class_is_refused() -> None:
    for about in (Reference("Nope", {"name": "x"}), software_on("Nope")):
        problem = refused(Record("Host", key="k", about=about))

        assert (problem.field, problem.reason) == ("about", "there is no class 'Nope'")

    assert kept(Record("Host", key="k", about=named("b"))).about == named("b")


def test_a_thing_within_something_of_an_unknown_class_is_kept_without_it() -> None:
    values = {"kind": "daemon", "port": 1}
    bad = Record("SoftwareInstance", "k", "w", values, {"host": Reference("Nope", {"name": "x"})})
    good = Record("SoftwareInstance", "k", "w", values, {"host": named("b")})

    made, problem = kept_but(bad)

    assert (made.within, problem.field) == ({}, "within.host")
    assert kept(good).within == {"host": named("b")}


def test_references_are_followed_to_a_certain_depth_only() -> None:
    def nested(depth: int) -> Reference:
        within = {"parent": nested(depth - 1)} if depth else {}
        return Reference("Location", {"name": "x"}, within)

    _, problem = kept_but(linked(type="hosted_in", other=nested(MOST_NESTED + 1)))

    assert problem.reason == f"references are nested more than {MOST_NESTED} deep"
    assert len(kept(linked(type="hosted_in", other=nested(MOST_NESTED))).links) == 1


def test_a_reference_that_names_nothing_is_left_out() -> None:
    made, problem = kept_but(linked(other=Reference("Host", {})))

    assert (made.links, problem.reason) == ((), "the reference names nothing")


@pytest.mark.parametrize(
    "record",
    [
        Record("Host", key="k", name=LONE_SURROGATE, attributes={"fqdn": "q.example.org"}),
        Record("Host", key=LONE_SURROGATE, attributes={"fqdn": "q.example.org"}),
        linked(other=Reference("Host", {"fqdn": LONE_SURROGATE})),
        linked(other=Reference("Host", {"fqdn": object()})),
        linked(other=Reference("Host", {"serial": 1 << 80})),
        Record("Host", key="k", scope=LONE_SURROGATE, attributes={"fqdn": "q.example.org"}),
    ],
    ids=["name", "key", "reference", "no JSON", "number too large", "scope"],
)
def test_what_cannot_be_written_down_refuses_its_record_and_no_other(record: Record) -> None:
    problem = refused(record)

    assert problem.reason == "it holds text that is not Unicode, or a value that cannot be kept"


def test_an_attribute_that_is_not_unicode_is_kept_without_the_broken_character() -> None:
    assert kept(host("a", os=f"li{LONE_SURROGATE}nux")).attributes["os"] == "li?nux"
    assert kept(host("a", os="λίνουξ")).attributes["os"] == "λίνουξ"


@pytest.mark.parametrize("empty", [(), [], set(), frozenset(), {}, "", None])
def test_an_empty_value_says_nothing(empty: object) -> None:
    silent, told = kept(host("a")), kept(host("a", tags=empty))

    assert "tags" not in told.attributes
    assert told.digest == silent.digest


def test_values_that_are_false_or_zero_are_kept() -> None:
    endpoint = Record("ApiEndpoint", key="k", name="x", attributes={"url": "u", "tls": False})

    assert kept(endpoint).attributes["tls"] is False
    assert kept(host("a", cpu_count=0)).attributes["cpu_count"] == 0
    assert kept(host("a", tags=("x",))).attributes["tags"] == ["x"]


def test_a_record_is_part_of_one_thing_at_most() -> None:
    two = host("a", Link("part_of", named("b")), Link("part_of", named("c")))

    made, problem = kept_but(two)

    assert [link.other for link in made.links] == [named("b")]
    assert (problem.field, problem.reason) == ("part_of", "a Host has at most 1 of these")


@pytest.mark.parametrize(
    "links",
    [
        [Link("part_of", named("b")), Link("part_of", named("b"))],
        [Link("part_of", named("b")), Link("part_of", named("c"), reverse=True)],
        [Link("part_of", named("b"), reverse=True), Link("part_of", named("c"), reverse=True)],
        [Link("part_of", named("b"), denied=True), Link("part_of", named("c"))],
        [Link("part_of", named("b")), Link("part_of", named("c"), denied=True)],
        [Link("depends_on", named("b")), Link("depends_on", named("c"))],
    ],
    ids=["twice", "both ways", "its parts", "denied first", "denied last", "another type"],
)
def test_only_different_wholes_that_are_stated_count(links: list[Link]) -> None:
    made = kept(host("a", *links))

    assert list(made.links) == _distinct(links)


def _distinct(links: list[Link]) -> list[Link]:
    return [link for index, link in enumerate(links) if link not in links[:index]]


@pytest.mark.parametrize(
    ("facts", "reason", "good"),
    [
        ({"type": "adores"}, "there is no relationship type 'adores'", {"type": "connects_to"}),
        ({"strength": "iron"}, "'iron' is no strength", {"strength": "soft"}),
        ({"confidence": 1.1}, "the confidence is not between 0 and 1", {"confidence": 1.0}),
        ({"confidence": -0.1}, "the confidence is not between 0 and 1", {"confidence": 0.0}),
        (
            {"confidence": float("nan")},
            "the confidence is not between 0 and 1",
            {"confidence": 0.5},
        ),
        (
            {"tolerates_seconds": -1.0},
            "tolerates_seconds is not between 0 and 3162240000",
            {"tolerates_seconds": 0.0},
        ),
        (
            {"tolerates_seconds": 3_162_240_001.0},
            "tolerates_seconds is not between 0 and 3162240000",
            {"tolerates_seconds": 3_162_240_000.0},
        ),
        (
            {"tolerates_seconds": float("inf")},
            "tolerates_seconds is not between 0 and 3162240000",
            {"tolerates_seconds": 600.0},
        ),
        (
            {"type": "packages"},
            "a Host cannot stand there (allowed: ServiceOffering)",
            {"type": "depends_on"},
        ),
        (
            {"type": "uses_image"},
            "a Host cannot stand there (allowed: ContainerImage)",
            {"type": "uses_image", "other": Reference("ContainerImage", {"digest": "d"})},
        ),
    ],
)
def test_a_relationship_that_cannot_be_is_left_out_and_its_record_kept(
    facts: Mapping[str, Any], reason: str, good: Mapping[str, Any]
) -> None:
    made, problem = kept_but(linked(**facts))

    assert made.links == ()
    assert (problem.field, problem.reason) == (facts.get("type", "depends_on"), reason)
    assert len(kept(linked(**good)).links) == 1


@pytest.mark.parametrize(
    ("name", "bad", "reason", "good"),
    [
        ("shoe_size", 9, "Host has no attribute 'shoe_size'", None),
        ("rack_units", 2, "Host has no attribute 'rack_units'", None),
        ("cpu_count", "many", "'many' is not a whole number", "4"),
        ("cpu_count", True, "True is not a whole number, not true or false", 4),
        ("criticality", 5, "5 is not at most 4", 4),
        ("availability", -0.1, "-0.1 is not at least 0", 0.1),
        ("mttf_hours", float("inf"), "inf is not a finite number", 1.5),
    ],
)
def test_an_attribute_that_does_not_fit_is_left_out_and_its_record_kept(
    name: str, bad: Any, reason: str, good: Any
) -> None:
    made, problem = kept_but(host("a", **{name: bad}))

    assert name not in made.attributes
    assert (problem.field, problem.reason) == (name, reason)
    if good is not None:
        assert name in kept(host("a", **{name: good})).attributes


def test_an_attribute_of_the_record_s_own_class_is_kept() -> None:
    server = Record("PhysicalServer", "p", "p", {"fqdn": "p.example.org", "rack_units": 2})

    assert kept(server).attributes["rack_units"] == 2


@pytest.mark.parametrize("stage", LIFECYCLE)
def test_a_known_life_cycle_stage_is_kept(stage: str) -> None:
    assert kept(Record("Host", key="k", lifecycle=stage)).lifecycle == stage


def test_an_unknown_life_cycle_stage_is_left_out_and_its_record_kept() -> None:
    made, problem = kept_but(Record("Host", key="k", lifecycle="haunted"))

    assert (made.lifecycle, problem.field) == (None, "lifecycle")
    assert problem.reason == "'haunted' is no life-cycle stage"
