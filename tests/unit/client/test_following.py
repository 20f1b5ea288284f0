"""Is every entry of the feed told once and in order, however often the connection is lost?"""

from __future__ import annotations

import asyncio
from itertools import islice

import httpx2
import pytest

from cmdb.client import AsyncClient, Retries
from cmdb.client.addresses import parse_addresses
from cmdb.client.exchange import Server
from cmdb.client.following import Following
from cmdb.errors import DatabaseUnavailable, Forbidden, ServerRefused, ServerUnavailable
from cmdb.model.system_reports import FeedEntry
from tests.fakes.http_server import (
    HERE,
    QUICK,
    HttpServer,
    answered,
    events,
    refused,
    server,
)
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


def test_a_feed_that_never_even_begins_ends_after_the_last_attempt() -> None:
    stand_in = server(lambda _: entries())

    with pytest.raises(ServerUnavailable):
        next(stand_in.client().follow(0))

    assert len(stand_in.asked) == QUICK.attempts


def quiet(end: Exception | None = LOST) -> httpx2.Response:
    """A feed that says that it is there, and is lost before it has told anything."""
    return events(begins=True, end=end)


@pytest.mark.parametrize("end", [LOST, None], ids=["lost", "server-stops"])
def test_a_quiet_feed_is_taken_up_again_however_often_it_is_lost(end: Exception | None) -> None:
    stand_in = server(*(quiet(end) for _ in range(30)), entries(5))

    (told,) = islice(stand_in.client().follow(4), 1)

    assert told.entry.revision == 5


def test_an_asynchronous_follower_takes_a_quiet_feed_up_again() -> None:
    async def first() -> int:
        client = server(*(quiet() for _ in range(30)), entries(5)).async_client()
        async for entry in client.follow(4):
            await client.close()
            return entry.entry.revision
        raise AssertionError("it ended")

    assert asyncio.run(first()) == 5


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def following(clock: Clock) -> Following:
    where = Server(parse_addresses(HERE), Retries(give_up_after=60.0))
    return Following(where, 0, now=clock)


def opened(follower: Following) -> None:
    response = quiet()
    response.request = httpx2.Request("POST", HERE)
    follower.open(response)
    with pytest.raises(httpx2.RemoteProtocolError):
        response.read()


def test_patience_is_counted_from_the_loss_and_not_from_the_last_entry() -> None:
    clock = Clock()
    follower = following(clock)
    opened(follower)

    clock.seconds = 3600.0
    pauses = [follower.pause_after(LOST)]
    clock.seconds += 59.5
    pauses.append(follower.pause_after(httpx2.ConnectError("refused")))
    clock.seconds += 0.5

    assert pauses[0] <= 0.1
    assert pauses[1] <= 0.5, "the last attempt is not later than it may be"
    with pytest.raises(ServerUnavailable):
        follower.pause_after(httpx2.ConnectError("refused"))


def test_a_feed_that_was_there_again_makes_patient_anew_while_pauses_grow() -> None:
    clock = Clock()
    follower = following(clock)

    pauses = []
    for _ in range(40):
        opened(follower)
        clock.seconds += 4.0
        pauses.append(follower.pause_after(LOST))

    assert clock.seconds > 60.0
    assert pauses[0] <= 0.1
    assert pauses[-1] >= 2.5


def test_a_server_that_goes_on_telling_an_error_ends_the_feed() -> None:
    clock = Clock()
    follower = following(clock)

    error = DatabaseUnavailable("bolt://db", "it is lost")
    opened(follower)
    follower.pause_after(error)
    clock.seconds = 60.0
    opened(follower)

    with pytest.raises(DatabaseUnavailable):
        follower.pause_after(error)


def test_an_answer_that_is_no_feed_is_not_asked_for_again() -> None:
    stand_in = server(httpx2.Response(200, text="<html>"))

    with pytest.raises(ServerRefused, match="text/event-stream"):
        next(stand_in.client().follow(0))

    assert len(stand_in.asked) == 1


def test_a_large_entry_is_told_as_well() -> None:
    large = feed_entry(5).to_json()
    large["entry"]["reason"] = "x" * 3_000_000

    (told,) = islice(server(events(large)).client().follow(4), 1)

    assert len(told.entry.reason) == 3_000_000


def test_each_entry_makes_the_client_patient_again() -> None:
    stand_in = server(*(entries(each, end=LOST) for each in range(1, 20)), entries(20))

    told = [entry.entry.revision for entry in islice(stand_in.client().follow(0), 20)]

    assert told == list(range(1, 21))
