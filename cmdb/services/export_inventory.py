"""How does the inventory leave as a file? As every record of every source."""

from __future__ import annotations

from collections.abc import Iterator

from cmdb.model.inventory import from_epoch_ms
from cmdb.model.records import Record
from cmdb.model.rights import SEES_ALL
from cmdb.model.selection import MAX_PAGE, Selection
from cmdb.model.source_records import SourceRecord
from cmdb.services.context import Context
from cmdb.services.permit import permit


def export_inventory(context: Context) -> Iterator[Record]:
    """Return what each source says of each CI, as records that an import takes back.

    CIs come in the order of their names, retired ones included; ids and revisions stay behind.
    """
    # Not in the generator: a refusal must come before the first byte of an answer.
    permit(context.caller, "administer", "the whole inventory")
    return _records(context)


def _records(context: Context) -> Iterator[Record]:
    after = ""
    while True:
        page = context.store.select(
            Selection(fields=("id",), first=MAX_PAGE, after=after, include_retired=True), SEES_ALL
        )
        found = context.store.source_records_of([row[0] for row in page.rows])
        order = {row[0]: place for place, row in enumerate(page.rows)}
        for record in sorted(found, key=lambda r: (order[r.ci_id or ""], r.id)):
            yield as_record(record)
        if not page.has_next:
            return
        after = page.cursors[-1]


def as_record(kept: SourceRecord) -> Record:
    """Return a source record as an importer would yield it."""
    return Record(
        kept.class_name,
        key=kept.key,
        name=kept.name,
        attributes=kept.attributes,
        within=kept.within,
        links=kept.links,
        lifecycle=kept.lifecycle,
        observed_at=from_epoch_ms(kept.observed_ms),
        deleted=kept.deleted,
        about=kept.about,
        source=kept.source,
        scope=kept.scope,
    )
