"""Are settings read from the environment, refused where wrong, and never shown where secret?"""

from __future__ import annotations

from pathlib import Path

import pytest

from cmdb.bootstrap import read_settings
from cmdb.errors import BadSettings
from cmdb.settings import VARIABLES, ServerSettings, Settings, default_cache_dir, default_data_dir

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
        ("CMDB_PORT", "65536"),
        ("CMDB_PORT", "http"),
        ("CMDB_THREADS", "0"),
        ("CMDB_BODY_LIMIT", "1 MB"),
        ("CMDB_IMPORT_LIMIT", "-1"),
        ("CMDB_DEVELOPMENT", "maybe"),
    ],
)
def test_a_wrong_variable_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(BadSettings) as caught:
        read_settings({name: value})

    assert caught.value.facts["setting"] == name


def test_every_variable_is_documented() -> None:
    page = (DOCS / "configuration.md").read_text(encoding="utf-8")

    assert [name for name in VARIABLES if f"`{name}`" not in page] == []


def test_a_server_listens_on_this_machine_alone_unless_told_otherwise() -> None:
    assert Settings.from_environment({}).server == ServerSettings()
    assert ServerSettings().is_local


@pytest.mark.parametrize(
    ("host", "is_local"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.5", False),
        ("localhost.example.org", False),
    ],
)
def test_an_address_is_local_if_nobody_else_reaches_it(host: str, is_local: bool) -> None:
    assert ServerSettings(host=host).is_local == is_local


def test_settings_of_a_server_are_read_with_their_units() -> None:
    given = {
        "CMDB_HOST": "0.0.0.0",
        "CMDB_PORT": "0",
        "CMDB_PUBLIC_HOSTS": "CMDB.example.org, cmdb",
        "CMDB_BODY_LIMIT": "64k",
        "CMDB_IMPORT_LIMIT": "2g",
        "CMDB_DEVELOPMENT": "1",
    }

    server = Settings.from_environment(given).server

    assert (server.host, server.port) == ("0.0.0.0", 0)
    assert server.public_hosts == ("cmdb.example.org", "cmdb")
    assert (server.body_limit_bytes, server.import_limit_bytes) == (65_536, 2 << 30)
    assert (server.is_development, server.is_traced) == (True, False)
