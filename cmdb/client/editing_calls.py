"""How is the server told of edits by hand, and which source to believe?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cmdb.client import documents
from cmdb.client.call import Call, edit
from cmdb.client.inputs import given
from cmdb.model.inventory import CI, Relationship
from cmdb.ports.requests import EditReason, NewGroup, NewRelationship

if TYPE_CHECKING:
    from cmdb.model.source_reports import RankReport
    from cmdb.ports.store import Progress


def add_ci(
    class_name: str,
    name: str,
    attributes: Mapping[str, Any],
    within: Mapping[str, str],
    reason: EditReason,
) -> Call[CI]:
    """Record a CI; `within` names, by role, the CIs it is identified within."""
    values = {"class": class_name, "name": name, "attributes": attributes, "within": within}
    return edit(CI, documents.ADD_CI, reason, **values)


def set_attributes(name: str, values: Mapping[str, Any], reason: EditReason) -> Call[CI]:
    """Set values by hand; None takes a manual value back."""
    return edit(CI, documents.SET_ATTRIBUTES, reason, ci=name, values=values)


def retire_ci(name: str, reason: EditReason) -> Call[CI]:
    """Retire a CI: it stays on record and takes no part in impact."""
    return edit(CI, documents.RETIRE_CI, reason, ci=name)


def restore_ci(name: str, reason: EditReason) -> Call[CI]:
    """Take a retired CI back into use."""
    return edit(CI, documents.RESTORE_CI, reason, ci=name)


def add_relationship(new: NewRelationship, reason: EditReason) -> Call[Relationship]:
    """Record that one CI relies on another."""
    values = given(
        type=new.type,
        dependent=new.dependent,
        provider=new.provider,
        strength=new.strength,
        toleratesSeconds=new.tolerates_seconds,
    )
    return edit(Relationship, documents.ADD_RELATIONSHIP, reason, **values)


def remove_relationship(relationship_id: str, reason: EditReason) -> Call[Relationship]:
    """End a relationship; the log keeps it."""
    return edit(Relationship, documents.REMOVE_RELATIONSHIP, reason, id=relationship_id)


def add_group(new: NewGroup, reason: EditReason) -> Call[CI]:
    """Record a redundancy group with its members."""
    values = given(
        name=new.name,
        members=new.members,
        kMin=new.k_min,
        kFull=new.k_full,
        mode=new.mode,
        owner=new.owner or None,
    )
    return edit(CI, documents.ADD_GROUP, reason, **values)


def rank_source(
    source: str,
    precedence: int,
    reason: EditReason | str = "",
    progress: Progress | None = None,
) -> Call[RankReport]:
    """Rank a data source, higher wins, and decide again; the server tells of no progress."""
    from cmdb.model.source_reports import RankReport

    _ = progress
    call = edit(
        RankReport,
        documents.RANK_SOURCE,
        EditReason(reason) if isinstance(reason, str) else reason,
        source=source,
        precedence=precedence,
    )
    return replace(call, is_slow=True)
