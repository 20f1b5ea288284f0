"""What is known of one CI, what does it rely on, and what relies on it?"""

from __future__ import annotations

from cmdb.model.inventory import CI, Relationship
from cmdb.model.reports import CIDetails, Neighbour
from cmdb.model.rights import SEES_ALL
from cmdb.services.context import Context
from cmdb.services.find_ci import find_ci, named
from cmdb.services.permit import permit


def show_ci(context: Context, name: str) -> CIDetails:
    """Return a CI with its live relationships, sorted by type and name of the other end."""
    permit(context.caller, "read", name)
    ci = find_ci(context, name)
    visibility = context.caller.visibility
    relationships = context.store.find_relationships([ci.id], visibility)
    ends = {end for each in relationships for end in (each.dependent, each.provider)}
    others = context.store.get_cis(sorted(ends), visibility)
    providers = [(each, each.provider) for each in relationships if each.dependent == ci.id]
    dependents = [(each, each.dependent) for each in relationships if each.provider == ci.id]
    return CIDetails(
        ci,
        _neighbours(providers, others),
        _neighbours(dependents, others),
        count_withheld(context, ci.id, len(relationships)),
    )


def count_withheld(context: Context, ci_id: str, seen: int, *, live_only: bool = True) -> int:
    """Return how many relationships a CI has beside those that the caller sees."""
    if context.caller.visibility.sees_all:
        return 0
    found = context.store.find_relationships([ci_id], SEES_ALL, live_only=live_only)
    return len(found) - seen


def _neighbours(
    pairs: list[tuple[Relationship, str]], others: dict[str, CI]
) -> tuple[Neighbour, ...]:
    found = [Neighbour(each, named(others[end])) for each, end in pairs if end in others]
    return tuple(sorted(found, key=lambda n: (n.relationship.type, n.other.name, n.other.id)))
