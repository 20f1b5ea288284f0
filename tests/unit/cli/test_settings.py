"""Are settings read from the environment, refused where wrong, and never shown where secret?"""

from __future__ import annotations

from pathlib import Path

import pytest

from cmdb.bootstrap import read_settings
from cmdb.errors import BadSettings
from cmdb.settings import VARIABLES, Settings, default_cache_dir, default_data_dir

DOCS = Path(__file__).resolve().parents[3] / "docs"


def test_secrets_are_never_part_of_a_representation() -> None:
    settings = Settings.from_environment(
        {"CMDB_DATABASE_PASSWORD": "hunter2", "CMDB_TOKEN": "tok-123", "HOME": "/x"}
    )

    assert settings.database_password == "hunter2"
    assert "hunter2" not in repr(settings)
    assert "tok-123" not in repr(settings)


def test_the_data_folder_follows_the_platform() -> None:
    assert default_data_dir({"XDG_DATA_HOME": "/data"}, "linux") == Path("/data/cmdb")
    assert default_data_dir({"XDG_DATA_HOME": "here"}, "linux") == Path.home() / ".local/share/cmdb"
    assert default_data_dir({}, "darwin").parts[-2:] == ("Application Support", "cmdb")
    assert default_data_dir({"LOCALAPPDATA": "/local"}, "win32") == Path("/local/cmdb")


def test_the_cache_folder_follows_the_platform_unless_it_is_given() -> None:
    assert default_cache_dir({"XDG_CACHE_HOME": "/cache"}, "linux") == Path("/cache/cmdb")
    assert default_cache_dir({"XDG_CACHE_HOME": "here"}, "linux") == Path.home() / ".cache/cmdb"
    assert default_cache_dir({}, "darwin").parts[-2:] == ("Caches", "cmdb")
    assert default_cache_dir({"LOCALAPPDATA": "/local"}, "win32") == Path("/local/cmdb/cache")
    assert Settings.from_environment({"CMDB_CACHE_DIR": "/mine"}).cache_dir == Path("/mine")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CMDB_DATABASE_HEAP", "lots"),
        ("CMDB_DATABASE_URL", "http://db"),
        ("CMDB_DATABASE_URL", "neo4j"),
    ],
)
def test_a_wrong_variable_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(BadSettings) as caught:
        read_settings({name: value})

    assert caught.value.facts["setting"] == name


def test_every_variable_is_documented() -> None:
    page = (DOCS / "configuration.md").read_text(encoding="utf-8")

    assert [name for name in VARIABLES if f"`{name}`" not in page] == []
