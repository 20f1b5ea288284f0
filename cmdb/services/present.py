"""What is so without the question: open incidents, and other changes that are planned?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from cmdb.model.impact_reports import PresentOutage
from cmdb.model.incidents import OPEN_INCIDENTS
from cmdb.model.inventory import from_epoch_ms, to_epoch_ms
from cmdb.model.nodes import Node
from cmdb.model.planned_changes import LASTING_CHANGES, PLANNED_CHANGES
from cmdb.services.context import Context
from cmdb.services.impact_names import Names
from cmdb.services.outlook import Effect
from cmdb.services.withholding import WITHHELD
from cmdb.snapshot import Snapshot

MOST_OF_A_KIND = 1_000
"""Most open incidents, and most planned changes in a window, that an answer reckons with."""
MOST_CUTS = 1_000
"""Most moments within a window at which one of them begins or ends."""


@dataclass(frozen=True, slots=True)
class Present:
    """One of these effects, and the record that says so."""

    effect: Effect
    record: Node


@dataclass(frozen=True, slots=True)
class Presents:
    """All of them; partial where there are more than can be reckoned with."""

    found: tuple[Present, ...] = ()
    is_partial: bool = False

    @property
    def effects(self) -> list[Effect]:
        """What they do, with their times."""
        return [each.effect for each in self.found]

    @property
    def lasting(self) -> list[Effect]:
        """What they do, as if it lasted."""
        return [Effect(each.effect.ci, each.effect.effect) for each in self.found]

    @property
    def cis(self) -> list[str]:
        """The ids of the CIs."""
        return [each.effect.ci for each in self.found]


def present_between(
    context: Context, snapshot: Snapshot, start_at: datetime, end_at: datetime, *, without: str = ""
) -> Presents:
    """Return what is so in a window without the question; one read where nothing was merged.

    Args:
        context: On whose behalf, and with what.
        snapshot: CIs that take no part in it are left out.
        start_at: Begin of the window.
        end_at: Its end.
        without: Id of an incident or change that is the question itself.
    """
    nodes = context.store.nodes_between(
        {"incident": OPEN_INCIDENTS, "change": PLANNED_CHANGES},
        to_epoch_ms(start_at),
        to_epoch_ms(end_at),
        MOST_OF_A_KIND + 1,
        LASTING_CHANGES,
    )
    now = context.clock.now()
    counts = [sum(node.kind == kind for node in nodes) for kind in ("incident", "change")]
    effects = [
        Present(effect, node)
        for node in sorted(nodes, key=lambda node: node.id)
        if node.id != without
        for effect in _lasting(node, now)
        if overlaps(effect, start_at, end_at)
    ]
    reckoned = within_reach(effects, start_at, end_at)
    return Presents(
        tuple(taking_part(context, snapshot, reckoned)),
        len(reckoned) < len(effects) or any(c > MOST_OF_A_KIND for c in counts),
    )


def within_reach(effects: list[Present], start_at: datetime, end_at: datetime) -> list[Present]:
    """Return those whose windows cut a stretch of time no more often than can be reckoned with.

    A window that covers all of it cuts nothing.
    """
    cuts: set[datetime] = set()
    found = []
    for each in effects:
        times = (each.effect.start_at, each.effect.end_at)
        more = {at for at in times if at is not None and start_at < at < end_at} - cuts
        if len(cuts) + len(more) <= MOST_CUTS:
            cuts |= more
            found.append(each)
    return found


def present_now(context: Context, snapshot: Snapshot, *, without: str = "") -> Presents:
    """Return what is so at this moment without the question."""
    now = context.clock.now()
    return present_between(context, snapshot, now, now + timedelta(milliseconds=1), without=without)


def effects_of(node: Node) -> Iterator[Effect]:
    """Yield what an incident or a change does to its CIs; an incident has no end in sight."""
    if node.kind == "incident":
        for each in node.body["affected"]:
            yield Effect(each["ci"], each["effect"], from_epoch_ms(each["onset_at"]))
        return
    for each in node.body["targets"]:
        start_at, end_at = _own(each["start_at"], node.begin_at), _own(each["end_at"], node.end_at)
        yield Effect(each["ci"], each["effect"], start_at, end_at)


def _lasting(node: Node, now: datetime) -> Iterator[Effect]:
    """Yield what a record does, as far as anybody knows.

    Of a change that is still being implemented after its window, what was to end last goes on
    until the change leaves that state.
    """
    effects = list(effects_of(node))
    end_at = _own(None, node.end_at)
    if node.state in LASTING_CHANGES and end_at is not None and end_at <= now:
        last = max(effect.end_at for effect in effects if effect.end_at is not None)
        effects = [replace(e, end_at=None) if e.end_at == last else e for e in effects]
    yield from effects


def taking_part(context: Context, snapshot: Snapshot, effects: list[Present]) -> Iterator[Present]:
    """Yield what concerns CIs that take part; those merged away stand for what took them over."""
    strangers = {each.effect.ci for each in effects if each.effect.ci not in snapshot.topology}
    if not strangers:
        yield from effects
        return
    from cmdb.services.record_cis import RecordCIs

    cis = RecordCIs(context, strangers)
    for each in effects:
        ci = each.effect.ci if each.effect.ci not in strangers else cis.survivor(each.effect.ci)
        if ci in snapshot.topology:
            effect = each.effect
            yield Present(Effect(ci, effect.effect, effect.start_at, effect.end_at), each.record)


def report_present(names: Names, presents: Presents) -> tuple[PresentOutage, ...]:
    """Return them with names.

    The title of a record that concerns a CI which the caller may not see is withheld.
    """
    return tuple(_report(names, each) for each in presents.found)


def _report(names: Names, present: Present) -> PresentOutage:
    effect, record = present.effect, present.record
    named = names.named(effect.ci)
    return PresentOutage(
        named,
        effect.state,
        "incident" if record.kind == "incident" else "change",
        record.id,
        str(record.body["title"]) if named.id and not _hides(names, record) else WITHHELD,
        effect.start_at,
        effect.end_at,
    )


def _hides(names: Names, record: Node) -> bool:
    known = (ci for ci in record.concerns if ci in names.snapshot)
    return not all(names.named(ci).id for ci in known)


def _own(at: Any, inherited: int | None) -> datetime | None:
    at = inherited if at is None else at
    return None if at is None else from_epoch_ms(at)


def overlaps(effect: Effect, start_at: datetime, end_at: datetime) -> bool:
    """Tell whether an effect lasts for some of the time between two moments."""
    begins = effect.start_at is None or effect.start_at < end_at
    return begins and (effect.end_at is None or effect.end_at > start_at)
