"""What must be taken out of an answer that was kept, before somebody else may read it?"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from cmdb.services.withholding import WITHHELD
from cmdb.snapshot import IMPLICIT_GROUP
from cmdb.snapshot.groups import dependent_name, dependent_of

_NAMED = {"id", "class", "name", "lifecycle"}


@dataclass(frozen=True, slots=True)
class _Hidden:
    """Ids of CIs, their names, and ids of the incidents and changes that concern them."""

    cis: Collection[str]
    names: Collection[str]
    records: Collection[str]


def ids_in(answer: Any) -> set[str]:
    """Return the ids of all CIs that a piece of JSON names, be it in the name of a group."""
    return {_about(each) for each in _named(answer)}


def records_in(answer: Any) -> set[tuple[str, str]]:
    """Return kind and id of all incidents and changes that a piece of JSON names."""
    return {(each["kind"], each["id"]) for each in _records(answer)}


def withhold(answer: Any, hidden: Collection[str], records: Collection[str] = ()) -> Any:
    """Return a piece of JSON without the names of some CIs; their classes stay.

    Withheld with a name are the title of an incident or change that concerns the CI, wherever it
    stands, every title and sentence that contains the name, and implicit groups that are called
    after the CI. Its teams stay: they are whom to ask.

    Args:
        answer: The piece of JSON.
        hidden: Ids of the CIs.
        records: Ids of incidents and changes that concern one which the answer does not name.
    """
    names = {name for each in _named(answer) if _about(each) in hidden for name in _names(each)}
    of_hidden = {each["id"] for each in _records(answer) if _about(each["ci"]) in hidden}
    return _without(answer, _Hidden(hidden, names, of_hidden.union(records)))


def _named(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if value.keys() == _NAMED:
            yield value
        for member in value.values():
            yield from _named(member)
    elif isinstance(value, list):
        for member in value:
            yield from _named(member)


def _about(named: dict[str, Any]) -> str:
    """Return the id of the CI that something is called after; that of a CI is its own."""
    if named["class"] == IMPLICIT_GROUP:
        return dependent_of(named["id"])
    return str(named["id"])


def _names(named: dict[str, Any]) -> set[str]:
    """Return the names that tell of the CI that something is called after."""
    if named["class"] == IMPLICIT_GROUP:
        return {named["name"], dependent_name(named["name"])} - {""}
    return {named["name"]} - {""}


def _records(value: Any) -> Iterator[dict[str, Any]]:
    """Yield what incidents and changes do, each with its CI."""
    if isinstance(value, dict):
        if {"ci", "id", "title"} <= value.keys():
            yield value
        for member in value.values():
            yield from _records(member)
    elif isinstance(value, list):
        for member in value:
            yield from _records(member)


def _without(value: Any, hidden: _Hidden) -> Any:
    if isinstance(value, list):
        kept = [each for each in value if not _mentions(each, hidden.names)]
        return [_without(each, hidden) for each in kept]
    if not isinstance(value, dict):
        return value
    if value.keys() == _NAMED:
        return _blank(value) if _about(value) in hidden.cis else value
    made = {name: _without(member, hidden) for name, member in value.items()}
    is_of_hidden = value.get("id") in hidden.records
    if "title" in made and (is_of_hidden or _mentions(made["title"], hidden.names)):
        made["title"] = WITHHELD
    return made


def _mentions(value: Any, names: Collection[str]) -> bool:
    return isinstance(value, str) and any(name in value for name in names)


def _blank(named: dict[str, Any]) -> dict[str, Any]:
    return {"id": "", "class": named["class"], "name": WITHHELD, "lifecycle": ""}
