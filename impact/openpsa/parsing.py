"""What stands in an XML file, without anything that XML can do to its reader?"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import BinaryIO
from xml.parsers import expat

from impact.errors import InvalidModel

MAX_DEPTH = 200
MAX_BYTES = 256 * 1024 * 1024
_CHUNK = 1 << 16


def parse_xml(file: BinaryIO) -> ET.Element:
    """Return the root element of an XML file.

    Document types, and with them entities of any kind, are refused before anything is expanded.
    Every element carries its line as `line`, for errors that say where.

    Raises:
        InvalidModel: The file is no XML, declares a document type, nests deeper than 200 elements
            or is larger than 256 MiB.
    """
    builder = _LineBuilder()
    try:
        taken = 0
        while chunk := file.read(_CHUNK):
            taken += len(chunk)
            if taken > MAX_BYTES:
                raise InvalidModel(f"the file is larger than {MAX_BYTES // 2**20} MiB")
            builder.parser.Parse(chunk, False)
        builder.parser.Parse(b"", True)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        raise InvalidModel(f"it is no XML: {reason}", line=error.lineno) from error
    return builder.close()


class _LineBuilder:
    """Builds elements that know their line."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.StartDoctypeDeclHandler = self._refuse
        self._tree = ET.TreeBuilder()
        self._depth = 0

    def close(self) -> ET.Element:
        return self._tree.close()

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        line = self.parser.CurrentLineNumber
        if self._depth > MAX_DEPTH:
            raise InvalidModel(f"elements nest deeper than {MAX_DEPTH}", line=line)
        self._tree.start(tag, {**attributes, "line": str(line)})

    def _end(self, tag: str) -> None:
        self._depth -= 1
        self._tree.end(tag)

    def _refuse(self, name: str, *_: object) -> None:
        raise InvalidModel(
            f"it declares a document type ('{name}'); remove the DOCTYPE, entities are not read",
            line=self.parser.CurrentLineNumber,
        )
