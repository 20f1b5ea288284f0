"""Are the image and the compose file what their specifications and our settings allow?"""

from __future__ import annotations

import ast
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from cmdb.settings import VARIABLES
from tests.unit.cli.test_documentation import commands

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"


@pytest.fixture
def compose() -> Any:
    return yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))


@pytest.fixture
def stages() -> list[list[tuple[str, str]]]:
    """The instructions of each stage of the Dockerfile, as (word, rest)."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = re.sub(r"\\\n\s*", " ", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)).splitlines()
    found: list[list[tuple[str, str]]] = []
    for line in filter(None, lines):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            found.append([])
        found[-1].append((word, rest.strip()))
    return found


def told(stage: list[tuple[str, str]], word: str) -> list[str]:
    return [rest for name, rest in stage if name == word]


def is_valid(path: Path) -> bool:
    command = [sys.executable, "-m", "check_jsonschema"]
    schema = ["--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*command, *schema, path], capture_output=True, check=False)
    return done.returncode == 0


def test_the_compose_file_is_one_by_its_specification(compose: Any, tmp_path: Path) -> None:
    assert is_valid(COMPOSE)

    compose["services"]["cmdb"]["depends_on"]["neo4j"]["condition"] = "service_is_fine"
    wrong = tmp_path / "docker-compose.yml"
    wrong.write_text(yaml.safe_dump(compose), encoding="utf-8")
    assert not is_valid(wrong)


def test_every_setting_in_the_compose_file_and_the_image_exists(
    compose: Any, stages: list[list[tuple[str, str]]]
) -> None:
    in_compose = set(re.findall(r"CMDB_[A-Z_]+", COMPOSE.read_text(encoding="utf-8")))
    in_image = set(re.findall(r"(CMDB_[A-Z_]+)=", " ".join(told(stages[-1], "ENV"))))

    assert in_compose | in_image <= VARIABLES.keys()
    assert set(compose["services"]["cmdb"]["environment"]) <= in_compose
    assert {"CMDB_DATABASE_URL", "CMDB_DATABASE_PASSWORD"} <= in_compose


def test_the_service_waits_for_a_database_that_says_it_is_well(compose: Any) -> None:
    services = compose["services"]

    assert services["cmdb"]["depends_on"] == {"neo4j": {"condition": "service_healthy"}}
    assert "cypher-shell" in services["neo4j"]["healthcheck"]["test"][1]
    assert "neo4j-data:/data" in services["neo4j"]["volumes"]
    environment = services["neo4j"]["environment"]
    assert any("memory_heap_max" in name for name in environment)
    assert any("memory_pagecache" in name for name in environment)


def test_the_password_comes_from_outside_and_must_be_given(compose: Any) -> None:
    services = compose["services"]
    password = services["cmdb"]["environment"]["CMDB_DATABASE_PASSWORD"]

    assert password.startswith("${CMDB_DATABASE_PASSWORD:?")
    assert services["neo4j"]["environment"]["NEO4J_AUTH"] == f"neo4j/{password}"
    # Not in the arguments of a process, where others may read it.
    assert not re.search(r"-p\b", services["neo4j"]["healthcheck"]["test"][1])


def test_only_loopback_is_bound_on_the_host(compose: Any) -> None:
    services = compose["services"]

    assert [port.split(":")[0] for port in services["cmdb"]["ports"]] == ["127.0.0.1"]
    assert "ports" not in services["neo4j"]


def test_the_image_is_built_in_stages_with_what_is_pinned(
    stages: list[list[tuple[str, str]]],
) -> None:
    assert len(stages) == 2
    assert all(told(stage, "FROM")[0].startswith("python:3.11-slim") for stage in stages)
    installs = [line for line in told(stages[0], "RUN") if "pip install" in line]
    assert installs
    assert all("-c constraints.txt" in line for line in installs)
    assert told(stages[-1], "COPY") == ["--from=build /opt/cmdb /opt/cmdb"]


def test_the_image_runs_as_nobody_special(stages: list[list[tuple[str, str]]]) -> None:
    words = [name for name, _ in stages[-1]]
    user, group = told(stages[-1], "USER")[-1].split(":")

    assert int(user) > 0
    assert int(group) > 0
    assert words.index("USER") < words.index("ENTRYPOINT")


def test_the_health_of_the_image_is_asked_by_python(stages: list[list[tuple[str, str]]]) -> None:
    (check,) = told(stages[-1], "HEALTHCHECK")
    program, option, script = json.loads(check.partition("CMD ")[2])

    assert (program, option) == ("python", "-c")
    ast.parse(script)
    assert "/readyz" in script


def test_no_secret_is_baked_in(stages: list[list[tuple[str, str]]]) -> None:
    text = " ".join(rest for stage in stages for _, rest in stage)

    assert not re.search(r"(?i)password|token|secret", text)
    assert not any(told(stage, "ARG") for stage in stages)


def test_the_image_starts_a_command_that_exists(stages: list[list[tuple[str, str]]]) -> None:
    assert json.loads(told(stages[-1], "ENTRYPOINT")[0]) == ["cmdb"]
    (words,) = (json.loads(line) for line in told(stages[-1], "CMD"))

    assert shlex.join(words) in dict(commands())


def test_everything_that_is_copied_is_let_through(stages: list[list[tuple[str, str]]]) -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_through = {line[1:] for line in ignored if line.startswith("!")}
    copied = {name for line in told(stages[0], "COPY") for name in line.split()[:-1]}

    assert "*" in ignored
    assert copied == let_through
    assert all((ROOT / name).exists() for name in copied)
