"""What does each source say of each thing, as the graph keeps it?

A `SourceRecord` is the latest record of one thing by one source. All of them together are the
evidence from which CIs, their values and their relationships follow; nothing a source said is lost
when another source wins.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import Any

import orjson

from cmdb.model.records import Link, Reference
from cmdb.model.values import canonical_json

MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """The latest record of one thing by one source.

    Attributes:
        id: Digest of source, scope and key: stable from run to run.
        source: Data source.
        scope: Its declared scope, as text.
        key: The source's own key.
        class_name: The class the source gives.
        name: The name the source gives, or None.
        attributes: Checked values.
        within: What it is identified within.
        links: Its relationships.
        lifecycle: The stage the source gives, or None.
        observed_ms: When the source saw it, in epoch milliseconds.
        deleted: The source says it is gone.
        about: The thing it speaks of, where its own values do not name it (manual edits).
        digest: Of the content, not of the time.
        ci_id: The CI it belongs to, or None before it was placed.
        run: The import run that wrote it last.
        body: The content as `encode_body` gives it, where that is at hand already.
    """

    id: str
    source: str
    scope: str
    key: str
    class_name: str
    name: str | None
    attributes: Mapping[str, Any]
    within: Mapping[str, Reference] = field(default_factory=dict)
    links: Sequence[Link] = ()
    lifecycle: str | None = None
    observed_ms: int = 0
    deleted: bool = False
    about: Reference | None = None
    digest: str = ""
    ci_id: str | None = None
    run: str = ""
    body: str = field(default="", compare=False, repr=False)

    @property
    def values(self) -> dict[str, Any]:
        """Attributes and the name: what identification rules read."""
        return {**self.attributes, "name": self.name}

    def on(self, ci_id: str | None) -> SourceRecord:
        """Return the same record, placed on a CI."""
        return replace(self, ci_id=ci_id)


def source_record_id(source: str, scope: str, key: str) -> str:
    """Return the stable id of what a source says of one thing (32 hexadecimal digits)."""
    return hashlib.sha256(f"{source}\x1f{scope}\x1f{key}".encode()).hexdigest()[:32]


def origin_of(record: SourceRecord) -> str:
    """Return what tells the source and scope of a record from others (16 hexadecimal digits)."""
    return hashlib.sha256(f"{record.source}\x1f{record.scope}".encode()).hexdigest()[:16]


def encode_body(record: SourceRecord) -> str:
    """Return the content of a source record as canonical JSON text."""
    if record.body:
        return record.body
    body: dict[str, Any] = {"class": record.class_name, "attributes": dict(record.attributes)}
    if record.name is not None:
        body["name"] = record.name
    if record.within:
        body["within"] = encode_within(record.within)
    if record.links:
        body["links"] = [encode_link(link) for link in record.links]
    if record.lifecycle:
        body["lifecycle"] = record.lifecycle
    if record.deleted:
        body["deleted"] = True
    if record.about:
        body["about"] = encode_reference(record.about)
    return canonical_json(body).decode()


def digest_of(body: str) -> str:
    """Return the digest by which an unchanged record is recognised (32 hexadecimal digits)."""
    return hashlib.sha256(body.encode()).hexdigest()[:32]


def decode_body(text: str) -> dict[str, Any]:
    """Return the fields of a stored body, as keyword arguments of `SourceRecord`."""
    body = orjson.loads(text)
    return {
        "class_name": body["class"],
        "name": body.get("name"),
        "attributes": body["attributes"],
        "within": decode_within(body.get("within", {})),
        "links": tuple(decode_link(link) for link in body.get("links", ())),
        "lifecycle": body.get("lifecycle"),
        "deleted": body.get("deleted", False),
        "about": decode_reference(body["about"]) if "about" in body else None,
    }


def encode_reference(reference: Reference) -> dict[str, Any]:
    """Return a reference as JSON values."""
    made: dict[str, Any] = {"class": reference.class_name, "values": dict(reference.values)}
    if reference.within:
        made["within"] = encode_within(reference.within)
    return made


def encode_within(within: Mapping[str, Reference]) -> dict[str, Any]:
    """Return references by role as JSON values."""
    return {role: encode_reference(reference) for role, reference in within.items()}


def decode_reference(body: Mapping[str, Any]) -> Reference:
    """Return the reference that `encode_reference` wrote."""
    return Reference(body["class"], body["values"], decode_within(body.get("within", {})))


def decode_within(body: Mapping[str, Any]) -> dict[str, Reference]:
    """Return the references that `encode_within` wrote."""
    return {role: decode_reference(reference) for role, reference in body.items()} if body else {}


_LINK_DEFAULTS: Mapping[str, Any] = {
    "reverse": False,
    "strength": None,
    "tolerates_seconds": None,
    "confidence": 1.0,
    "inferred_by": "",
    "discriminator": "",
    "denied": False,
}
_link_facts = attrgetter(*_LINK_DEFAULTS)
_NO_FACTS = tuple(_LINK_DEFAULTS.values())


def encode_link(link: Link) -> dict[str, Any]:
    """Return a link as JSON values, defaults left out."""
    made: dict[str, Any] = {"type": link.type, "other": encode_reference(link.other)}
    if _link_facts(link) == _NO_FACTS:
        return made
    for name, default in _LINK_DEFAULTS.items():
        value = getattr(link, name)
        if value != default:
            made[name] = value
    return made


def decode_link(body: Mapping[str, Any]) -> Link:
    """Return the link that `encode_link` wrote."""
    other = decode_reference(body["other"])
    if len(body) == 2:
        return Link(body["type"], other)
    rest = {name: body[name] for name in _LINK_DEFAULTS if name in body}
    return Link(body["type"], other, **rest)
