"""Operations that answer with what a test gives them and remember what they were asked."""

from __future__ import annotations

from typing import Any, cast

from cmdb.ports.operations import Operations


class Recording:
    """Each operation that is named answers as given; an exception is raised; others are defects."""

    def __init__(self, **answers: Any) -> None:
        self._answers = answers
        self.asked: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {}

    def __getattr__(self, name: str) -> Any:
        if name not in self._answers:
            raise AttributeError(name)

        def answer(*args: Any, **kwargs: Any) -> Any:
            self.asked[name] = args, kwargs
            given = self._answers[name]
            if isinstance(given, Exception):
                raise given
            return given

        return answer


def recording(**answers: Any) -> tuple[Recording, Operations]:
    """The same object, once to look at and once as what it stands in for."""
    made = Recording(**answers)
    return made, cast(Operations, made)
