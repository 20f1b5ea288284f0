"""Ranking sources over the store of dictionaries."""

from __future__ import annotations

from typing import Any

from cmdb.model.rights import Caller
from cmdb.model.source_reports import RankReport
from cmdb.services import rank_sources
from cmdb.services.context import Context
from tests.fakes.importing import DisturbedStore, NoSnapshots

ADMINISTRATOR = Caller("tester", frozenset({"administrator"}))


def context(store: DisturbedStore, caller: Caller = ADMINISTRATOR) -> Context:
    """Return what a use case works with."""
    return Context(store, NoSnapshots(), store.clock, caller)  # type: ignore[arg-type]  # the part that is used


def rank(store: DisturbedStore, source: str, precedence: int, **options: Any) -> RankReport:
    """Rank a source as an administrator."""
    return rank_sources.rank_source(context(store), source, precedence, **options)
