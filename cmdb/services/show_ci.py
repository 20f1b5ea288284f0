"""What is known of one CI, what does it rely on, and what relies on it?"""

from __future__ import annotations

from cmdb.model.inventory import CI, Relationship
from cmdb.model.reports import CIDetails, Neighbour
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
    return CIDetails(ci, _neighbours(providers, others), _neighbours(dependents, others))


def _neighbours(
    pairs: list[tuple[Relationship, str]], others: dict[str, CI]
) -> tuple[Neighbour, ...]:
    found = [Neighbour(each, named(others[end])) for each, end in pairs if end in others]
    return tuple(sorted(found, key=lambda n: (n.relationship.type, n.other.name, n.other.id)))
