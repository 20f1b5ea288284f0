"""Does a name that several CIs carry say what would be clear?"""

from __future__ import annotations

import pytest

from cmdb.errors import AmbiguousName


@pytest.mark.parametrize(
    ("name", "hint"),
    [("hα", "Say which by Class/name or by id."), ("Host/hα", "Say which by id.")],
)
def test_what_was_said_already_is_not_asked_for(name: str, hint: str) -> None:
    error = AmbiguousName(name, ["Host/hα (1)", "Host/hα (2)"])

    assert error.message.endswith(f". {hint}")
