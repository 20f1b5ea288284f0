"""A real `cmdb serve` process on a folder, on a free port."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

ENDS_WITHIN_SECONDS = 90


@dataclass(frozen=True, slots=True)
class ServingProcess:
    """A server in a process of its own.

    Attributes:
        process: The process.
        address: Where it answers.
        first_address: What it printed for the first token, or nothing.
        log: File of what it wrote to stderr.
    """

    process: subprocess.Popen[str]
    address: str
    first_address: str
    log: Path

    def first_token(self) -> str:
        """Return the token that the one-time address gives."""
        place, _, code = self.first_address.partition("#")
        answer = httpx2.post(place, json={"code": code}, timeout=60)
        assert answer.status_code == 201, answer.text
        secret: str = answer.json()["secret"]
        return secret

    def client(self, secret: str) -> httpx2.Client:
        """Return a client with a token."""
        headers = {"Authorization": f"Bearer {secret}"}
        return httpx2.Client(base_url=self.address, headers=headers, timeout=120)

    def stop(self) -> int:
        """Stop it as an operating system does and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(ENDS_WITHIN_SECONDS)


def serving_process(
    data_dir: Path, *options: str, **environment: str
) -> AbstractContextManager[ServingProcess]:
    """Lend a server over the embedded database of a folder; see `serving`."""
    log = data_dir.with_name(f"{data_dir.name}.log")
    return serving(log, ["--data-dir", str(data_dir)], *options, **environment)


@contextmanager
def serving(
    log: Path, database: Sequence[str], *options: str, **environment: str
) -> Iterator[ServingProcess]:
    """Lend a server that answers; it is killed in the end if it still runs.

    Args:
        log: What it writes to stderr is added here.
        database: Words of the command line that name the database; none: the environment does.
        options: Further words for `cmdb serve`.
        environment: Variables beside those of this process.
    """
    command = [sys.executable, "-m", "cmdb", *database]
    command += ["serve", "--port", "0", "--json", *options]
    with (
        log.open("a", encoding="utf-8") as errors,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "", **environment},
        ) as process,
    ):  # fmt: skip
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line.startswith('{"address"'):
                raise AssertionError(line + process.stdout.read() + log.read_text(encoding="utf-8"))
            told = json.loads(line)
            yield ServingProcess(process, told["address"], told["first_address"], log)
        finally:
            process.kill()
