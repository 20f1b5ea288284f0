"""What does the composition root do beside composing?"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from cmdb.bootstrap.copying import copy_database
from cmdb.bootstrap.database import NEEDED_TO_SERVE, imports_meanwhile
from cmdb.errors import BadInput
from cmdb.settings import Settings


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


def test_a_database_is_not_copied_onto_itself(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)

    with pytest.raises(BadInput, match="is what is read and what is filled"):
        copy_database(settings, settings, is_anew=False)

    assert list(tmp_path.iterdir()) == []
