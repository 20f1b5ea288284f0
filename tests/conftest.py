"""What holds for every test: a busy machine fails none, and none touches the user's cache."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import HealthCheck, settings

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

# Kept from run to run, so that what `cmdb init` makes once is not made for every test.
os.environ.setdefault("CMDB_CACHE_DIR", str(Path(__file__).parents[1] / ".cache" / "cmdb"))
