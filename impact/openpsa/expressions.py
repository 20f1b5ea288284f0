"""How likely is a basic event by its expression?"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping

from impact.errors import InvalidModel


class Expressions:
    """Evaluates the expressions of a model; each parameter once.

    Args:
        parameters: The definition of each parameter, by name.
        mission_hours: What `system-mission-time` stands for, None if the caller gave none.
    """

    def __init__(self, parameters: Mapping[str, ET.Element], mission_hours: float | None) -> None:
        self._parameters = parameters
        self._mission_hours = mission_hours
        self._known: dict[str, float] = {}
        self._open: list[str] = []

    def value(self, element: ET.Element) -> float:
        """Return the number that an expression stands for.

        Raises:
            InvalidModel: An expression that is not read here, or one without a value.
        """
        tag = element.tag
        if tag in ("float", "int"):
            return _number(element)
        if tag == "parameter":
            return self._parameter(element)
        if tag == "system-mission-time":
            return self._mission(element)
        arguments = [self.value(child) for child in element]
        try:
            return _OPERATIONS[tag](arguments)
        except KeyError:
            raise InvalidModel(
                f"expression <{tag}> is not read; known are float, int, parameter, exponential, "
                "system-mission-time and arithmetic",
                line=_line(element),
            ) from None
        except (ValueError, IndexError, ZeroDivisionError, OverflowError, TypeError):
            fault = f"<{tag}> of {arguments} has no value"
            raise InvalidModel(fault, line=_line(element)) from None

    def _parameter(self, element: ET.Element) -> float:
        name = element.get("name", "")
        if name in self._known:
            return self._known[name]
        definition = self._parameters.get(name)
        if definition is None:
            raise InvalidModel(f"parameter '{name}' is not defined", line=_line(element))
        if name in self._open:
            circle = " -> ".join([*self._open, name])
            raise InvalidModel(f"parameters go in a circle: {circle}", line=_line(element))
        body = expression_of(definition)
        if body is None:
            raise InvalidModel(f"parameter '{name}' has no value", line=_line(definition))
        self._open.append(name)
        self._known[name] = self.value(body)
        self._open.pop()
        return self._known[name]

    def _mission(self, element: ET.Element) -> float:
        if self._mission_hours is None:
            raise InvalidModel(
                "it asks for the mission time; give one in hours (--mission-hours)",
                line=_line(element),
            )
        return self._mission_hours


def expression_of(definition: ET.Element) -> ET.Element | None:
    """Return what a definition is defined as, past its label and attributes."""
    for child in definition:
        if child.tag not in ("label", "attributes"):
            return child
    return None


def _exponential(arguments: list[float]) -> float:
    """Return the probability of a failure at rate lambda by time t."""
    rate, time = arguments
    if rate < 0 or time < 0:
        raise ValueError
    return -math.expm1(-rate * time)


def _quotient(arguments: list[float]) -> float:
    first, *others = arguments
    return first / math.prod(others)


def _difference(arguments: list[float]) -> float:
    first, *others = arguments
    return first - math.fsum(others)


def _negative(arguments: list[float]) -> float:
    (only,) = arguments
    return -only


_OPERATIONS: dict[str, Callable[[list[float]], float]] = {
    "exponential": _exponential,
    "add": math.fsum,
    "sub": _difference,
    "mul": math.prod,
    "div": _quotient,
    "neg": _negative,
    "pi": lambda _: math.pi,
}


def _number(element: ET.Element) -> float:
    text = element.get("value", "")
    try:
        return float(text)
    except ValueError:
        raise InvalidModel(f"'{text}' is no number", line=_line(element)) from None


def _line(element: ET.Element) -> int:
    return int(element.get("line", "0"))
