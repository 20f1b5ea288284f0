"""How is a function compiled, kept for the next process, and run where nothing can be kept?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba


class Compiled:
    """A function that is compiled at its first call; it lets other threads run meanwhile."""

    def __init__(self, function: Callable[..., Any]) -> None:
        """Prepare the function; where no folder can be written, nothing is kept on disk."""
        self.function = function
        try:
            self.compiled = numba.njit(cache=True, nogil=True)(function)
        except RuntimeError:
            self.compiled = numba.njit(nogil=True)(function)

    def __call__(self, *arguments: Any) -> Any:
        """Return what the function returns."""
        try:
            return self.compiled(*arguments)
        except OSError:
            # A full disk, or a folder that was taken away: compiled, not yet run, not kept.
            self.compiled = numba.njit(nogil=True)(self.function)
            return self.compiled(*arguments)
