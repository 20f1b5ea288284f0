"""Records that share MACs, UUIDs and serials until they identify nothing, and are corrected."""

from __future__ import annotations

from hypothesis import strategies as st

from cmdb.model.records import Record
from tests.property.strategies_records import UUIDS, links, software

MACS = ("02:00:00:00:00:01", "02:00:00:00:00:02")
KEYS = tuple(f"k{number}" for number in range(7))


@st.composite
def sharing_hosts(draw: st.DrawFn) -> Record:
    """Return a machine of one of few sources that most likely carries what others carry."""
    shared = {
        "macs": draw(st.sampled_from([[], [MACS[0]], [MACS[0]], [MACS[1]], [*MACS]])),
        "uuid": draw(st.sampled_from(["", "", UUIDS[0]])),
        "fqdn": draw(st.sampled_from(["", "", "x.example.org", "y.example.org"])),
    }
    if draw(st.booleans()):
        shared |= {"serial": draw(st.sampled_from(["a", "b"])), "vendor": "v"}
    return Record(
        draw(st.sampled_from(["Host", "Host", "PhysicalServer", "NetworkDevice"])),
        key=draw(st.sampled_from(KEYS)),
        attributes={name: value for name, value in shared.items() if value},
        source=draw(st.sampled_from(["s1", "s1", "s1", "s2"])),
        scope="z",
        links=draw(st.lists(links(), max_size=1)),
        deleted=draw(st.sampled_from([False, False, False, True])),
    )


def shared_record_sets(largest: int = 16) -> st.SearchStrategy[list[tuple[Record, int]]]:
    """Return records with times of observation: most replace or are replaced by another."""
    one = st.one_of(*[sharing_hosts()] * 5, software())
    return st.lists(st.tuples(one, st.integers(1, 4)), min_size=5, max_size=largest)
