"""The command line on a folder, and the same through a real server on a copy of that folder."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.command_line import CommandLine, Ended, run_words

ACTOR = "ann"
STOP_SECONDS = 60
ROLES = ("viewer", "responder", "planner", "approver", "administrator")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")
_HASH = re.compile(r"\b[0-9a-f]{64}\b")
_SECRET = re.compile(r"cmdb_[\w-]{43}")


@dataclass(frozen=True, slots=True)
class RemoteCommandLine:
    """Commands through a server."""

    url: str
    token: str

    def __call__(self, *words: object) -> Ended:
        """Run one command."""
        given = ["--url", self.url, "--token", self.token]
        return run_words([*given, *(str(word) for word in words)])

    def json(self, *words: object) -> Any:
        """Run one command that must succeed and return its JSON document."""
        ended = self(*words, "--json")
        assert ended.code == 0, ended
        return ended.json


@dataclass(frozen=True, slots=True)
class Pair:
    """The same data, worked on directly and through a server."""

    local: CommandLine
    remote: RemoteCommandLine


@dataclass(frozen=True, slots=True)
class Answers:
    """What one command printed, here and through the server."""

    local: Any
    remote: Any

    def __getitem__(self, name: str | int) -> Answers:
        """Return a part of both."""
        return Answers(self.local[name], self.remote[name])


def on_both(pair: Pair, *words: object) -> Answers:
    """Run one command here and through the server; both must succeed and answer the same.

    Words may be parts of earlier answers: each side is given its own.
    """
    sides = [
        [getattr(word, side) if isinstance(word, Answers) else word for word in words]
        for side in ("local", "remote")
    ]
    found = Answers(pair.local.json(*sides[0]), pair.remote.json(*sides[1]))
    assert same_but_for_chance(found.remote) == same_but_for_chance(found.local)
    return found


@contextmanager
def served(data_dir: Path, token: str, port: int = 0) -> Iterator[RemoteCommandLine]:
    """Lend the command line through a server of its own process on a folder."""
    words = ["-m", "cmdb", "--data-dir", str(data_dir), "serve", "--port", str(port), "--json"]
    environment = {key: value for key, value in os.environ.items() if key != "CMDB_URL"}
    server = subprocess.Popen(
        [sys.executable, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    )
    try:
        assert server.stdout is not None
        told = json.loads(server.stdout.readline())
        yield RemoteCommandLine(told["address"], token)
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.stdout is not None
        server.stdout.close()
        server.wait(STOP_SECONDS)


@contextmanager
def paired(data_dir: Path, folder: Path) -> Iterator[Pair]:
    """Lend two copies of the data in a folder, the second one served."""
    shutil.copytree(data_dir, folder / "local")
    local = CommandLine(folder / "local")
    roles = [word for role in ROLES for word in ("--role", role)]
    token = local.json("token", "create", ACTOR, *roles)["secret"]
    shutil.copytree(folder / "local", folder / "remote")
    with served(folder / "remote", token) as remote:
        yield Pair(local, remote)


def same_but_for_chance(document: Any) -> Any:
    """Return a document with what differs from run to run replaced by where it came first."""
    text = json.dumps(document, sort_keys=True)
    for kind, pattern in (("time", _TIME), ("hash", _HASH), ("secret", _SECRET), ("id", _UUID)):
        text = _numbered(kind, pattern, text)
    return json.loads(text)


def _numbered(kind: str, pattern: re.Pattern[str], text: str) -> str:
    seen: dict[str, int] = {}
    if kind == "time":
        return pattern.sub("<time>", text)
    return pattern.sub(lambda found: f"<{kind} {seen.setdefault(found[0], len(seen))}>", text)
