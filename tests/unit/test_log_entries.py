"""Does the log show every alteration, and does an entry say what changed and no more?"""

from __future__ import annotations

import base64
import os
from dataclasses import replace
from typing import Any

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from cmdb.errors import LogBroken
from cmdb.model.changes import LogChange
from cmdb.model.log import (
    GENESIS,
    LogHead,
    StoredEntry,
    compress,
    decompress,
    erase,
    seal,
    unseal,
    verify,
)
from cmdb.model.records import Link, Record
from tests.fakes.deciding import host, named, tell
from tests.fakes.memory_store import MemoryStore

EXAMPLES = {"long": 5_000, "ci": 500}.get(os.environ.get("CMDB_TEST_SIZE", ""), 100)
FIRST = LogHead(0, GENESIS, 0)
HEADER = {"actor": "ada", "source": "manual", "reason": "größer", "answer": {"ci": "c-1"}}
CHANGES = [
    LogChange("ci", "c-1", 0, {}, {"name": "web", "a_tags": ["x"], "a_size": 1.5}),
    LogChange("ci", "c-2", 7, {"a_os": None}, {"a_os": "linux"}),
    LogChange("relationship", "c-1/depends_on/c-2", 0, {}, {"live": True}, {"type": "depends_on"}),
]
UUID = "12345671-0000-4000-8000-000000000001"


def sealed() -> StoredEntry:
    return seal(FIRST, 10, HEADER, CHANGES)


def head_of(entry: StoredEntry) -> LogHead:
    return LogHead(entry.revision, entry.hash, entry.at)


def test_an_entry_holds_what_was_sealed_into_it() -> None:
    entry = unseal(sealed())

    assert (entry.revision, entry.at, entry.prev_hash) == (1, 10, GENESIS)
    assert entry.header == HEADER
    assert entry.changes == CHANGES
    assert entry.hash == sealed().hash


def test_entries_follow_one_another() -> None:
    first = sealed()
    second = seal(head_of(first), 11, HEADER, [])

    assert (second.revision, second.prev_hash) == (2, first.hash)
    assert verify(first, FIRST) == verify(second, head_of(first)) == 0


def test_an_erased_change_is_gone_and_the_chain_still_holds() -> None:
    entry = erase(sealed(), [1])

    assert verify(entry, FIRST) == 1
    assert unseal(entry).changes == [CHANGES[0], None, CHANGES[2]]
    assert verify(erase(entry, [0, 1]), FIRST) == 2
    assert entry.hash == sealed().hash


@pytest.mark.parametrize(
    ("forged", "what"),
    [
        ({"revision": 2}, "missing"),
        ({"prev_hash": "1" * 64}, "does not follow"),
        ({"at": 0}, "time"),
        ({"at": 11}, "does not fit"),
        ({"header": "{}"}, "does not fit"),
        ({"hash": "0" * 64}, "does not fit"),
        ({"body": "?"}, "cannot be read"),
        ({"body": compress(b"[")}, "cannot be read"),
        ({"body": compress(b"[null,null]")}, "lacks a change or has one too many"),
        ({"body": compress(b"[null,null,null,null]")}, "lacks a change or has one too many"),
        ({"body": compress(b'[null,{"kind":"ci"},null]')}, "change 1 was altered"),
    ],
)
def test_an_entry_that_was_altered_is_named_with_what_does_not_fit(
    forged: dict[str, Any], what: str
) -> None:
    with pytest.raises(LogBroken, match=what):
        verify(replace(sealed(), **forged), FIRST)


def test_changes_that_change_places_break_the_chain() -> None:
    entry = sealed()
    swapped = seal(FIRST, 10, HEADER, [CHANGES[1], CHANGES[0], CHANGES[2]])

    with pytest.raises(LogBroken, match="change 0 was altered"):
        verify(replace(entry, body=swapped.body), FIRST)


@given(
    st.sampled_from(("header", "change_hashes", "prev_hash", "hash")),
    st.integers(0, 10_000),
    st.integers(1, 255),
)
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
def test_altering_any_character_of_header_or_hashes_breaks_the_chain(
    field: str, place: int, change: int
) -> None:
    text = getattr(sealed(), field)
    index = place % len(text)
    altered = text[:index] + chr(ord(text[index]) ^ change) + text[index + 1 :]

    with pytest.raises(LogBroken):
        verify(replace(sealed(), **{field: altered}), FIRST)


@given(st.integers(0, 10_000), st.integers(1, 255))
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
def test_altering_any_byte_of_the_changes_breaks_the_chain(place: int, change: int) -> None:
    body = bytearray(decompress(sealed().body))
    body[place % len(body)] ^= change

    with pytest.raises(LogBroken):
        verify(replace(sealed(), body=compress(bytes(body))), FIRST)


@given(st.integers(0, 10_000), st.integers(1, 255))
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
def test_altering_any_compressed_byte_breaks_the_chain_or_alters_no_change(
    place: int, change: int
) -> None:
    packed = bytearray(base64.b64decode(sealed().body))
    packed[place % len(packed)] ^= change
    altered = replace(sealed(), body=base64.b64encode(packed).decode("ascii"))

    # A few bits of the compression's own header change nothing that is read.
    try:
        erased = verify(altered, FIRST)
    except LogBroken:
        return
    assert erased == 0
    assert unseal(altered).changes == CHANGES


def test_an_entry_that_claims_a_terabyte_takes_no_memory_and_breaks_the_chain() -> None:
    header = b"\x28\xb5\x2f\xfd" + b"\xe0" + (1 << 40).to_bytes(8, "little")
    claims = header + b"\x01\x00\x00"
    assert zstandard.get_frame_parameters(claims).content_size == 1 << 40

    with pytest.raises(LogBroken, match="cannot be read"):
        verify(replace(sealed(), body=base64.b64encode(claims).decode("ascii")), FIRST)


def changes_of(store: MemoryStore) -> list[LogChange]:
    entry = unseal(store.log[-1])
    return [change for change in entry.changes if change is not None]


def test_an_update_holds_the_values_that_differ_and_no_stamps() -> None:
    store = MemoryStore()
    tell(store, host("web", os="linux", model="m"), at=1)

    outcome = tell(store, host("web", os="other", notes="n"), at=2)

    (change,) = changes_of(store)
    assert change.id == outcome.decisions[0].ci_id
    assert change.previous == 1
    assert change.before == {"a_model": "m", "a_notes": None, "a_os": "linux"}
    assert change.after == {"a_model": None, "a_notes": "n", "a_os": "other"}


def test_a_creation_holds_all_values_and_nothing_before() -> None:
    store = MemoryStore()

    tell(store, host("web"))

    (change,) = changes_of(store)
    assert (change.previous, change.before) == (0, {})
    assert change.after == {
        "class": "Host",
        "name": "web",
        "lifecycle": "in_use",
        "a_fqdn": "web.example.org",
    }


def test_a_merge_holds_where_the_ci_went_and_no_stamps() -> None:
    store = MemoryStore()
    one = tell(store, Record("Host", key="u", name="web", attributes={"uuid": UUID}))
    two = tell(store, host("web"))

    tell(store, host("web", Link("depends_on", named("web")), key="bridge", uuid=UUID), at=2)

    ids = {one.decisions[0].ci_id, two.decisions[0].ci_id}
    merged = [change for change in changes_of(store) if "merged_into" in change.after]
    assert [set(change.after) for change in merged] == [{"merged_into"}]
    assert {merged[0].id, merged[0].after["merged_into"]} == ids
    for change in changes_of(store):
        assert not {"created_at", "updated_at", "version"} & {*change.before, *change.after}
