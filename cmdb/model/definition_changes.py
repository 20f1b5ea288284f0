"""What is to become of a class or relationship type, and what must the inventory be like for it?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

DefinitionKind = Literal["class", "relationship_type"]


@dataclass(frozen=True, slots=True)
class Definition:
    """A class or relationship type as it is to be.

    Attributes:
        kind: Which of the two.
        name: Its name.
        before: The values it has, empty for a new one.
        after: The values it is to have.
        sequence: Of the log's head before anything was read to decide that this is safe.
        expected_version: The version that the caller wants to change, or None.
    """

    kind: DefinitionKind
    name: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    sequence: int
    expected_version: int | None = None
