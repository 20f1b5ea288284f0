"""Does a change of a definition that demands nothing of the inventory really orphan nothing?"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cmdb.errors import BadValue
from cmdb.model.definition_checks import (
    Demands,
    allows,
    check_class_change,
    check_extends_class,
    check_type_change,
    with_class,
    with_type,
)
from cmdb.model.definition_input import read_class, read_type
from cmdb.model.definitions import Attribute, CIClass, IdentificationRule, RelationshipType
from cmdb.model.registry_json import class_body, type_body
from cmdb.model.shipped import shipped_registry
from cmdb.model.values import NotThatKind

SHIPPED = shipped_registry()
CLASSES = sorted(SHIPPED.classes)
LAYERS = sorted({each.layer for each in SHIPPED.classes.values()})
numbers = st.none() | st.integers(-3, 3).map(float)


@st.composite
def attributes(draw: st.DrawFn, name: str = "x") -> Attribute:
    kind = draw(st.sampled_from(["text", "integer", "number", "boolean"]))
    choices = draw(st.lists(st.sampled_from(["a", "b", "c"]), unique=True).map(tuple))
    low, high = draw(numbers), draw(numbers)
    assume(low is None or high is None or low <= high)
    return Attribute(
        name,
        kind,
        draw(st.booleans()),
        draw(st.sampled_from(["", "W", "kW"])),
        choices=choices if kind == "text" else (),
        minimum=low,
        maximum=high,
    )


@st.composite
def classes(draw: st.DrawFn) -> CIClass:
    names = draw(st.lists(st.sampled_from(["x", "y", "z"]), unique=True))
    own = tuple(draw(attributes(name)) for name in names)
    fields = st.lists(st.sampled_from([*names, "name"]), min_size=1, max_size=2, unique=True)
    rules = draw(st.lists(fields.map(lambda f: IdentificationRule(tuple(f))), unique=True))
    layer = draw(st.sampled_from(["facility", "compute"]))
    parent = draw(st.sampled_from(["", "PhysicalServer", "Host"]))
    is_gate = draw(st.booleans())
    return CIClass("New", layer, tuple(rules), own, parent, is_gate=is_gate)


ends = st.lists(st.sampled_from([*CLASSES[:6], *LAYERS[:3]]), max_size=3, unique=True).map(tuple)


@st.composite
def types(draw: st.DrawFn) -> RelationshipType:
    most = draw(st.none() | st.integers(1, 3))
    return RelationshipType("joins", "joined_by", "hard", "all", draw(ends), draw(ends), most)


def taken(attribute: Attribute, value: Any) -> Any:
    """Return the value as it is kept, or None where it is refused."""
    try:
        return attribute.check(value)
    except (NotThatKind, ValueError, TypeError):
        return None


values = st.sampled_from(["a", "b", "c", "d", "1", 0, 1, 2, -3, 1.5, True, ["a"], [1, 2], []])


@given(classes(), classes(), st.lists(values))
def test_without_a_demand_every_value_stays_as_it_is_kept(
    before: CIClass, after: CIClass, given_values: list[Any]
) -> None:
    demands = check_class_change(before, after)
    narrowed = dict(demands.attributes)
    stated = {attribute.name: attribute for attribute in after.attributes}

    for attribute in before.attributes:
        if attribute.name in narrowed:
            continue
        kept = [taken(attribute, value) for value in given_values]
        for value in (value for value in kept if value is not None):
            assert taken(stated[attribute.name], value) == value
            assert attribute.unit in ("", stated[attribute.name].unit)


@given(classes(), classes())
def test_without_a_demand_identity_and_meaning_stay(before: CIClass, after: CIClass) -> None:
    if check_class_change(before, after).unused:
        return

    assert set(before.rules) <= set(after.rules)
    assert (before.parent, before.layer, before.is_gate) == (
        after.parent, after.layer, after.is_gate,
    )  # fmt: skip


@given(classes())
def test_no_change_and_a_new_class_demand_nothing(new: CIClass) -> None:
    assert check_class_change(None, new) == check_class_change(new, new) == Demands()


@given(types(), types(), st.sampled_from(CLASSES), st.sampled_from(CLASSES))
def test_without_a_demand_every_relationship_still_fits(
    before: RelationshipType, after: RelationshipType, dependent: str, provider: str
) -> None:
    demands = check_type_change(before, after)

    if not demands.is_ends_narrowed:
        for old, new, end in (
            (before.dependents, after.dependents, dependent),
            (before.providers, after.providers, provider),
        ):
            assert allows(SHIPPED, new, end) >= allows(SHIPPED, old, end)
    if demands.max_providers is None:
        assert (after.max_providers or 99) >= (before.max_providers or 99)


@given(classes())
def test_a_class_comes_back_from_its_own_definition(made: CIClass) -> None:
    assert read_class(class_body(made)) == made


@given(types())
def test_a_type_comes_back_from_its_own_definition(made: RelationshipType) -> None:
    assert read_type(type_body(made)) == made


@pytest.mark.parametrize("name", CLASSES)
def test_every_shipped_class_is_a_definition_that_could_be_given(name: str) -> None:
    shipped = SHIPPED.classes[name]

    assert read_class(class_body(shipped)) == shipped
    assert with_class(SHIPPED, shipped) == SHIPPED
    check_extends_class(shipped, shipped)


@pytest.mark.parametrize("name", sorted(SHIPPED.types))
def test_every_shipped_type_is_a_definition_that_could_be_given(name: str) -> None:
    shipped = SHIPPED.types[name]

    assert read_type(type_body(shipped)) == shipped
    assert with_type(SHIPPED, shipped) == SHIPPED


GOOD: dict[str, Any] = {"name": "Lamp", "layer": "facility", "attributes": [{"name": "colour"}]}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"name": "lamp"}, "name"),
        ({"name": "A) DETACH DELETE (n"}, "name"),
        ({"layer": "cellar"}, "layer"),
        ({"layer": 1}, "layer"),
        ({"surprise": 1}, "surprise"),
        ({"is_gate": "yes"}, "is_gate"),
        ({"parent": "Nothing"}, "parent"),
        ({"parent": "Lamp"}, "cycle"),
        ({"rules": ["size"]}, "size"),
        ({"rules": ["colour@holder"]}, "holder"),
        ({"within": {"holder": "Nothing"}}, "Nothing"),
        ({"attributes": [{"name": "Colour"}]}, "Colour"),
        ({"attributes": [{"name": "colour", "kind": "smell"}]}, "smell"),
        ({"attributes": [{"name": "colour"}, {"name": "colour"}]}, "twice"),
        ({"attributes": [{"name": "owner"}]}, "owner"),
        ({"attributes": [{"name": "n", "kind": "number", "minimum": 2, "maximum": 1}]}, "minimum"),
        ({"availability": {"mttf_hours": 0, "mttr_hours": 1}}, "mttf_hours"),
        ({"name": "HOST"}, "capitals"),
    ],
)
def test_a_class_that_cannot_be_is_refused_with_what_is_wrong(
    changed: dict[str, Any], told: str
) -> None:
    with pytest.raises(BadValue) as refused:
        with_class(SHIPPED, read_class({**GOOD, **changed}))

    assert told in refused.value.message
    assert with_class(SHIPPED, read_class(GOOD)).classes["Lamp"].layer == "facility"


JOINS: dict[str, Any] = {"name": "lit_by", "inverse": "lights", "strength": None, "several": "all"}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"name": "Lit By"}, "name"),
        ({"name": "x` DELETE"}, "name"),
        ({"inverse": "supports"}, "supports"),
        ({"inverse": "depends_on"}, "depends_on"),
        ({"inverse": "lit_by"}, "symmetric"),
        ({"is_symmetric": True}, "symmetric"),
        ({"strength": "iron"}, "strength"),
        ({"several": "some"}, "several"),
        ({"providers": ["Nothing"]}, "Nothing"),
        ({"max_providers": 0}, "max_providers"),
    ],
)
def test_a_type_that_cannot_be_is_refused_with_what_is_wrong(
    changed: dict[str, Any], told: str
) -> None:
    with pytest.raises(BadValue) as refused:
        with_type(SHIPPED, read_type({**JOINS, **changed}))

    assert told in refused.value.message
    assert with_type(SHIPPED, read_type(JOINS)).types["lit_by"].inverse == "lights"


def test_a_child_of_a_class_may_not_have_what_the_class_is_to_get() -> None:
    parent, child = (
        CIClass("Up", "compute"),
        CIClass("Down", "compute", attributes=(Attribute("colour"),), parent="Up"),
    )
    registry = with_class(with_class(SHIPPED, parent), child)

    with pytest.raises(BadValue):
        with_class(registry, CIClass("Up", "compute", attributes=(Attribute("colour"),)))

    assert with_class(registry, CIClass("Up", "compute", attributes=(Attribute("size"),)))
