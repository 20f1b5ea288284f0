"""Is every entry of the feed told once and in order, however often the connection is lost?"""

from __future__ import annotations

import asyncio
from itertools import islice

import httpx2
import pytest

from cmdb.client import AsyncClient
from cmdb.errors import Forbidden, ServerUnavailable
from cmdb.model.system_reports import FeedEntry
from tests.fakes.http_server import HttpServer, answered, events, refused, server
from tests.unit.client.samples import REVISION_JSON, feed_entry

LOST = httpx2.RemoteProtocolError("lost")


def entries(*revisions: int, end: Exception | None = None) -> httpx2.Response:
    return events(*(feed_entry(each).to_json() for each in revisions), end=end)


def interrupted() -> HttpServer:
    return server(
        entries(5, 6, end=LOST),
        httpx2.ConnectError("refused"),
        httpx2.Response(503),
        entries(6, 7),
        entries(8, 9),
    )


def test_a_lost_feed_goes_on_where_it_broke() -> None:
    stand_in = interrupted()

    told = list(islice(stand_in.client().follow(4), 5))

    assert told == [feed_entry(each) for each in (5, 6, 7, 8, 9)]
    asked = [body["variables"]["after"] for body in stand_in.bodies]
    assert asked == [4, 6, 6, 6, 7]
    assert {request.headers["accept"] for request in stand_in.asked} == {"text/event-stream"}


def test_an_asynchronous_follower_is_told_the_same() -> None:
    async def follow(client: AsyncClient) -> list[FeedEntry]:
        told = []
        async for entry in client.follow(4):
            told.append(entry)
            if len(told) == 5:
                break
        await client.close()
        return told

    told = asyncio.run(follow(interrupted().async_client()))

    assert told == [feed_entry(each) for each in (5, 6, 7, 8, 9)]


def test_without_a_revision_it_begins_at_the_newest() -> None:
    stand_in = server(answered("anchor", REVISION_JSON), entries(8))

    (told,) = islice(stand_in.client().follow(), 1)

    assert told.entry.revision == 8
    assert stand_in.bodies[1]["variables"] == {"after": 7}


def test_a_feed_that_is_refused_ends() -> None:
    with pytest.raises(Forbidden):
        next(server(refused("FORBIDDEN", status=403)).client().follow(0))


def test_a_feed_that_never_says_anything_ends_after_the_last_attempt() -> None:
    stand_in = server(lambda _: entries())

    with pytest.raises(ServerUnavailable):
        next(stand_in.client().follow(0))

    assert len(stand_in.asked) == 6


def test_each_entry_makes_the_client_patient_again() -> None:
    stand_in = server(*(entries(each, end=LOST) for each in range(1, 20)), entries(20))

    told = [entry.entry.revision for entry in islice(stand_in.client().follow(0), 20)]

    assert told == list(range(1, 21))
