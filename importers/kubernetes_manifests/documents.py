"""Which Kubernetes objects does an input hold?

Opens files and folders, takes List wrappers apart, and yields one `Manifest` per object.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from cmdb.errors import BadFile
from cmdb.model.records import ImportInput, ImportOptions, Problem, Skipped
from importers.fields import Fields, kind_of
from importers.json_documents import load_json
from importers.reading import (
    WHOLE_LIMIT,
    InputFile,
    LimitedReader,
    byte_limit,
    find_files,
    input_name,
    open_bytes,
)
from importers.yaml_documents import load_documents

SUFFIXES: Final = (".yaml", ".yml", ".json")
CLUSTER_SCOPED: Final = frozenset({"Node", "Namespace", "PersistentVolume"})
_TEMPLATE_HINT: Final = (
    "It looks like a template: render it first (`helm template`, `kustomize build`)."
)


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object: what names it, and its fields."""

    kind: str
    namespace: str
    name: str
    fields: Fields

    @property
    def key(self) -> str:
        """The source's own key of it."""
        if self.namespace:
            return f"{self.kind}/{self.namespace}/{self.name}"
        return f"{self.kind}/{self.name}"


def read_manifests(
    source: ImportInput, options: ImportOptions
) -> Iterator[Manifest | Problem | Skipped]:
    """Yield the objects of the input.

    Raises:
        BadFile: A file is not fit to be read, or the whole input holds no object.
    """
    limit = byte_limit(options, WHOLE_LIMIT)
    has_objects = False
    for file in find_files(source, SUFFIXES):
        for place, value, problems in _read_values(file, limit):
            yield from problems
            if value is None:
                continue
            has_objects = has_objects or (isinstance(value, dict) and "kind" in value)
            yield from _take_apart(value, place, "")
    if not has_objects:
        raise BadFile(
            input_name(source),
            "it holds no Kubernetes object",
            "Each document needs `apiVersion` and `kind`; check that it is the file you meant.",
        )


def _read_values(file: InputFile, limit: int) -> Iterator[tuple[str, Any, list[Problem]]]:
    with open_bytes(file, limit) as reader:
        if _is_json(reader):
            value, repeated = load_json(file.name, reader.read())
            problems = [
                Problem(file.name, key, "the key stands twice in one object", dropped=False)
                for key in repeated
            ]
            yield file.name, value, problems
            return
        hint = _TEMPLATE_HINT if b"{{" in reader.head else ""
        for document in load_documents(reader, hint):
            yield f"{file.name}:{document.line}", document.value, document.problems


def _is_json(reader: LimitedReader) -> bool:
    start = reader.head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if reader.name.lower().endswith(".json"):
        return True
    return start.startswith(b"{") and start[1:].lstrip().startswith((b'"', b"}"))


def _take_apart(
    value: Any, place: str, assumed_kind: str
) -> Iterator[Manifest | Problem | Skipped]:
    if not isinstance(value, dict):
        yield Problem(
            place,
            "",
            f"expected a Kubernetes object, found {kind_of(value)}",
            "Each document is a map with `apiVersion` and `kind`.",
            raw="" if value is None else str(value)[:200] if isinstance(value, str) else "",
        )
        return
    kind = value.get("kind", assumed_kind)
    if isinstance(kind, str) and kind.endswith("List") and isinstance(value.get("items"), list):
        for number, item in enumerate(value["items"]):
            yield from _take_apart(item, f"{place}:items[{number}]", kind.removesuffix("List"))
        return
    yield _identify(value, place, kind)


def _identify(value: dict[str, Any], place: str, kind: Any) -> Manifest | Problem | Skipped:
    if kind is None or kind == "":
        if "apiVersion" not in value:
            return Skipped("document without kind", place)
        return Problem(place, "kind", "the object has no kind", "Add its `kind`.")
    if not isinstance(kind, str):
        return Problem(place, "kind", f"expected text, found {kind_of(kind)}", "Add its `kind`.")
    if kind == "Secret":
        return Skipped("Secret never read", place)
    fields = Fields(value, place, [])
    metadata = fields.object("metadata")
    name = metadata.text("name")
    namespace = "" if kind in CLUSTER_SCOPED else metadata.text("namespace") or "default"
    if not name:
        hint = "Objects without a fixed name (`generateName`) cannot be told apart."
        return Problem(
            place, "metadata.name", "the object has no name", hint, raw=f"kind: {kind[:200]}"
        )
    return Manifest(kind, namespace, name, fields)
