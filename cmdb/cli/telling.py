"""How is the answer of a practice told: as JSON, or as a table that is loaded only then?"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cmdb.model.reports import Report


def tell(report: Report, *, is_json: bool) -> None:
    """Print an incident, a change or a preview, a page of them, or what happened nearby."""
    if is_json:
        from cmdb.cli.output import print_report

        return print_report(report)
    from cmdb.cli.practice_tables import print_practice

    return print_practice(report)
