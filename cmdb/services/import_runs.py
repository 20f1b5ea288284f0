"""Which imports ran, how far are they, and what did each report?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cmdb.errors import UnknownRecord
from cmdb.model.inventory import ImportRun, from_epoch_ms
from cmdb.model.rights import Caller
from cmdb.model.selection import check_page
from cmdb.model.system_reports import RunList, RunReport
from cmdb.services.context import Context
from cmdb.services.import_failures import ERROR, LOST, find_kept
from cmdb.services.permit import permit

REPORT = "report"
"""Under which name a run keeps in its `counts` what it reported."""
_QUOTING = ("plan", "problems")


def list_runs(context: Context, source: str = "", limit: int = 50) -> RunList:
    """Return runs of imports, newest first; those of one data source if it is named."""
    permit(context.caller, "read", "import runs")
    check_page("limit", limit)
    found = context.store.find_runs(source=source, limit=limit)
    return RunList(tuple(_shown(run, context.caller) for run in found))


def find_run(context: Context, run_id: str) -> RunReport:
    """Return one run of an import.

    Raises:
        UnknownRecord: There is none of that id.
    """
    permit(context.caller, "read", "import runs")
    found = find_kept(context, run_id)
    if found is None:
        raise UnknownRecord("import run", run_id)
    return _shown(found, context.caller)


def _shown(run: ImportRun, caller: Caller) -> RunReport:
    return RunReport(
        run.id,
        run.source,
        run.scope,
        run.format,
        run.state,
        run.phase,
        run.done,
        from_epoch_ms(run.started_at),
        from_epoch_ms(run.ended_at) if run.ended_at else None,
        run.is_complete,
        _reduced(run.counts.get(REPORT, {}), run, caller),
        _told(run, caller),
    )


def _told(run: ImportRun, caller: Caller) -> dict[str, Any]:
    error = run.counts.get(ERROR, LOST if run.state == "interrupted" else {})
    may_import = "importer" in caller.roles and caller.source in ("", run.source)
    if not error or may_import or _may_quote(run, caller):
        return dict(error)
    message = f"Whoever may import {run.source} is told more."
    return {"code": error["code"], "message": message, "facts": {}}


def _may_quote(run: ImportRun, caller: Caller) -> bool:
    return caller.visibility.sees_all or caller.source == run.source


def _reduced(report: Mapping[str, Any], run: ImportRun, caller: Caller) -> dict[str, Any]:
    """Return a report without what it quotes of its input, for those who may not see all of it."""
    may_quote = _may_quote(run, caller)
    return {name: value for name, value in report.items() if may_quote or name not in _QUOTING}
