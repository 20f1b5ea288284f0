"""How is a CI named without its id? By its best identifiers, in a reference."""

from __future__ import annotations

from cmdb.errors import UnknownCI
from cmdb.model.identify import IdentifierKey, key_of_source
from cmdb.model.records import Reference
from cmdb.model.resolve import SOURCE_KEY, Resolver
from cmdb.model.source_records import SourceRecord
from cmdb.ports import Store


def reference_to(store: Store, ci_id: str) -> Reference:
    """Return a reference that resolves to a CI.

    It names the CI as the source record does that has the best key which the CI owns.

    Raises:
        UnknownCI: There is none of that id.
    """
    records = store.source_records_of([ci_id])
    if not records:
        raise UnknownCI(ci_id)
    best = min(
        (choice for record in records for choice in [_choice(store, record, ci_id)] if choice),
        key=lambda choice: choice[0],
        default=None,
    )
    if best is None:
        raise UnknownCI(ci_id)
    return best[1]


def _choice(
    store: Store, record: SourceRecord, ci_id: str
) -> tuple[tuple[int, str], Reference] | None:
    if record.about is not None:
        return None
    registry = store.registry()
    owners = _Owners(store)
    keys = Resolver(registry, owners.owner).record_keys(record, set(), with_source_key=True)
    held = store.identifiers([key.key for key in keys])
    for key in keys:
        identifier = held.get(key.key)
        if identifier is not None and identifier.ci_id == ci_id:
            return (key.rank, key.key), _reference(store, record, key)
    return None


def _reference(store: Store, record: SourceRecord, key: IdentifierKey) -> Reference:
    """Return a reference of its own scope: what the record is within is named afresh too."""
    if key.key == key_of_source(record.id).key:
        return Reference(record.class_name, {SOURCE_KEY: key.key})
    fields, _, role = key.rule.partition("@")
    values = {name: record.values[name] for name in fields.split("+") if name != "scope"}
    if "scope" in fields.split("+"):
        values["scope"] = record.scope
    within = {role: reference_to(store, key.within)} if role else {}
    return Reference(record.class_name, values, within)


class _Owners:
    def __init__(self, store: Store) -> None:
        self._store = store

    def owner(self, key: str) -> str | None:
        found = self._store.identifiers([key]).get(key)
        return found.ci_id or None if found else None
