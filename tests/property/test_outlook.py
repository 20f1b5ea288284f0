"""Does the outlook of a window agree, instant by instant, with a plain blast radius?"""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from cmdb.model.planned_changes import TargetEffect
from cmdb.services.outlook import SEVERITY, Effect, Outlook, look_ahead, state_of
from impact import Topology, blast_radius
from tests.property.oracle_impact import Estate
from tests.property.strategies_impact import as_topology, estates, exhaustive, second

LAST = 9
KINDS: tuple[TargetEffect, ...] = ("outage", "outage", "degraded", "at_risk")


@st.composite
def effects(draw: st.DrawFn, estate: Estate, *, least: int = 0) -> list[Effect]:
    """Draw effects with windows within the first nine seconds."""
    found = []
    for _ in range(draw(st.integers(least, 4))):
        start = draw(st.integers(0, LAST - 1))
        end = draw(st.integers(start + 1, LAST))
        kind = draw(st.sampled_from(KINDS))
        ci = draw(st.sampled_from(estate.names))
        found.append(Effect(ci, kind, second(start), second(end)))
    return found


def plainly(topology: Topology, found: list[Effect], now: int) -> dict[str, str]:
    """Return the states of one instant by plain blast radii of what is active then."""
    moment = second(now)
    active = [e for e in found if e.start_at and e.end_at and e.start_at <= moment < e.end_at]
    sure = [Effect(e.ci, e.effect).outage for e in active if e.effect != "at_risk"]
    states = {hit.ci: str(state_of(hit.worst)) for hit in blast_radius(topology, sure).hits}
    feared = [Effect(e.ci, e.effect).outage for e in active]
    for hit in blast_radius(topology, feared).hits:
        if state_of(hit.worst) in ("DOWN", "DEGRADED"):
            states.setdefault(hit.ci, "AT_RISK")
    return states


def states_at(outlook: Outlook, now: int) -> dict[str, str]:
    """Return what an outlook says of one instant."""
    moment = second(now)
    (part,) = (
        part
        for part in outlook.stretches
        if part.start_at <= moment and (part.end_at is None or moment < part.end_at)
    )
    return {each.ci: each.outcome.state for each in part.affected}


@exhaustive
@given(st.data())
def test_every_instant_is_a_plain_blast_radius_of_what_is_active_then(data: st.DataObject) -> None:
    estate = data.draw(estates(largest=8, unknown=True))
    topology = as_topology(estate)
    asked = data.draw(effects(estate, least=1))
    present = data.draw(effects(estate))

    outlook = look_ahead(topology, asked, present, second(0), second(LAST))

    for now in range(LAST):
        assert states_at(outlook, now) == plainly(topology, asked + present, now)


@exhaustive
@given(st.data())
def test_present_is_what_stands_no_worse_with_the_question_than_without(
    data: st.DataObject,
) -> None:
    estate = data.draw(estates(largest=8))
    topology = as_topology(estate)
    asked = data.draw(effects(estate, least=1))
    present = data.draw(effects(estate, least=1))

    outlook = look_ahead(topology, asked, present, second(0), second(LAST))

    adds = set()
    for part in outlook.stretches:
        now = round((part.start_at - second(0)).total_seconds())
        before = plainly(topology, present, now)
        for each in part.affected:
            assert each.present_state == before.get(each.ci, "UP")
            if SEVERITY[each.outcome.state] > SEVERITY[each.present_state]:
                assert not each.is_present
            if not each.is_present:
                adds.add(each.ci)
    assert {each.ci for each in outlook.worst if not each.is_present} == adds


@exhaustive
@given(st.data())
def test_what_is_only_at_risk_takes_nothing_down(data: st.DataObject) -> None:
    estate = data.draw(estates(largest=8))
    found = [Effect(e.ci, "at_risk", e.start_at, e.end_at) for e in data.draw(effects(estate))]

    outlook = look_ahead(as_topology(estate), found, [], second(0), second(LAST))

    assert {each.outcome.state for each in outlook.worst} <= {"AT_RISK"}


@exhaustive
@given(st.data())
def test_the_stretches_touch_and_begin_with_the_window(data: st.DataObject) -> None:
    estate = data.draw(estates(largest=6, tolerates=True))
    asked = data.draw(effects(estate, least=1))

    parts = look_ahead(as_topology(estate), asked, [], second(0), second(LAST)).stretches

    assert parts[0].start_at == second(0)
    assert parts[-1].end_at is None
    for one, other in pairwise(parts):
        assert one.end_at == other.start_at
        assert [a.look for a in one.affected] != [a.look for a in other.affected]
