"""May this caller do this? Every use case asks before anything else."""

from __future__ import annotations

from typing import Literal

from cmdb.errors import Forbidden
from cmdb.model.rights import Caller

Action = Literal["read", "import", "edit", "administer"]

_ALLOWED: dict[Action, frozenset[str]] = {
    "read": frozenset({"viewer", "responder", "planner", "importer", "approver", "administrator"}),
    "import": frozenset({"importer", "administrator"}),
    "edit": frozenset({"responder", "planner", "approver", "administrator"}),
    "administer": frozenset({"administrator"}),
}


def permit(caller: Caller, action: Action, subject: str = "") -> None:
    """Return if the caller may.

    Args:
        caller: Who asks.
        action: What kind of thing they want to do.
        subject: What it is done to; for `import` the data source.

    Raises:
        Forbidden: The caller has no role for it, or writes for another source.
    """
    is_other_source = action == "import" and caller.source and caller.source != subject
    if is_other_source or not caller.roles & _ALLOWED[action]:
        raise Forbidden(caller.actor, action, subject)
