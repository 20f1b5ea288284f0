"""What do many subscribers cost that wait for something to happen?"""

from __future__ import annotations

import asyncio
import os

import pytest

from tests.e2e.command_line import CommandLine
from tests.e2e.idle_subscribers import Subscribe, by_events, by_websocket, cost_of
from tests.e2e.serving_process import serving_process

IS_LONG = os.environ.get("CMDB_TEST_SIZE") == "long"
COUNT = 1_000 if IS_LONG else 200
# The target is 50 MB for a thousand; of a few, the allocator's steps weigh more.
MOST_BYTES = 50_000_000 if IS_LONG else 15_000_000


@pytest.mark.load
@pytest.mark.parametrize("subscribe", [by_events, by_websocket])
def test_idle_subscribers_cost_little_and_all_are_told(
    own_estate: CommandLine, subscribe: Subscribe
) -> None:
    with serving_process(own_estate.data_dir) as server:
        cost = asyncio.run(cost_of(server, server.first_token(), subscribe, COUNT))
        server.stop()

    print(f"{subscribe.__name__}: {COUNT} idle subscribers: {cost}")
    assert cost.told == COUNT
    assert cost.warm_bytes <= MOST_BYTES
