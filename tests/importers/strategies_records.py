"""Records of every shape that the exchange format can carry."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import strategies as st

from cmdb.model.definitions import LIFECYCLE
from cmdb.model.records import Link, Record, Reference
from importers.records_decoding import STRENGTHS

texts = st.text("abcXYZ019 _-/.:\"'\\\t\n\r\x00\x7fé€ß語💥\u2028\ufeff", max_size=20)
names = texts.filter(bool)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
maps = st.dictionaries(texts, values, max_size=4)
references = st.recursive(
    st.builds(Reference, names, maps.filter(bool)),
    lambda inner: st.builds(
        Reference, names, maps.filter(bool), st.dictionaries(names, inner, max_size=2)
    ),
    max_leaves=3,
)
links = st.builds(
    Link,
    names,
    references,
    reverse=st.booleans(),
    strength=st.none() | st.sampled_from(STRENGTHS),
    tolerates_seconds=st.none() | st.floats(0, 1e9),
    confidence=st.floats(0, 1),
    inferred_by=texts,
    discriminator=texts,
    denied=st.booleans(),
)
moments = st.datetimes(
    datetime(1970, 1, 1),  # noqa: DTZ001 - the zone is added
    datetime(2100, 1, 1),  # noqa: DTZ001 - the zone is added
    timezones=st.just(UTC),
)
all_records = st.builds(
    Record,
    names,
    key=names,
    name=st.none() | texts,
    attributes=maps,
    within=st.dictionaries(names, references, max_size=2),
    links=st.lists(links, max_size=3).map(tuple),
    lifecycle=st.none() | st.sampled_from(LIFECYCLE),
    observed_at=st.none() | moments,
    deleted=st.booleans(),
    about=st.none() | references,
    source=texts,
    scope=st.none() | texts,
)
