"""Does a server that is told to stop end in time, whatever its threads are doing?"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx2

from cmdb.bootstrap import open_service
from cmdb.model.rights import ROLES, Caller
from cmdb.settings import Settings

SCRIPT = Path(__file__).with_name("stuck_server.py")
SHUTDOWN_SECONDS = 4


def ask(address: str, secret: str) -> None:
    headers = {"Authorization": f"Bearer {secret}"}
    body = {"query": "{ formats { name } }"}
    try:
        httpx2.post(f"{address}/graphql", json=body, headers=headers, timeout=60)
    except httpx2.TransportError:
        return


def test_a_stop_waits_no_longer_than_promised_for_threads_that_do_not_end(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), str(tmp_path / "graph"), str(SHUTDOWN_SECONDS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        secret, address = server.stdout.readline().strip(), server.stdout.readline().strip()
        client = threading.Thread(target=ask, args=(address, secret))
        client.start()
        assert server.stdout.readline() == "asked\n"

        begun = time.monotonic()
        server.send_signal(signal.SIGTERM)
        code = server.wait(60)
        took = time.monotonic() - begun
        client.join()

    assert code == 0
    assert took < SHUTDOWN_SECONDS + 20  # a busy machine takes its time; the call takes 60
    service = open_service(Settings(data_dir=tmp_path / "graph"))
    tokens = service.operations(Caller("keeper", frozenset(ROLES))).list_tokens()
    service.close()
    assert [token.actor for token in tokens.tokens] == ["viewer"]
