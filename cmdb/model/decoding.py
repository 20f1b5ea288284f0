"""How does a report come back from the JSON that `to_json` made of it?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal, TypeVar, cast

from cattrs import BaseValidationError, Converter
from cattrs.gen import make_dict_structure_fn, override

from cmdb.errors import BadValue

T = TypeVar("T")
_RATIO = float | Literal["infinity"] | None
"""A ratio that has no upper end."""


def decode(kind: type[T], value: Any) -> T:
    """Return the value of a dataclass that this JSON describes.

    Args:
        kind: A frozen dataclass of the model.
        value: What `to_json()` of such a value gave, or JSON text of it parsed again.

    Raises:
        BadValue: It does not describe one; with the places that do not fit.
    """
    try:
        return _converter().structure(value, kind)
    except (BaseValidationError, TypeError, ValueError, KeyError) as error:
        raise BadValue(kind.__name__, _reason(error)) from error


@cache
def _converter() -> Converter:
    converter = Converter(forbid_extra_keys=False)
    converter.register_structure_hook(datetime, lambda given, _: datetime.fromisoformat(given))
    converter.register_structure_hook_func(lambda kind: kind is object, lambda given, _: given)
    converter.register_structure_hook_factory(
        lambda kind: isinstance(kind, type) and is_dataclass(kind),
        lambda kind: make_dict_structure_fn(kind, converter, **_renamed(kind)),
    )
    converter.register_structure_hook_func(_is_any_mapping, lambda given, _: dict(given))
    converter.register_structure_hook_func(lambda kind: kind == _RATIO, _as_ratio)
    return converter


def _as_ratio(given: Any, _: Any) -> float | str | None:
    if given is None or given == "infinity":
        return cast("str | None", given)
    return float(given)


def _renamed(kind: type[Any]) -> dict[str, Any]:
    # `to_json` writes `class_name` as `class`.
    names = {item.name for item in fields(kind)}
    return {"class_name": override(rename="class")} if "class_name" in names else {}


def _is_any_mapping(kind: Any) -> bool:
    return kind in (Mapping[str, Any], Mapping[str, object])


def _reason(error: BaseException) -> str:
    if isinstance(error, BaseValidationError):
        from cattrs import transform_error

        return "; ".join(transform_error(error)[:3])
    return str(error) or type(error).__name__
