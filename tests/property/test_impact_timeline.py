"""Do timelines with tolerances agree with a simulation second by second?"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from impact import blast_radius, timeline
from tests.property import oracle_impact as oracle
from tests.property.strategies_impact import (
    as_outages,
    as_timed,
    as_topology,
    estates,
    exhaustive,
    second,
    troubles,
    windows,
)

SECONDS = 30


@exhaustive
@given(st.data())
def test_every_second_agrees_with_the_simulation(data: st.DataObject) -> None:
    estate = data.draw(estates(largest=7, tolerates=True))
    found = data.draw(windows(estate))

    line = timeline(as_topology(estate), as_timed(found))

    expected = oracle.simulate(estate, found, SECONDS, worst=False)
    for now, (states, risky) in enumerate(expected):
        part = line.at(second(now))
        hits = part.radius.hits
        assert {h.ci: int(h.best.state) for h in hits if h.best.state} == {
            n: s for n, s in states.items() if s
        }
        assert {h.ci for h in hits if h.best.at_risk} == risky


@exhaustive
@given(st.data())
def test_both_worlds_agree_with_the_simulation(data: st.DataObject) -> None:
    estate = data.draw(estates(largest=6, tolerates=True, unknown=True))
    found = data.draw(windows(estate))

    line = timeline(as_topology(estate), as_timed(found))

    first = min(start for _, _, start, _ in found)
    for is_worst in (False, True):
        expected = oracle.simulate(estate, found, SECONDS, worst=is_worst)
        for now, (states, risky) in enumerate(expected[first:], start=first):
            for hit in line.at(second(now)).radius.hits:
                standing = hit.worst if is_worst else hit.best
                assert standing.state == states[hit.ci]
                assert standing.at_risk == (hit.ci in risky)


@exhaustive
@given(st.data())
def test_without_times_the_answer_shows_the_time_to_impact(data: st.DataObject) -> None:
    estate = data.draw(estates(largest=7, tolerates=True))
    own = data.draw(troubles(estate))

    radius = blast_radius(as_topology(estate), as_outages(own))

    endless = [(name, state, 0, 10**6) for name, state in own.items()]
    history = oracle.simulate(estate, endless, SECONDS, worst=True)
    last = history[-1][0]
    for hit in radius.hits:
        assert hit.state == last[hit.ci]
        if hit.state > hit.best.state or not hit.state:
            continue
        since = next(now for now, (states, _) in enumerate(history) if states[hit.ci] == hit.state)
        assert hit.after_seconds >= since
        if hit.is_certain and not estate.all_unknown():
            assert hit.after_seconds == since


@exhaustive
@given(st.data())
def test_merged_shows_each_ci_at_its_worst(data: st.DataObject) -> None:
    estate = data.draw(estates(largest=7, tolerates=True))
    found = data.draw(windows(estate))

    merged = blast_radius(as_topology(estate), as_timed(found)).hits

    history = oracle.simulate(estate, found, SECONDS, worst=True)
    worst = {n: max(states[n] for states, _ in history) for n in estate.names}
    for hit in merged:
        assert hit.state == worst[hit.ci]
    best = oracle.simulate(estate, found, SECONDS, worst=False)
    assert {hit.ci for hit in merged} >= {
        n for states, _ in best for n in estate.names if states[n]
    }
