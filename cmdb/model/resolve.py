"""Which CI does a reference name, as far as is known, and what is it waiting for?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cmdb.model.identify import KEY_ONLY_RANK, IdentifierKey, identifier_keys, key_of_source
from cmdb.model.records import Reference
from cmdb.model.registry import Registry
from cmdb.model.source_records import SourceRecord

Owner = Callable[[str], str | None]
"""Gives the CI that owns a key, or None; asks for what it does not know."""

SOURCE_KEY = "source_key"


class Resolver:
    """Resolves references through an owner look-up, remembering each key that was missing."""

    def __init__(self, registry: Registry, owner: Owner) -> None:
        self._registry = registry
        self._owner = owner

    def resolve(self, reference: Reference, scope: str, missing: set[str]) -> str | None:
        """Return the CI of the highest-ranking known key, or None.

        Args:
            reference: What is named.
            scope: Scope of the record that names it.
            missing: Keys that would decide otherwise, once known, are added here.
        """
        for key in self.reference_keys(reference, scope, missing):
            if (found := self._owner(key.key)) is not None:
                return found
            missing.add(key.key)
        return None

    def reference_keys(
        self, reference: Reference, scope: str, missing: set[str]
    ) -> list[IdentifierKey]:
        """Return the keys of a reference, highest priority first."""
        keys = self._keys(reference.class_name, reference.values, reference.within, scope, missing)
        if source_key := reference.values.get(SOURCE_KEY):
            keys.append(IdentifierKey(KEY_ONLY_RANK, str(source_key), "source key"))
        return keys

    def record_keys(
        self, record: SourceRecord, missing: set[str], *, with_source_key: bool = False
    ) -> list[IdentifierKey]:
        """Return the keys of a source record, highest priority first.

        A record without a key that stands by itself is also known by what its source calls it.
        """
        if record.about is not None:
            return self.reference_keys(record.about, record.scope, missing)
        keys = self._keys(record.class_name, record.values, record.within, record.scope, missing)
        if with_source_key or not any(not key.within for key in keys):
            keys.append(key_of_source(record.id))
        return keys

    def _keys(
        self,
        class_name: str,
        values: Mapping[str, Any],
        within: Mapping[str, Reference],
        scope: str,
        missing: set[str],
    ) -> list[IdentifierKey]:
        return identifier_keys(
            self._registry,
            class_name,
            values,
            scope=scope,
            within=within,
            resolve=lambda inner: self.resolve(inner, scope, missing),
        )
