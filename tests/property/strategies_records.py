"""Records as sources write them: few values, so that they meet, bridge and contradict."""

from __future__ import annotations

from hypothesis import strategies as st

from cmdb.model.records import Link, Record, Reference

FEW = ("a", "b", "c")
UUIDS = tuple(f"1234567{last}-0000-4000-8000-000000000001" for last in (1, 2))


@st.composite
def hosts(draw: st.DrawFn) -> Record:
    """Return a machine known by some of its identifiers."""
    attributes = {
        name: value
        for name, value in {
            "serial": draw(st.sampled_from(["", *FEW])),
            "vendor": draw(st.sampled_from(["", "v"])),
            "uuid": draw(st.sampled_from(["", *UUIDS])),
            "fqdn": draw(st.sampled_from(["", "x.example.org", "y.example.org"])),
            "macs": draw(
                st.sampled_from([[], ["02:00:00:00:00:01"], ["02:00:00:00:00:02"],
                                 ["02:00:00:00:00:01", "02:00:00:00:00:02"]])
            ),
            "os": draw(st.sampled_from(["", "linux", "other"])),
        }.items()
        if value
    }  # fmt: skip
    return Record(
        draw(st.sampled_from(["Host", "PhysicalServer", "NetworkDevice"])),
        key=draw(st.sampled_from(["k1", "k2", "k3", "k4", "k5", "k6"])),
        name=draw(st.sampled_from([None, "one", "two"])),
        attributes=attributes,
        source=draw(st.sampled_from(["s1", "s2"])),
        scope="z",
        links=draw(st.lists(links(), max_size=2)),
        deleted=draw(st.sampled_from([False, False, False, True])),
    )


@st.composite
def host_references(draw: st.DrawFn) -> Reference:
    """Return a name for a machine, by one or two of its identifiers."""
    values: dict[str, object] = {}
    if draw(st.booleans()):
        values |= {"serial": draw(st.sampled_from(FEW)), "vendor": "v"}
    if not values or draw(st.booleans()):
        values["fqdn"] = draw(st.sampled_from(["x.example.org", "y.example.org"]))
    return Reference("Host", values)


@st.composite
def software(draw: st.DrawFn) -> Record:
    """Return a piece of software on a machine."""
    port = draw(st.sampled_from([80, 443]))
    return Record(
        "SoftwareInstance",
        key=draw(st.sampled_from(["w1", "w2", "w3"])),
        name=draw(st.sampled_from(["web", "db"])),
        attributes={"kind": "daemon", "port": port},
        within={"host": draw(host_references())},
        source=draw(st.sampled_from(["s1", "s2"])),
        scope="z",
        links=draw(st.lists(links(), max_size=2)),
    )


@st.composite
def links(draw: st.DrawFn) -> Link:
    """Return a relationship to a machine, or to software on one."""
    other = draw(
        st.one_of(
            host_references(),
            st.builds(
                lambda host, port: Reference(
                    "SoftwareInstance", {"kind": "daemon", "port": port}, {"host": host}
                ),
                host_references(),
                st.sampled_from([80, 443]),
            ),
        )
    )
    return Link(
        draw(st.sampled_from(["depends_on", "linked_to", "connects_to"])),
        other,
        reverse=draw(st.booleans()),
        strength=draw(st.sampled_from([None, "soft"])),
        confidence=draw(st.sampled_from([1.0, 0.5])),
    )


def record_sets() -> st.SearchStrategy[list[tuple[Record, int]]]:
    """Return records, each with the time of its observation."""
    one = st.one_of(hosts(), hosts(), software())
    return st.lists(st.tuples(one, st.integers(1, 3)), min_size=2, max_size=8)
