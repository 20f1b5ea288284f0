"""Which class or relationship type does a definition of an administrator describe?

Strict: an unknown field, a value of another type or a name that is none is refused, so that nothing
of it is lost in silence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

from cattrs import BaseValidationError, Converter, transform_error

from cmdb.errors import BadValue
from cmdb.model.definitions import CIClass, IdentificationRule, RelationshipType
from cmdb.model.values import CHECKS

T = TypeVar("T", CIClass, RelationshipType)
_CLASS = re.compile(r"[A-Z][A-Za-z0-9]{0,62}")
_TYPE = re.compile(r"[a-z][a-z0-9_]{0,62}")
_LONGEST_SUMMARY = 500
_MOST_ATTRIBUTES = 200


def read_class(definition: Mapping[str, Any]) -> CIClass:
    """Return the class that a definition describes; see `CIClass` for its fields.

    Raises:
        BadValue: With the field at fault.
    """
    made = _structured(CIClass, definition)
    _check_name("name", made.name, _CLASS, "Write it like PowerSupply.")
    _check_summary(made.summary)
    if len(made.attributes) > _MOST_ATTRIBUTES:
        raise BadValue("attributes", f"a class has at most {_MOST_ATTRIBUTES} of its own")
    names = [attribute.name for attribute in made.attributes]
    for attribute in made.attributes:
        where = f"attribute {attribute.name}"
        _check_name("attributes", attribute.name, _TYPE, "Write it like rack_units.")
        if attribute.kind not in CHECKS:
            hint = f"One of {', '.join(sorted(CHECKS))}."
            raise BadValue(where, f"there is no kind {attribute.kind!r}", hint)
        if names.count(attribute.name) > 1:
            raise BadValue(where, "it comes twice")
        low, high = attribute.minimum, attribute.maximum
        if low is not None and high is not None and low > high:
            raise BadValue(where, "its minimum is above its maximum")
        _check_summary(attribute.summary)
    figures = made.availability
    if figures is not None and not (figures.mttf_hours > 0 and figures.mttr_hours >= 0):
        raise BadValue("availability", "mttf_hours must be above 0, and mttr_hours at least 0")
    return made


def read_type(definition: Mapping[str, Any]) -> RelationshipType:
    """Return the relationship type that a definition describes; see `RelationshipType`.

    Raises:
        BadValue: With the field at fault.
    """
    made = _structured(RelationshipType, definition)
    for field, name in (("name", made.name), ("inverse", made.inverse)):
        _check_name(field, name, _TYPE, "Write it like cooled_by.")
    _check_summary(made.summary)
    if made.max_providers is not None and made.max_providers < 1:
        raise BadValue("max_providers", "at least one provider must be allowed")
    return made


def _structured(kind: type[T], definition: Mapping[str, Any]) -> T:
    try:
        return _converter().structure(dict(definition), kind)
    except BaseValidationError as error:
        reasons = [text.replace(" @ $", " at ") for text in transform_error(error)]
        raise BadValue("definition", "; ".join(reasons[:3])) from error


def _check_name(field: str, name: str, form: re.Pattern[str], hint: str) -> None:
    if not form.fullmatch(name):
        raise BadValue(field, f"{name[:100]!r} is no name for it", hint)


def _check_summary(text: str) -> None:
    if len(text) > _LONGEST_SUMMARY or not text.isprintable():
        raise BadValue("summary", f"at most {_LONGEST_SUMMARY} printable characters")


@cache
def _converter() -> Converter:
    converter = Converter(forbid_extra_keys=True)
    for kind in (str, bool, int):
        converter.register_structure_hook(kind, _exactly(kind))
    converter.register_structure_hook(float, _number)
    converter.register_structure_hook(
        IdentificationRule, lambda given, _: IdentificationRule.parse(_exactly(str)(given, str))
    )
    return converter


def _exactly(kind: type[Any]) -> Any:
    def structure(given: Any, _: Any) -> Any:
        if type(given) is not kind:
            raise ValueError(f"expected {kind.__name__}")
        return given

    return structure


def _number(given: Any, _: Any) -> float:
    if type(given) not in (int, float):
        raise ValueError("expected a number")
    return float(given)
