"""May this caller do this? Every use case asks before anything else.

The table is the whole truth about roles; `docs/access.md` shows it, and a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from cmdb.errors import Forbidden
from cmdb.model.rights import ROLES, Caller

Action = Literal[
    "read", "read_log", "edit", "import", "incident", "change", "preview_keep", "administer"
]

ALLOWED: Mapping[Action, frozenset[str]] = {
    "read": frozenset(ROLES),
    "read_log": frozenset(ROLES),
    "edit": frozenset({"planner", "administrator"}),
    "import": frozenset({"importer", "administrator"}),
    "incident": frozenset({"responder", "planner", "approver", "administrator"}),
    "change": frozenset({"planner", "approver", "administrator"}),
    "preview_keep": frozenset({"responder", "planner", "approver", "administrator"}),
    "administer": frozenset({"administrator"}),
}
"""Which roles may do what: read the inventory and what impact is computed from it, read the log,
edit the inventory by hand, import, record incidents, record changes, keep previews, and keep the
service itself in order."""

WRITING: frozenset[str] = frozenset().union(
    *(roles for action, roles in ALLOWED.items() if action not in ("read", "read_log"))
)
"""The roles that may write anything."""


_VERBS: Mapping[Action, str] = {"incident": "record", "change": "record", "preview_keep": "keep"}


def permit(caller: Caller, action: Action, subject: str = "") -> None:
    """Return if the caller may.

    Args:
        caller: Who asks.
        action: What kind of thing they want to do.
        subject: What it is done to; for `import` the data source.

    Raises:
        Forbidden: The caller has no role for it, or writes for another source.
    """
    verb = _VERBS.get(action, action.replace("_", " "))
    if not caller.roles & ALLOWED[action]:
        raise Forbidden(caller.actor, verb, subject)
    if action == "import" and caller.source and caller.source != subject:
        hint = f"This token is bound to the data source {caller.source}."
        raise Forbidden(caller.actor, verb, subject, hint)
