"""Does the client outlive a restart of the server: nothing missing, nothing twice, nothing lost?"""

from __future__ import annotations

import threading

import pytest

from cmdb.client import Client, Retries
from cmdb.ports import EditReason
from tests.e2e.command_line import CommandLine
from tests.e2e.served import served
from tests.peers.ports import free_port

PATIENT = Retries(attempts=500, longest_pause=0.5, give_up_after=300)
SECONDS = 120


@pytest.fixture
def token(cmdb: CommandLine) -> str:
    cmdb("init")
    made = cmdb.json("token", "create", "ann", "--role", "administrator")
    return str(made["secret"])


def test_a_follower_and_a_writer_go_on_after_a_restart(cmdb: CommandLine, token: str) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    told: list[int] = []
    done = threading.Event()

    def follow() -> None:
        with Client(url, token, retries=PATIENT) as client:
            for entry in client.follow(after=0):
                told.append(entry.entry.revision)
                if len(told) == 5:
                    done.set()
                    return

    with served(cmdb.data_dir, token, port), Client(url, token) as client:
        follower = threading.Thread(target=follow, daemon=True)
        follower.start()
        for name in ("a", "b"):
            client.add_ci("Host", name, {}, {}, EditReason("before"))
    with Client(url, token, retries=PATIENT) as client:
        waiting = threading.Thread(
            target=client.add_ci, args=("Host", "c", {}, {}, EditReason("meanwhile"))
        )
        waiting.start()
        with served(cmdb.data_dir, token, port):
            waiting.join(SECONDS)
            client.add_ci("Host", "d", {}, {}, EditReason("after"))
            is_told = done.wait(SECONDS)
            entries = client.list_log(10).entries

    assert is_told
    assert told == [1, 2, 3, 4, 5]
    reasons = [each.reason for each in entries]
    assert reasons == ["after", "meanwhile", "before", "before", "create a token"]
