"""What does the client send again, what never, and where to?"""

from __future__ import annotations

import httpx2
import pytest

from cmdb.client.addresses import parse_addresses
from cmdb.client.trying import Retries, Trying
from cmdb.errors import (
    DatabaseUnavailable,
    Forbidden,
    ServerRefused,
    ServerUnavailable,
    StaleVersion,
    WriteConflict,
)
from cmdb.model.access import NewToken
from cmdb.model.inventory import CI
from cmdb.ports import EditReason
from tests.fakes.http_server import QUICK, answered, refused, server
from tests.unit.client.samples import ITEM, ITEM_JSON, OTHER_HERE, REVISION_JSON, TOKEN_JSON, WHY

LOST = httpx2.ReadError("connection lost")
WRITTEN = answered("retireCi", {"report": ITEM_JSON})


@pytest.mark.parametrize(
    "failure",
    [
        LOST,
        httpx2.ConnectError("refused"),
        httpx2.ReadTimeout("slow"),
        httpx2.Response(502),
        httpx2.Response(503),
        httpx2.Response(504),
        refused("DATABASE_UNAVAILABLE"),
        refused("WRITE_CONFLICT"),
        refused("DATABASE_UNAVAILABLE", status=503),
    ],
    ids=["lost", "absent", "slow", "502", "503", "504", "database", "conflict", "both"],
)
def test_what_passes_is_tried_again_with_the_same_key(failure: Exception | httpx2.Response) -> None:
    stand_in = server(failure, WRITTEN)

    assert stand_in.client().retire_ci("web", WHY) == ITEM

    first, second = (body["variables"]["input"]["idempotencyKey"] for body in stand_in.bodies)
    assert first == second != ""


def test_a_key_that_was_given_is_kept() -> None:
    stand_in = server(WRITTEN)

    stand_in.client().retire_ci("web", EditReason("gone", idempotency_key="mine"))

    assert stand_in.bodies[0]["variables"]["input"]["idempotencyKey"] == "mine"


def test_two_edits_without_a_key_are_two_edits() -> None:
    stand_in = server(WRITTEN)
    client = stand_in.client()

    client.retire_ci("web", WHY)
    client.retire_ci("web", WHY)

    first, second = (body["variables"]["input"]["idempotencyKey"] for body in stand_in.bodies)
    assert first != second


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (refused("STALE_VERSION"), StaleVersion),
        (refused("FORBIDDEN"), Forbidden),
        (httpx2.Response(404), ServerRefused),
        (httpx2.Response(200, text="<html>"), ServerRefused),
        (httpx2.Response(302, headers={"location": "https://cmdb.example"}), ServerRefused),
    ],
)
def test_what_would_be_no_different_is_not_tried_again(
    answer: httpx2.Response, error: type[Exception]
) -> None:
    stand_in = server(answer)

    with pytest.raises(error):
        stand_in.client().retire_ci("web", WHY)

    assert len(stand_in.asked) == 1


def test_a_secret_that_may_have_been_told_is_not_asked_for_again() -> None:
    lost, unreached = server(LOST), server(httpx2.ConnectError("refused"), TOKEN_JSON)
    new = NewToken("bob", ("viewer",))

    with pytest.raises(ServerUnavailable):
        lost.client().create_token(new, WHY)
    made = unreached.client().create_token(new, WHY)

    assert len(lost.asked) == 1
    assert (made.secret, len(unreached.asked)) == ("cmdb_new", 2)


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (LOST, ServerUnavailable),
        (httpx2.Response(503), ServerUnavailable),
        (refused("DATABASE_UNAVAILABLE"), DatabaseUnavailable),
        (refused("WRITE_CONFLICT"), WriteConflict),
    ],
)
def test_after_the_last_attempt_the_failure_itself_is_told(
    failure: Exception | httpx2.Response, error: type[Exception]
) -> None:
    stand_in = server(failure)

    with pytest.raises(error):
        stand_in.client().anchor_log()

    assert len(stand_in.asked) == QUICK.attempts


def test_the_next_replica_is_asked_and_then_kept() -> None:
    stand_in = server(httpx2.ConnectError("refused"), answered("anchor", REVISION_JSON))
    client = stand_in.client(f"http://127.0.0.1:8080, {OTHER_HERE}/cmdb/")

    client.anchor_log()
    client.anchor_log()

    asked = [str(request.url) for request in stand_in.asked]
    assert asked[0] == "http://127.0.0.1:8080/graphql"
    assert asked[1:] == [f"{OTHER_HERE}/cmdb/graphql"] * 2


def test_no_error_tells_the_token() -> None:
    for answer in (LOST, httpx2.Response(503), refused("UNAUTHENTICATED"), httpx2.Response(418)):
        client = server(answer).client()

        with pytest.raises(Exception, match=r".") as met:
            client.anchor_log()

        assert "cmdb_secret" not in f"{met.value} {met.value!r} {client!r} {vars(met.value)}"


def test_pauses_double_up_to_a_limit_and_begin_when_every_replica_failed() -> None:
    addresses = parse_addresses("http://127.0.0.1:1 http://127.0.0.1:2")
    retries = Retries(attempts=9, first_pause=1.0, longest_pause=4.0)
    trying = Trying(retries, addresses, is_repeatable=True, jitter=lambda _, most: most)

    pauses = [trying.pause_after(LOST) for _ in range(6)]

    assert pauses == [0.0, 1.0, 2.0, 4.0, 4.0, 4.0]


def test_pauses_are_drawn_so_that_clients_do_not_come_back_at_once() -> None:
    addresses = parse_addresses("http://127.0.0.1:1")
    drawn: list[tuple[float, float]] = []

    def draw(least: float, most: float) -> float:
        drawn.append((least, most))
        return least

    trying = Trying(Retries(first_pause=1.0), addresses, is_repeatable=True, jitter=draw)

    assert trying.pause_after(LOST) == 0.5
    assert drawn == [(0.5, 1.0)]


def test_no_attempt_begins_when_too_much_time_has_passed() -> None:
    times = iter([10.0, 69.0, 70.0])
    trying = Trying(
        Retries(),
        parse_addresses("http://127.0.0.1:1"),
        is_repeatable=True,
        now=lambda: next(times),
    )

    trying.pause_after(LOST)
    trying.pause_after(LOST)
    with pytest.raises(ServerUnavailable):
        trying.pause_after(LOST)


@pytest.mark.parametrize("drawn", [0.5, 1.0])
def test_time_decides_how_long_a_server_may_be_away_and_not_the_number_of_attempts(
    drawn: float,
) -> None:
    clock = [0.0]
    trying = Trying(
        Retries(),
        parse_addresses("http://127.0.0.1:1"),
        is_repeatable=True,
        now=lambda: clock[0],
        jitter=lambda _, __: drawn,
    )

    pauses: list[float] = []
    while clock[0] < 60.0:
        pauses.append(trying.pause_after(LOST))
        clock[0] += pauses[-1]

    with pytest.raises(ServerUnavailable):
        trying.pause_after(LOST)
    assert clock[0] == pytest.approx(60.0)
    assert max(pauses) == 5.0 * drawn


def test_an_answer_is_a_value_of_the_model() -> None:
    found = server(WRITTEN).client().retire_ci("web", WHY)

    assert isinstance(found, CI)
