"""How does the readable file of the demo estate become records?

One block a class, one entry a CI: `in` is what it is identified within, a key that is the name of a
relationship type holds its providers, everything else is an attribute.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cmdb.errors import BadFile
from cmdb.model.records import (
    ImportInput,
    ImportOptions,
    Item,
    Link,
    MappingRow,
    Record,
    Reference,
)
from cmdb.model.registry import Registry
from cmdb.model.shipped import shipped_registry

ESTATE: Final = Path(__file__).with_name("estate.yaml")
EVERY: Final = "every"
WITHIN: Final = "in"


@dataclass(frozen=True, slots=True)
class Entry:
    """One CI of the file; `body` is what is written of it, with what its block shares."""

    class_name: str
    name: str
    body: Mapping[str, Any]

    @property
    def label(self) -> str:
        """Return `Class/name`."""
        return f"{self.class_name}/{self.name}"


class EstateImporter:
    """Reads an estate file."""

    name = "demo"
    summary = "the estate of `cmdb demo`, a readable file"
    table = (MappingRow("an entry of a block", "a CI of the class that names the block"),)

    def read(self, source: ImportInput, options: ImportOptions) -> Iterator[Item]:
        """Yield one record for each entry.

        Raises:
            BadFile: The file is no estate, or a name in it leads nowhere or to several CIs.
        """
        _ = options
        path = source.path or ESTATE
        yield from Estate(str(path), _load(path)).records()


class Estate:
    """The entries of one file, by label and by name."""

    def __init__(self, path: str, blocks: Mapping[str, Any]) -> None:
        self._path = path
        self._registry: Registry = shipped_registry()
        self._by_label = {entry.label: entry for entry in self._entries(blocks)}
        self._by_name: dict[str, list[Entry]] = {}
        for entry in self._by_label.values():
            self._by_name.setdefault(entry.name, []).append(entry)

    def records(self) -> Iterator[Record]:
        """Yield one record for each entry, in the order of the file."""
        for entry in self._by_label.values():
            body = entry.body
            yield Record(
                entry.class_name,
                key=entry.label,
                name=entry.name,
                attributes=self._attributes(body),
                within=self._within(entry),
                links=tuple(self._links(entry)),
                place=f"{Path(self._path).name}: {entry.label}",
            )

    def _entries(self, blocks: Mapping[str, Any]) -> Iterator[Entry]:
        for class_name, block in blocks.items():
            self._registry.get_class(class_name)
            if not isinstance(block, dict):
                raise self._bad(class_name, "a block must hold one entry a CI")
            shared = block.get(EVERY) or {}
            for name, body in block.items():
                if name != EVERY:
                    yield Entry(class_name, str(name), {**shared, **(body or {})})

    def _attributes(self, body: Mapping[str, Any]) -> dict[str, Any]:
        types = self._registry.types
        return {name: value for name, value in body.items() if name not in {WITHIN, *types}}

    def _within(self, entry: Entry) -> dict[str, Reference]:
        roles = entry.body.get(WITHIN, {})
        return {role: self._reference(entry, str(name)) for role, name in roles.items()}

    def _links(self, entry: Entry) -> Iterator[Link]:
        for type_name, value in entry.body.items():
            if type_name not in self._registry.types:
                continue
            for other in value if isinstance(value, list) else [value]:
                facts = dict(other) if isinstance(other, dict) else {"to": other}
                provider = self._reference(entry, str(facts.pop("to", "")))
                yield Link(type_name, provider, **facts)

    def _reference(self, entry: Entry, wanted: str) -> Reference:
        """Return a reference to what an entry names.

        Raises:
            BadFile: Nothing, or more than one thing, has that name.
        """
        found = [self._by_label[wanted]] if wanted in self._by_label else self._named(wanted)
        if len(found) != 1:
            labels = ", ".join(each.label for each in found) or "nothing"
            raise self._bad(entry.label, f"{wanted!r} names {labels}")
        other = found[0]
        values = {"name": other.name, **self._attributes(other.body)}
        identifying = {
            field for rule in self._registry.rules(other.class_name) for field in rule.fields
        }
        return Reference(
            other.class_name,
            {name: value for name, value in values.items() if name in identifying},
            self._within(other),
        )

    def _named(self, name: str) -> list[Entry]:
        return self._by_name.get(name, [])

    def _bad(self, place: str, reason: str) -> BadFile:
        return BadFile(self._path, reason, "Mend the file.", place=place)


def _load(path: Path) -> Mapping[str, Any]:
    import yaml

    try:
        blocks = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadFile(str(path), f"it cannot be read ({error})") from error
    if not isinstance(blocks, dict):
        raise BadFile(str(path), "it holds no blocks of classes")
    return blocks
