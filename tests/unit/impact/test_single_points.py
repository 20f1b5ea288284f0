"""Which CIs alone take which services down: what a reader of the answer may ask."""

from __future__ import annotations

import builtins
import importlib.util
import sys
from typing import Any
from unittest import mock

import pytest

from impact import SinglePoints, Topology, UnknownNode, fast, propagate, single_points
from tests.unit.impact.estate import down, estate


@pytest.fixture(params=["plain", "compiled"], autouse=True)
def loops(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer each question by plain and by compiled loops."""
    monkeypatch.setattr(fast, "SMALLEST", 0 if request.param == "compiled" else 1_000_000)


def points(topology: Topology, ci: str) -> tuple[str, ...]:
    return single_points(topology, [ci])[ci]


def shop() -> Topology:
    return estate(
        "shop hard pool", "pool gate db-1", "pool gate db-2", "db-1 hard san", "db-2 hard san",
        "shop soft cache", "mail hard host", groups={"pool": (1, 1)}, services=["shop", "mail"],
    )  # fmt: skip


def test_without_names_every_service_is_answered_for() -> None:
    assert dict(single_points(shop())) == {"shop": ("san",), "mail": ("host",)}


def test_any_ci_may_be_asked_about_and_stands_once_in_the_order_asked() -> None:
    found = single_points(shop(), ["pool", "db-1", "pool"])

    assert list(found) == ["pool", "db-1"]
    assert len(found) == 2
    assert found.counts.tolist() == [1, 1]


def test_a_chain_of_hard_providers_is_all_single_points() -> None:
    assert points(estate("a hard b", "b hard c"), "a") == ("b", "c")


def test_a_gate_fails_with_what_enough_members_share() -> None:
    topology = estate(
        "g gate a", "g gate b", "g gate c", "a hard x", "b hard x", "b hard y", "c hard z",
        groups={"g": (2, 2)},
    )  # fmt: skip

    assert points(topology, "g") == ("x",)


def test_a_pure_group_is_no_single_point_but_a_cluster_is() -> None:
    topology = estate(
        "s hard g", "s hard k", "g gate a", "k gate b", "k gate c",
        groups={"g": (1, 1)}, clusters={"k": (1, 1)},
    )  # fmt: skip

    assert points(topology, "s") == ("a", "k")


def test_a_cycle_holds_its_nodes_together_and_never_itself_down() -> None:
    ring = estate("a hard b", "b hard c", "c hard a", "c hard d")
    pair = estate("a hard g", "g gate b", "g gate c", "b hard a", groups={"g": (1, 1)})

    assert points(ring, "a") == ("b", "c", "d")
    assert points(pair, "a") == ()


def test_a_repeated_membership_counts_once() -> None:
    topology = estate("g gate a", "g gate a", "g gate b", groups={"g": (1, 1)})

    assert points(topology, "g") == ()


def test_a_group_that_cannot_be_judged_fails_with_its_hard_providers_alone() -> None:
    assert points(estate("g gate a", "g hard b", groups={"g": (2, 2)}), "g") == ("b",)


def test_own_states_of_the_topology_are_left_out() -> None:
    assert points(estate("a hard b", own={"b": 2}), "a") == ("b",)


def test_a_long_chain_needs_no_deep_stack_and_several_blocks() -> None:
    length = 20_000
    topology = Topology.build(
        ids=[f"n{number:05d}" for number in range(length)],
        dependents=list(range(length - 1)),
        providers=list(range(1, length)),
        strengths=[0] * (length - 1),
    )

    found = single_points(topology, ["n00000", "n19998"])

    assert found.counts.tolist() == [length - 1, 1]
    assert found["n00000"] == topology.ids[1:]
    assert found["n19998"] == ("n19999",)


def test_nothing_asked_is_nothing_found() -> None:
    assert dict(single_points(shop(), [])) == {}
    assert len(single_points(estate(alone=["a"]))) == 0


def test_an_id_that_takes_no_part_is_refused_and_one_not_asked_about_has_no_answer() -> None:
    found = single_points(shop())

    assert isinstance(found, SinglePoints)
    assert "host" not in found
    with pytest.raises(UnknownNode):
        single_points(shop(), ["nobody"])
    with pytest.raises(KeyError):
        found["host"]


def test_the_environment_switches_compiled_loops_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast, "SMALLEST", 0)
    assert fast.kernels_for(shop()) is not None

    monkeypatch.setenv("IMPACT_FAST", "off")

    assert fast.kernels_for(shop()) is None
    assert not fast.prepare()


def test_once_prepared_nothing_is_left_to_compile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast, "SMALLEST", 0)
    assert fast.prepare()
    kernels = fast.kernels_for(shop())
    assert kernels is not None
    loops = (kernels._components, kernels._cover, kernels._spread)
    kinds = [len(loop.compiled.signatures) for loop in loops]

    propagate(shop(), down("san"))
    assert dict(single_points(shop()))

    assert [len(loop.compiled.signatures) for loop in loops] == kinds


@pytest.mark.parametrize("is_broken", [False, True])
def test_without_numba_the_answers_are_the_same(
    monkeypatch: pytest.MonkeyPatch, is_broken: bool
) -> None:
    monkeypatch.setattr(fast, "SMALLEST", 0)
    monkeypatch.delitem(sys.modules, "impact.fast.kernels", False)
    real = builtins.__import__

    def refuse(name: str, *rest: Any, **more: Any) -> Any:
        if name == "impact.fast.kernels":
            raise ImportError(name)
        return real(name, *rest, **more)

    found = mock.Mock() if is_broken else None
    fast._load.cache_clear()
    with (
        mock.patch.object(importlib.util, "find_spec", return_value=found),
        mock.patch.object(builtins, "__import__", refuse),
    ):
        answers = dict(single_points(shop())), len(propagate(shop(), down("san")).nodes)
    fast._load.cache_clear()

    assert answers == ({"shop": ("san",), "mail": ("host",)}, 5)


def test_where_nothing_can_be_kept_on_disk_the_loops_still_run() -> None:
    from impact.fast import compiling

    class Refusing:
        def __init__(self, error: type[Exception]) -> None:
            self.error = error

        def __call__(self, *_arguments: int) -> int:
            raise self.error

    def njit(**options: bool) -> Any:
        def decorate(function: Any) -> Any:
            if not options.get("cache"):
                return function
            if function is fails_at_once:
                raise RuntimeError("no locator available")
            return Refusing(OSError)

        return decorate

    with mock.patch("numba.njit", njit):
        assert compiling.Compiled(fails_at_once)(1) == 2
        assert compiling.Compiled(fails_later)(1) == 3


def fails_at_once(number: int) -> int:
    return number + 1


def fails_later(number: int) -> int:
    return number + 2
