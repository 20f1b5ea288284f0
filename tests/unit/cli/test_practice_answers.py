"""Has every answer about practices a table?"""

from __future__ import annotations

import inspect

from cmdb.cli import practice_tables
from cmdb.ports.practices import Practising


def test_every_answer_has_a_table() -> None:
    answers = {
        str(inspect.signature(method).return_annotation)
        for name, method in vars(Practising).items()
        if inspect.isfunction(method) and not name.startswith("_")
    }

    assert answers == {kind.__name__ for kind in practice_tables._PRINTERS}
    assert len(answers) == 10
