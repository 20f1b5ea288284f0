"""Which documents does a YAML stream hold, read safely and one at a time?

Built from parser events without recursion, so that neither depth nor aliases can exhaust anything.
Only `true`, `false`, `null`, plain decimal numbers are other than text: dates, `yes`, `0644` and
`1e3` stay as they are written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import yaml

from cmdb.errors import BadFile
from cmdb.model.records import Problem

DEPTH_LIMIT: Final = 100
ALIAS_NODE_LIMIT: Final = 100_000
"""Most nodes that the aliases of one document may repeat."""

_INTEGER: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_DECIMAL: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,18}")
_WORDS: Final[dict[str, bool | None]] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_MERGE: Final = "<<"


@dataclass(slots=True)
class Document:
    """One document: its value, the line where it starts, and what in it was not clear."""

    line: int
    value: Any = None
    problems: list[Problem] = field(default_factory=list)


class ByteSource(Protocol):
    """What the parser reads from."""

    name: str

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes."""
        ...


@dataclass(slots=True)
class _Node:
    """A finished value with the number of nodes in it and its depth."""

    value: Any
    size: int = 1
    depth: int = 0


@dataclass(slots=True)
class _Frame:
    """A list or map that is being filled."""

    value: Any
    anchor: str | None
    size: int = 1
    depth: int = 0
    key: str | None = None
    awaits_value: bool = False
    merges: list[Any] = field(default_factory=list)


def load_documents(source: ByteSource, hint: str = "") -> Iterator[Document]:
    """Yield the documents of a stream as they are read.

    Raises:
        BadFile: Not YAML, too deep, or aliases that multiply or contain themselves.
    """
    try:
        parser = yaml.CSafeLoader(source)
    except (yaml.YAMLError, ValueError) as error:
        raise _refusal(source.name, error, hint) from error
    try:
        yield from _documents(source.name, parser)
    except (yaml.YAMLError, ValueError) as error:
        raise _refusal(source.name, error, hint) from error
    finally:
        parser.dispose()


def _documents(name: str, parser: yaml.CSafeLoader) -> Iterator[Document]:
    builder: _Builder | None = None
    while (event := parser.get_event()) is not None:
        if isinstance(event, yaml.DocumentStartEvent):
            builder = _Builder(name)
        elif isinstance(event, yaml.DocumentEndEvent) and builder is not None:
            yield builder.document
            builder = None
        elif isinstance(event, yaml.StreamEndEvent):
            return
        elif builder is not None:
            builder.add(event)


class _Builder:
    """Builds one document from its events."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.document = Document(0)
        self._stack: list[_Frame] = []
        self._anchors: dict[str, _Node | None] = {}
        self._repeated = 0

    def add(self, event: yaml.Event) -> None:
        mark = event.start_mark
        line = mark.line + 1 if mark is not None else 0
        if not self.document.line:
            self.document.line = line
        if isinstance(event, yaml.ScalarEvent):
            self._add_scalar(event, line)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._open(event, line)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._close(line)
        elif isinstance(event, yaml.AliasEvent):
            self._place(self._resolve(str(event.anchor), line), line)

    def _add_scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        is_key = self._awaits_key()
        node = _Node(event.value if is_key else _scalar(event))
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        self._place(node, line)

    def _open(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent, line: int) -> None:
        if len(self._stack) >= DEPTH_LIMIT:
            raise self._too_deep(line)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        made: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
        self._stack.append(_Frame(made, event.anchor))

    def _close(self, line: int) -> None:
        frame = self._stack.pop()
        for merged in frame.merges:
            frame.value = merged | frame.value
        node = _Node(frame.value, frame.size, frame.depth + 1)
        if frame.anchor is not None:
            self._anchors[frame.anchor] = node
        self._place(node, line)

    def _awaits_key(self) -> bool:
        if not self._stack:
            return False
        top = self._stack[-1]
        return isinstance(top.value, dict) and not top.awaits_value

    def _place(self, node: _Node, line: int) -> None:
        if not self._stack:
            self.document.value = node.value
            return
        top = self._stack[-1]
        top.size += node.size
        top.depth = max(top.depth, node.depth)
        if isinstance(top.value, list):
            top.value.append(node.value)
        elif top.awaits_value:
            self._place_value(top, node.value, line)
        else:
            self._place_key(top, node.value, line)

    def _place_key(self, top: _Frame, key: Any, line: int) -> None:
        top.awaits_value = True
        top.key = None
        if isinstance(key, dict | list):
            self._note(
                line, "", "a list or map stands where a key belongs", "Write the key as text."
            )
        else:
            top.key = key if isinstance(key, str) else str(key)

    def _place_value(self, top: _Frame, value: Any, line: int) -> None:
        top.awaits_value = False
        key = top.key
        if key is None:
            return
        if key == _MERGE and self._is_merge(value):
            top.merges.extend(value if isinstance(value, list) else [value])
            return
        if key in top.value:
            self._note(line, key, "the key stands twice in one map; the last one counts")
        top.value[key] = value

    @staticmethod
    def _is_merge(value: Any) -> bool:
        members = value if isinstance(value, list) else [value]
        return bool(members) and all(isinstance(member, dict) for member in members)

    def _resolve(self, anchor: str, line: int) -> _Node:
        node = self._anchors.get(anchor)
        if node is None:
            reason = (
                f"the alias *{anchor} contains itself"
                if anchor in self._anchors
                else f"the alias *{anchor} names nothing"
            )
            raise BadFile(self.name, reason, "Write the value out.", place=str(line))
        self._repeated += node.size
        if self._repeated > ALIAS_NODE_LIMIT:
            raise BadFile(
                self.name,
                f"its aliases repeat more than {ALIAS_NODE_LIMIT:,} nodes",
                "This is an attack or an accident; write the values out.",
                place=str(line),
            )
        if len(self._stack) + node.depth > DEPTH_LIMIT:
            raise self._too_deep(line)
        return node

    def _note(self, line: int, key: str, reason: str, hint: str = "Remove one.") -> None:
        place = f"{self.name}:{line}"
        self.document.problems.append(Problem(place, key, reason, hint, dropped=False))

    def _too_deep(self, line: int) -> BadFile:
        return BadFile(
            self.name,
            f"it is nested deeper than {DEPTH_LIMIT} levels",
            "No real input is; check how the file was made.",
            place=str(line),
        )


def _scalar(event: yaml.ScalarEvent) -> Any:
    text: str = event.value
    if not event.implicit[0]:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text


def _refusal(name: str, error: Exception, hint: str) -> BadFile:
    way_out = hint or "Was its export cut off? If not, check it with a YAML linter."
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        reason = f"this is not YAML ({error.problem or error.context})"
        return BadFile(name, reason, way_out, place=f"{mark.line + 1}:{mark.column + 1}")
    if isinstance(error, yaml.reader.ReaderError):
        return BadFile(
            name,
            f"a character is not allowed here ({error.reason})",
            "Save the file as UTF-8.",
            place=f"byte {error.position}",
        )
    return BadFile(name, f"this is not YAML ({error})", way_out)
