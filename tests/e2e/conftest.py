"""A command line on an empty folder, and one on the demo estate, imported once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.e2e.command_line import CommandLine


@pytest.fixture
def cmdb(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path / "data")


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "out"
    ended = CommandLine(folder)("demo", "--folder", folder)
    assert ended.code == 0, ended
    return folder


@pytest.fixture(scope="session")
def estate(demo_folder: Path) -> CommandLine:
    """The demo estate, for reading only."""
    return CommandLine(demo_folder / "data")


@pytest.fixture
def own_estate(demo_folder: Path, tmp_path: Path) -> CommandLine:
    """A copy of the demo estate, for writing."""
    shutil.copytree(demo_folder / "data", tmp_path / "own")
    return CommandLine(tmp_path / "own")
