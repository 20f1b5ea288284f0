"""What must be taken out of an answer that was kept, before somebody else may read it?"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from cmdb.services.withholding import WITHHELD

_NAMED = {"id", "class", "name", "lifecycle"}


def ids_in(answer: Any) -> set[str]:
    """Return the ids of all CIs that a piece of JSON names."""
    return {each["id"] for each in _named(answer)}


def withhold(answer: Any, hidden: Collection[str]) -> Any:
    """Return a piece of JSON without the names of some CIs; their classes stay.

    Withheld with a name are the title of an incident or change that concerns the CI, the teams of
    a CI, and every sentence that contains the name.
    """
    names = {each["name"] for each in _named(answer) if each["id"] in hidden} - {""}
    return _without(answer, hidden, names)


def _named(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if value.keys() == _NAMED:
            yield value
        for member in value.values():
            yield from _named(member)
    elif isinstance(value, list):
        for member in value:
            yield from _named(member)


def _without(value: Any, hidden: Collection[str], names: Collection[str]) -> Any:
    if isinstance(value, list):
        kept = [each for each in value if not _mentions(each, names)]
        return [_without(each, hidden, names) for each in kept]
    if not isinstance(value, dict):
        return value
    if value.keys() == _NAMED:
        return _blank(value) if value["id"] in hidden else value
    made = {name: _without(member, hidden, names) for name, member in value.items()}
    ci = value.get("ci")
    if isinstance(ci, dict) and ci.get("id") in hidden:
        made |= {name: "" for name in ("owner", "support") if name in made}
        made |= {"title": WITHHELD} if "title" in made else {}
    return made


def _mentions(value: Any, names: Collection[str]) -> bool:
    return isinstance(value, str) and any(name in value for name in names)


def _blank(named: dict[str, Any]) -> dict[str, Any]:
    return {"id": "", "class": named["class"], "name": WITHHELD, "lifecycle": ""}
