"""Is an Open-PSA model read as it is meant, and what is wrong with it told with its line?"""

from __future__ import annotations

import io
import math
from pathlib import Path

import pytest
from hypothesis import given

from impact.errors import InvalidModel
from impact.openpsa import Model, read_model, write_model
from impact.structure import TRUE, FaultTree, Solver
from tests.openpsa.models import model_of
from tests.property.strategies_impact import exhaustive
from tests.property.strategies_structure import Case, cases

EVENTS = """
<define-basic-event name="a"><float value="0.1"/></define-basic-event>
<define-basic-event name="b"><float value="0.2"/></define-basic-event>
<define-basic-event name="c"><float value="0.5"/></define-basic-event>
"""


def top(formula: str, more: str = "") -> Model:
    return model_of(f'<define-gate name="top">{formula}</define-gate>{EVENTS}{more}')


def worlds(model: Model) -> set[frozenset[str]]:
    """The sets of events that make the top hold."""
    count = len(model.events)
    return {
        frozenset(name for event, name in enumerate(model.events) if world >> event & 1)
        for world in range(2**count)
        if model.tree.holds(world)
    }


A, B, C = (f'<basic-event name="{name}"/>' for name in "abc")


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (f"<and>{A}{B}</and>", {"ab"}),
        (f"<or>{A}{B}</or>", {"a", "b", "ab"}),
        (f"<xor>{A}{B}</xor>", {"a", "b"}),
        (f"<not>{A}</not>", {""}),
        (f"<nand>{A}{B}</nand>", {"", "a", "b"}),
        (f"<nor>{A}{B}</nor>", {""}),
        (f'<atleast min="2">{A}{B}{C}</atleast>', {"ab", "ac", "bc", "abc"}),
        (f"<and>{A}<or>{B}{C}</or></and>", {"ab", "ac", "abc"}),
        (f'<and>{A}<event name="b"/></and>', {"ab"}),
        (f'<and>{A}<event name="b" type="basic-event"/></and>', {"ab"}),
        (f'<and>{A}<constant value="true"/></and>', {"a"}),
        (f'<or>{A}<constant value="false"/></or>', {"a"}),
        ('<basic-event name="a"/>', {"a"}),
    ],
)
def test_formulas_mean_what_they_say(formula: str, expected: set[str]) -> None:
    assert worlds(top(formula)) == {frozenset(names) for names in expected}


def test_house_events_are_constants_and_false_if_nothing_is_said() -> None:
    houses = (
        '<define-house-event name="on"><constant value="true"/></define-house-event>'
        '<define-house-event name="off"/>'
    )

    both = top(f'<or><and>{A}<house-event name="on"/></and><house-event name="off"/></or>', houses)

    assert worlds(both) == {frozenset("a")}


def test_expressions_become_probabilities() -> None:
    model = model_of(
        f'<define-gate name="top"><or>{A}{B}{C}<basic-event name="d"/></or></define-gate>'
        '<model-data><define-parameter name="rate"><float value="1e-3"/></define-parameter>'
        '<define-parameter name="half"><div><int value="1"/><int value="2"/></div>'
        "</define-parameter>"
        '<define-basic-event name="a"><label>text</label><exponential><parameter name="rate"/>'
        '<float value="100"/></exponential></define-basic-event>'
        '<define-basic-event name="b"><parameter name="half"/></define-basic-event>'
        '<define-basic-event name="c"><mul><parameter name="half"/><float value="0.5"/></mul>'
        "</define-basic-event>"
        '<define-basic-event name="d"><exponential><parameter name="rate"/>'
        "<system-mission-time/></exponential></define-basic-event></model-data>",
        mission_hours=1000.0,
    )

    assert model.probabilities == pytest.approx((1 - math.exp(-0.1), 0.5, 0.25, 1 - math.exp(-1.0)))


def test_the_top_is_the_gate_that_no_other_names_or_the_one_asked_for() -> None:
    text = f'<define-gate name="x"><and>{A}{B}</and></define-gate>' + EVENTS

    assert model_of(text + '<define-gate name="y"><gate name="x"/></define-gate>').top == "y"
    assert (
        model_of(text + '<define-gate name="y"><gate name="x"/></define-gate>', top="x").top == "x"
    )


@pytest.mark.parametrize(
    ("body", "fault", "line"),
    [
        ('<define-gate name="t"><and><gate name="u"/></and></define-gate>', "'u' is not def", 2),
        (
            '<define-gate name="t"><gate name="u"/></define-gate>\n'
            '<define-gate name="u"><gate name="v"/></define-gate>\n'
            '<define-gate name="v"><gate name="u"/></define-gate>',
            "u -> v -> u",
            3,
        ),
        (f'<define-gate name="t"><iff>{A}{B}</iff></define-gate>{EVENTS}', "<iff> is not read", 2),
        ('<define-gate name="t"/>', "no formula", 2),
        (f'<define-gate name="t"><and/></define-gate>{EVENTS}', "<and> has 0 arguments", 2),
        (f'<define-gate name="t"><not>{A}{B}</not></define-gate>{EVENTS}', "2 arguments", 2),
        (
            f'<define-gate name="t"><atleast min="4">{A}{B}</atleast></define-gate>{EVENTS}',
            "'min' from 1 to its 2",
            2,
        ),
        (f'<define-gate name="t">{A}</define-gate>{EVENTS}{EVENTS}', "'a' is defined twice", 7),
        (
            f'<define-gate name="t">{A}</define-gate>\n'
            '<define-basic-event name="a"><float value="1.5"/></define-basic-event>',
            "1.5, which is not in [0, 1]",
            3,
        ),
        (
            f'<define-gate name="t">{A}</define-gate><define-basic-event name="a">'
            '<float value="nan"/></define-basic-event>',
            "not in [0, 1]",
            2,
        ),
        (
            f'<define-gate name="t">{A}</define-gate><define-basic-event name="a"/>',
            "no probability",
            2,
        ),
        (
            f'<define-gate name="t">{A}</define-gate><define-basic-event name="a">'
            "<lognormal-deviate/></define-basic-event>",
            "<lognormal-deviate> is not read",
            2,
        ),
        (
            f'<define-gate name="t">{A}</define-gate><define-basic-event name="a">'
            '<exponential><float value="1"/></exponential></define-basic-event>',
            "has no value",
            2,
        ),
        (
            f'<define-gate name="t">{A}</define-gate><define-basic-event name="a">'
            '<parameter name="p"/></define-basic-event>'
            '<define-parameter name="p"><parameter name="p"/></define-parameter>',
            "parameters go in a circle: p -> p",
            2,
        ),
        (
            f'<define-gate name="t">{A}</define-gate><define-basic-event name="a">'
            "<system-mission-time/></define-basic-event>",
            "mission time",
            2,
        ),
        ('<define-gate name="t"><gate name="t"/></define-gate>', "no top", 0),
        ("", "no gate", 0),
        (
            f'<define-gate name="t">{A}</define-gate><define-gate name="u">{B}</define-gate>'
            + EVENTS,
            "2 tops (t, u)",
            0,
        ),
        ("<define-CCF-group/>", "<define-CCF-group> is not read", 2),
        ("<define-gate><and/></define-gate>", "no name", 2),
    ],
)
def test_what_is_wrong_is_told_with_its_line(body: str, fault: str, line: int) -> None:
    with pytest.raises(InvalidModel) as refused:
        model_of(body)

    assert fault in str(refused.value)
    assert refused.value.line == line


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "no XML"),
        (b"\x00\x01\x02", "no XML"),
        (b"<opsa-mef><define-gate", "no XML"),
        (b"<html/>", "<html>, not <opsa-mef>"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><opsa-mef>&a;</opsa-mef>', "document type"),
        (b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><opsa-mef/>', "document type"),
        (b"<opsa-mef>" + b"<and>" * 5_000, "deeper than 200"),
    ],
)
def test_what_is_no_such_file_is_refused_before_it_costs(content: bytes, fault: str) -> None:
    with pytest.raises(InvalidModel, match=fault):
        read_model(io.BytesIO(content))


def test_a_file_is_read_from_its_path(tmp_path: Path) -> None:
    path = tmp_path / "model.xml"
    path.write_text(
        f'<opsa-mef><define-fault-tree name="plant"><define-gate name="t">{A}</define-gate>'
        f"</define-fault-tree>{EVENTS}</opsa-mef>",
        encoding="utf-8",
    )

    model = read_model(path)

    assert (model.name, model.top, model.events) == ("plant", "t", ("a",))


@exhaustive
@given(case=cases(is_coherent=False))
def test_what_was_written_reads_back_as_the_same_function(case: Case) -> None:
    names = tuple(f"e{event}" for event in range(len(case.q)))
    model = Model("plant", "top", case.tree, names, tuple(case.q))

    read = read_model(io.BytesIO(write_model(model)))

    place = {name: event for event, name in enumerate(names)}
    for world in range(2 ** len(names)):
        again = sum(1 << i for i, name in enumerate(read.events) if world >> place[name] & 1)
        assert read.tree.holds(again) == case.tree.holds(world)
    assert [case.q[place[name]] for name in read.events] == list(read.probabilities)


def test_a_constant_top_is_written_and_read() -> None:
    model = Model("plant", "top", FaultTree(0, (), TRUE), (), ())

    read = read_model(io.BytesIO(write_model(model)))

    with Solver() as solver:
        assert solver.probability(read.tree, read.probabilities).value == 1.0


def test_names_that_clash_are_not_written() -> None:
    tree = top(f"<and>{A}{B}</and>").tree

    with pytest.raises(InvalidModel, match="same name"):
        write_model(Model("plant", "a", tree, ("a", "b"), (0.1, 0.2)))
