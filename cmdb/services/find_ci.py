"""Which CI does a person mean by this id, name or `Class/name`?"""

from __future__ import annotations

import difflib

from cmdb.errors import AmbiguousName, LimitExceeded, UnknownCI
from cmdb.model.inventory import CI
from cmdb.model.reports import NamedCI
from cmdb.model.selection import Or, Selection, Where
from cmdb.services.context import Context
from cmdb.services.permit import permit

_LONGEST = 600  # of a class, a slash and a name
_MOST_CANDIDATES = 20
_MOST_SUGGESTIONS = 5


def find_ci(context: Context, name: str) -> CI:
    """Return the CI of that id, of that unambiguous name, or of `Class/name`.

    A CI that was merged away leads to the one that took it over. Among several of one name those
    in use come before retired ones.

    Raises:
        UnknownCI: With the nearest names.
        AmbiguousName: With the candidates.
        LimitExceeded: It is longer than any name.
    """
    permit(context.caller, "read", name)
    wanted = name.strip()
    if len(wanted) > _LONGEST:
        raise LimitExceeded("characters of a name", _LONGEST, len(wanted))
    found = _by_id(context, wanted)
    if found is not None:
        return found
    candidates = _by_name(context, wanted)
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        labels = sorted(f"{ci.class_name}/{ci.name} ({ci.id})" for ci in candidates)
        raise AmbiguousName(wanted, labels)
    raise UnknownCI(wanted, nearest_names(context, wanted))


def find_all(context: Context, names: list[str] | tuple[str, ...]) -> list[CI]:
    """Return the CIs of these names, each once, in the order given."""
    found = {ci.id: ci for ci in (find_ci(context, name) for name in names)}
    return list(found.values())


def named(ci: CI) -> NamedCI:
    """Return a CI as answers name it."""
    return NamedCI(ci.id, ci.class_name, ci.name, ci.lifecycle)


def _by_id(context: Context, wanted: str) -> CI | None:
    visibility = context.caller.visibility
    seen: set[str] = set()
    while wanted not in seen:
        seen.add(wanted)
        ci = context.store.get_cis([wanted], visibility).get(wanted)
        if ci is None or not ci.merged_into:
            return ci
        wanted = ci.merged_into
    return None


def _by_name(context: Context, wanted: str) -> list[CI]:
    class_name, rest = _split(context, wanted)
    found = _named(context, rest, class_name) if class_name else []
    return found or _named(context, wanted, "")


def _named(context: Context, name: str, class_name: str) -> list[CI]:
    visibility = context.caller.visibility
    live = context.store.find_by_name(name, class_name, visibility, _MOST_CANDIDATES)
    return live or _retired(context, name, class_name)


def _retired(context: Context, name: str, class_name: str) -> list[CI]:
    selection = Selection(
        class_name=class_name,
        where=Where("name", "eq", name),
        first=_MOST_CANDIDATES,
        fields=("id",),
        include_retired=True,
    )
    page = context.store.select(selection, context.caller.visibility)
    found = context.store.get_cis([row[0] for row in page.rows], context.caller.visibility)
    return [ci for ci in found.values() if not ci.merged_into]


def _split(context: Context, wanted: str) -> tuple[str, str]:
    """Return (class, name) of `Class/name`, the class in its registered spelling, else empty."""
    head, slash, rest = wanted.partition("/")
    known = {name.casefold(): name for name in context.store.registry().classes}
    return (known.get(head.casefold(), ""), rest) if slash else ("", wanted)


def nearest_names(context: Context, wanted: str) -> list[str]:
    """Return `Class/name` of the CIs whose names come nearest to what was asked for."""
    _, rest = _split(context, wanted)
    folded = rest.casefold()
    names: dict[str, str] = {}
    for row in _similar(context, rest):
        names.setdefault(f"{row.class_name}/{row.name}", row.name.casefold())
    close = set(difflib.get_close_matches(folded, names.values(), n=10, cutoff=0.6))
    ranked = sorted(
        (label for label, plain in names.items() if plain in close or folded in plain),
        key=lambda label: (-difflib.SequenceMatcher(None, folded, names[label]).ratio(), label),
    )
    return ranked[:_MOST_SUGGESTIONS]


def _similar(context: Context, rest: str) -> list[NamedCI]:
    visibility = context.caller.visibility
    hits = [
        NamedCI(hit.id, hit.class_name, hit.name, hit.lifecycle)
        for hit in context.store.search(rest, visibility, _MOST_CANDIDATES)
    ]
    if len(rest) < 2:
        return hits
    alike = Or((Where("name", "starts_with", rest[:2]), Where("name", "ends_with", rest[-3:])))
    fields = ("id", "class", "name", "lifecycle")
    page = context.store.select(Selection(where=alike, first=200, fields=fields), visibility)
    return hits + [NamedCI(*row) for row in page.rows]
