"""A connection that counts what is read over it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class CountedReads:
    """Passes everything on to a connection and counts the reads."""

    inner: Any
    texts: list[str] = field(default_factory=list)

    def read(self, text: str, *args: Any, **more: Any) -> Any:
        self.texts.append(text)
        return self.inner.read(text, *args, **more)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)
