"""Do the rooms keep to themselves, and does the source keep to its own rules?"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from cmdb import errors
from cmdb.cli.exit_codes import BY_ERROR, MEANINGS, exit_code_of

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("cmdb", "graphql", "impact", "importers", "tests")
LONGEST = 500
_HOMES = "home|Users|root|work"
_MACHINE_PATH = re.compile(rf"""["'](/(?:{_HOMES})/|[A-Z]:\\Users)""")


def sources() -> list[Path]:
    return sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def test_rooms_import_only_what_the_contracts_allow() -> None:
    program = Path(sys.executable).with_name("lint-imports")

    ended = subprocess.run(
        [program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_no_python_file_stands_directly_in_the_graphql_folder() -> None:
    """There it would shadow the library of that name, and its wheel would overwrite it."""
    assert list((ROOT / "graphql").glob("*.py")) == []


def test_no_package_marker_stands_under_tests() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def test_no_file_is_longer_than_the_limit() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in sources()}

    assert {str(path): length for path, length in lengths.items() if length > LONGEST} == {}


def test_no_source_names_a_path_of_one_machine() -> None:
    found = [
        str(path.relative_to(ROOT))
        for path in sources()
        if path != Path(__file__) and _MACHINE_PATH.search(path.read_text(encoding="utf-8"))
    ]

    assert found == []


def test_every_module_of_the_product_says_what_it_answers() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in sources()
        if "tests" not in path.relative_to(ROOT).parts[:1]
        and not path.read_text(encoding="utf-8").startswith('"""')
    ]

    assert silent == []


@pytest.mark.parametrize("kind", errors.CmdbError.kinds(), ids=lambda kind: kind.__name__)
def test_every_error_has_a_code_of_its_own_and_an_exit_code(
    kind: type[errors.CmdbError],
) -> None:
    codes = [each.code for each in errors.CmdbError.kinds()]

    assert codes.count(kind.code) == 1
    assert exit_code_of(kind) in MEANINGS


def test_every_error_is_drawn_in_the_tree_with_its_exit_code() -> None:
    drawing = errors.__doc__ or ""

    assert [
        kind.__name__ for kind in errors.CmdbError.kinds() if kind.__name__ not in drawing
    ] == []
    for kind, code in BY_ERROR.items():
        (line,) = [row for row in drawing.splitlines() if f"── {kind.__name__} " in row]
        assert line.endswith(f"exit {code}")


def test_every_top_level_package_is_typed() -> None:
    packages = ("cmdb", "impact", "importers", "graphql/cmdb_graphql")

    assert [name for name in packages if not (ROOT / name / "py.typed").exists()] == []
