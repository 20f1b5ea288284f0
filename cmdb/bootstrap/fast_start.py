"""Does the embedded engine find what makes its start fast, and how is that made?"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cmdb.settings import Settings

TRAINING = "cmdb.cli.training"


def can_start_fast(settings: Settings) -> bool:
    """Return whether the embedded engine, if it is used, finds what makes its start fast."""
    if settings.database_url or settings.url or settings.cache_dir is None:
        return True
    from cmdb.store.fast_start import find_cache, is_cache_wanted

    return not is_cache_wanted() or find_cache(settings.cache_dir) is not None


def prepare_fast_start(settings: Settings, announce: Callable[[], None]) -> None:
    """Make what lets the embedded engine start fast, where it is absent; never fail.

    Args:
        settings: Where it is kept.
        announce: Called before the seconds that it takes.
    """
    if settings.cache_dir is None or can_start_fast(settings):
        return
    from cmdb.store.fast_start import make_cache

    make_cache(settings.cache_dir, [TRAINING], announce)
