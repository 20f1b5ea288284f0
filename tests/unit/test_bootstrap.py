"""What does the composition root do beside composing?"""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from cmdb.bootstrap.database import NEEDED_TO_SERVE, imports_meanwhile


@pytest.mark.parametrize("name", NEEDED_TO_SERVE)
def test_what_is_imported_ahead_exists(name: str) -> None:
    assert find_spec(name) is not None


def test_a_module_that_cannot_be_imported_ahead_is_left_to_whoever_needs_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with imports_meanwhile(lambda: print("ended"), names=("cmdb.no_such_module",)):
        entered = True

    assert entered
    assert capsys.readouterr().out == "ended\n"
