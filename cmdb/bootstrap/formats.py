"""Which formats are installed, and who reads and writes them?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cmdb.errors import UnknownFormat

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from cmdb.model.records import Importer, Record

IMPORTERS = "cmdb.importers"


def list_importers() -> dict[str, str]:
    """Return the installed formats: name to summary, or to the reason why one does not load."""
    found = {}
    for name, point in sorted(_importers().items()):
        try:
            found[name] = str(point.load().summary)
        except Exception as error:
            found[name] = f"does not load: {error}"
    return found


def load_importer(name: str) -> Importer:
    """Return the importer of a format.

    Raises:
        UnknownFormat: With the installed ones.
    """
    known = _importers()
    if name not in known:
        raise UnknownFormat(name, sorted(known))
    importer: Importer = known[name].load()
    return importer


def encode_records(records: Iterator[Record]) -> Iterator[bytes]:
    """Yield the lines that an import takes back: the header, then the records."""
    from importers.records_format import encode_header, encode_record

    yield encode_header()
    for record in records:
        yield encode_record(record)


def _importers() -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points  # for imports alone

    return {point.name: point for point in entry_points(group=IMPORTERS)}
