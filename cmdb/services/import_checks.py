"""May such an import come? What can be told of it before its input is read."""

from __future__ import annotations

from cmdb.errors import BadValue
from cmdb.model.import_reports import ImportRequest
from cmdb.ports import Importer
from cmdb.services.context import Context
from cmdb.services.import_names import check_names
from cmdb.services.observation_times import check_observed
from cmdb.services.permit import permit
from cmdb.services.record_values import LONGEST_REASON, check_text


def check_request(context: Context, importer: Importer, request: ImportRequest) -> None:
    """Return if nothing of a request is wrong by itself.

    Raises:
        Forbidden: The caller may not import, or not for that source.
        BadValue: A name or the reason cannot be one, the time of observation is still to come, or
            the format has no such option or takes no mapping file.
    """
    permit(context.caller, "import", request.source)
    check_names(request.source, request.scope)
    check_text("reason", request.reason, LONGEST_REASON)
    check_observed(request.observed_at, context.clock.now())
    _check_options(importer, request)


def _check_options(importer: Importer, request: ImportRequest) -> None:
    # Whoever wrote an importer of their own need not have said what it takes.
    known = getattr(importer, "options", None)
    for name in request.extra:
        if known is not None and name not in known:
            has = f"It has {', '.join(sorted(known))}." if known else "It has none."
            raise BadValue(f"option {name}", f"{request.format} has no such option", has)
    if request.mapping is not None and not getattr(importer, "takes_mapping", True):
        raise BadValue("mapping", f"{request.format} takes no mapping file", "Leave it out.")
