"""Ranking sources over the store of dictionaries."""

from __future__ import annotations

from typing import Any

import pytest

from cmdb.model.rights import Caller
from cmdb.model.source_reports import RankReport
from cmdb.services import rank_sources
from cmdb.services.context import Context
from tests.fakes.deciding import host, tell
from tests.fakes.importing import DisturbedStore, NoSnapshots, use_batches_of

ADMINISTRATOR = Caller("tester", frozenset({"administrator"}))


def context(store: DisturbedStore, caller: Caller = ADMINISTRATOR) -> Context:
    """Return what a use case works with."""
    return Context(store, NoSnapshots(), store.clock, caller)  # type: ignore[arg-type]  # the part that is used


def rank(store: DisturbedStore, source: str, precedence: int, **options: Any) -> RankReport:
    """Rank a source as an administrator."""
    return rank_sources.rank_source(context(store), source, precedence, **options)


def rank_one_by_one(patch: pytest.MonkeyPatch) -> None:
    """Let each batch of an import or a rank hold one record."""
    use_batches_of(patch, 1)
    patch.setattr(rank_sources, "FIRST_BATCH", 1)


def shown(store: DisturbedStore) -> dict[str, Any]:
    """Return the operating system shown of each CI, by name."""
    return {ci["name"]: ci.get("a_os") for ci in store.cis.values()}


def disputed(hosts: int = 1) -> DisturbedStore:
    """Return a store where `late` was heard last and so is believed."""
    store = DisturbedStore()
    for number in range(hosts):
        tell(store, host(f"h{number}", os="early"), source="early", at=1)
        tell(store, host(f"h{number}", os="late"), source="late", at=2)
    return store
