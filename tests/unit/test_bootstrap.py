"""What does the composition root do beside composing?"""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from cmdb import bootstrap


@pytest.mark.parametrize("name", bootstrap._NEEDED_NEXT)
def test_what_is_imported_ahead_exists(name: str) -> None:
    assert find_spec(name) is not None


def test_a_module_that_cannot_be_imported_ahead_is_left_to_whoever_needs_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with bootstrap._imports_meanwhile(lambda: print("ended"), names=("cmdb.no_such_module",)):
        entered = True

    assert entered
    assert capsys.readouterr().out == "ended\n"
