"""Which addresses does the client take, and does it ever send the token in clear?"""

from __future__ import annotations

import pytest

from cmdb.client import AsyncClient, Client
from cmdb.client.addresses import parse_addresses
from cmdb.errors import BadSettings


@pytest.mark.parametrize(
    "url",
    ["https://cmdb.example", "http://127.0.0.1:8080", "http://localhost", "http://[::1]:8080/"],
)
def test_safe_addresses_are_taken(url: str) -> None:
    assert parse_addresses(url).current == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "   ",
        "cmdb.example",
        "ftp://cmdb.example",
        "https://",
        "https://user:cmdb_secret@cmdb.example",
        "https://cmdb.example?token=cmdb_secret",
        "https://cmdb.example/#cmdb_secret",
        "https://cmdb.example, nonsense",
        "https://cmdb.example:port",
    ],
)
def test_others_are_refused_without_telling_what_may_be_secret(url: str) -> None:
    with pytest.raises(BadSettings) as refused:
        parse_addresses(url)

    assert "cmdb_secret" not in refused.value.message


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_token_goes_in_clear_only_where_that_is_wanted(
    kind: type[Client | AsyncClient],
) -> None:
    url = "http://cmdb.example"

    with pytest.raises(BadSettings, match="CMDB_PLAIN_HTTP=1"):
        kind(url, "cmdb_secret")

    assert kind(url, "cmdb_secret", allow_plain_http=True)


@pytest.mark.parametrize("token", ["cmdb_sécret", "cmdb_secret\nX-Other: 1", "cmdb secret"])
def test_what_is_no_token_is_refused_without_telling_it(token: str) -> None:
    with pytest.raises(BadSettings) as refused:
        Client("https://cmdb.example", token)

    assert token not in refused.value.message


def test_a_host_that_only_looks_like_this_machine_is_another() -> None:
    for url in ("http://127.0.0.1.example", "http://localhost.example", "http://0.0.0.0"):
        with pytest.raises(BadSettings):
            parse_addresses(url)


def test_only_addresses_of_this_machine_go_past_a_proxy() -> None:
    assert parse_addresses("http://127.0.0.1 http://localhost:9").are_all_here
    assert not parse_addresses("http://127.0.0.1 https://cmdb.example").are_all_here
