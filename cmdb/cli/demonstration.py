"""What does the demo show? Two changes that look alike, and what the graph says of them."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cmdb.cli.output import plural, print_json, print_lines
from cmdb.cli.session import Session
from cmdb.errors import BadValue

if TYPE_CHECKING:
    from cmdb.model.import_reports import ImportReport
    from cmdb.ports import Operations

MARK = ".cmdb-demo"
BEGIN = datetime(2027, 3, 6, 22, 0, tzinfo=UTC)
END = datetime(2027, 3, 6, 23, 0, tzinfo=UTC)
SEEN = datetime(2025, 3, 1, 6, 0, tzinfo=UTC)
CHANGES = (
    ("PowerSource/SQ-A", "Replace the batteries behind feed SQ-A, Saturday 22:00 to 23:00 UTC"),
    ("PowerSource/SQ-B", "Replace the batteries behind feed SQ-B, Saturday 22:00 to 23:00 UTC"),
)
OUTAGE = "Hypervisor/hv-sq-2"
PICTURE = "blast-radius.svg"


def run_demo(folder: Path, *, is_json: bool) -> None:
    """Import the estate into a new database under a folder, ask it, and draw a picture."""
    from cmdb.cli.impact_tables import BRIEF, print_blast_radius
    from cmdb.cli.pictures import draw
    from cmdb.cli.preview_tables import print_preview
    from cmdb.cli.svg import draw_svg
    from cmdb.cli.written_files import write_file
    from cmdb.demo.estate import EstateImporter
    from cmdb.ports import Target

    session = Session(prepare(folder) / "data", importers={"demo": EstateImporter()})
    with session.operations(create=True) as operations:
        imported = _import_estate(operations)
        previews = [operations.preview_change([Target(ci)], BEGIN, END) for ci, _ in CHANGES]
        radius = operations.blast_radius([OUTAGE])
    write_file("demo", folder / PICTURE, draw_svg(draw(radius)))
    if is_json:
        return print_json(
            {
                "folder": str(folder),
                "picture": str(folder / PICTURE),
                "import": imported.to_json(),
                "previews": [preview.to_json() for preview in previews],
                "blast_radius": radius.to_json(),
            }
        )
    cis = sum(imported.records_by_class.values())
    links = sum(imported.links_by_type.values())
    print_lines(
        [
            f"Imported a shop on two sites: {plural(cis, 'CI')}, "
            f"{plural(links, 'relationship')} (cmdb/demo/estate.yaml).",
            "Two changes are planned. They look alike:",
        ]
    )
    for number, ((_, title), preview) in enumerate(zip(CHANGES, previews, strict=True), start=1):
        print_lines(["", f"CHANGE {number}: {title}"], style="bold cyan")
        print_preview(preview, BRIEF)
    print_lines(["", f"AND IF {OUTAGE} FAILS NOW?"], style="bold cyan")
    print_blast_radius(radius, BRIEF)
    return print_lines(
        [
            "",
            f"The picture of that blast radius is in {folder / PICTURE}.",
            f"Look around: cmdb --data-dir {folder / 'data'} ci show Rack/SQ-2",
        ]
    )


def prepare(folder: Path) -> Path:
    """Return the folder, emptied of what an earlier demo left there.

    Raises:
        BadValue: It holds something that no demo made.
    """
    is_ours = (folder / MARK).exists()
    try:
        if folder.exists() and any(folder.iterdir()) and not is_ours:
            raise BadValue(
                "--folder", f"{folder} is not empty and not from a demo", "Name another one."
            )
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MARK).touch()
        if (folder / "data").exists():
            shutil.rmtree(folder / "data")
    except OSError as error:
        raise BadValue("--folder", f"{folder} cannot be used ({error.strerror})") from error
    return folder


def _import_estate(operations: Operations) -> ImportReport:
    from cmdb.demo.estate import ESTATE
    from cmdb.model.import_reports import ImportRequest
    from cmdb.model.records import ImportInput

    request = ImportRequest(source="estate", format="demo", observed_at=SEEN, reason="demo")
    return operations.import_inventory(ImportInput(path=ESTATE, name=ESTATE.name), request)
