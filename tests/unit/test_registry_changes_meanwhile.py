"""What becomes of an import while an administrator changes the registries?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from cmdb.errors import StalePlan
from cmdb.model.records import Link
from cmdb.model.registry import Registry
from tests.fakes.deciding import host, named
from tests.fakes.importing import AT, DisturbedStore, run, use_batches_of


@dataclass
class GrowingStore(DisturbedStore):
    """A store whose registries another process may change."""

    registered_at: int = 0

    def registry(self) -> Registry:
        return replace(super().registry(), revision=self.registered_at)

    def grow(self) -> None:
        self.registered_at += 1
        self.sequence += 1


def test_it_stops_at_a_whole_batch_and_the_same_import_takes_it_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    use_batches_of(monkeypatch, 1_000)
    store = GrowingStore()
    store.before_links = store.grow
    items = [host("db"), host("x", Link("depends_on", named("db")))]

    with pytest.raises(StalePlan) as refused:
        run(store, items, observed_at=AT)

    assert "registry" in refused.value.facts["moved"][0]
    assert (len(store.cis), len(store.edges)) == (2, 0)
    again = run(store, items, observed_at=AT)
    assert (again.is_resumed, len(store.cis), len(store.edges)) == (True, 2, 1)


def test_a_write_of_another_kind_does_not_stop_it(monkeypatch: pytest.MonkeyPatch) -> None:
    use_batches_of(monkeypatch, 1_000)
    store = GrowingStore()

    def write() -> None:
        store.sequence += 1

    store.before_links = write
    run(store, [host("db"), host("x", Link("depends_on", named("db")))], observed_at=AT)

    assert len(store.edges) == 1
