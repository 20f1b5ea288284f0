"""Which Service of the cluster does an environment value name?

A value may hold several addresses, each a host with or without scheme, user, port and path:
`cart`, `cart.shop`, `http://cart.shop.svc.cluster.local:7070/api`, `kafka-0.kafka:9092,kafka-1...`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

STATED: Final = 0.9
"""Confidence of an address with scheme, port or full name that fits the Service."""
LIKELY: Final = 0.8
"""Confidence of an address whose port the Service does not state."""
BARE: Final = 0.5
"""Confidence of a bare word that happens to be the name of a Service."""

_ADDRESS: Final = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.:-]{0,60}://)?"
    r"(?:[^/@\s]{0,500}@)?"
    r"(?P<host>[a-z0-9](?:[a-z0-9-]{0,62})(?:\.[a-z0-9](?:[a-z0-9-]{0,62})){0,12})\.?"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>[/?#]\S*)?",
    re.IGNORECASE,
)
_SEPARATORS: Final = re.compile(r"[\s,;|]+")
_PIECES_LIMIT: Final = 100


@dataclass(frozen=True, slots=True)
class Found:
    """A Service by namespace and name, and how sure that it is meant."""

    namespace: str
    name: str
    confidence: float


def find_services(
    value: str, namespace: str, services: Mapping[tuple[str, str], frozenset[int]]
) -> Iterator[Found]:
    """Yield the Services that a value names.

    Args:
        value: The environment value.
        namespace: Where the workload lives.
        services: Ports by namespace and name of every Service.
    """
    pieces = _SEPARATORS.split(value.strip())[:_PIECES_LIMIT]
    for piece in pieces:
        match = _ADDRESS.fullmatch(piece)
        if match is None or not (_is_marked(match) or (len(pieces) == 1 and not match["path"])):
            continue
        host = match["host"].lower()
        for candidate in _candidates(host, namespace):
            if candidate in services:
                yield Found(*candidate, _confidence(match, services[candidate]))
                break


def _is_marked(match: re.Match[str]) -> bool:
    """Return whether anything but its spelling says that this is an address."""
    return bool(match["scheme"] or match["port"] or "." in match["host"])


def _candidates(host: str, namespace: str) -> Iterator[tuple[str, str]]:
    labels = host.split(".")
    if "svc" in labels[1:]:
        labels = labels[: labels.index("svc", 1)]
        if len(labels) < 2:
            return
    if len(labels) == 1:
        yield namespace, labels[0]
    elif len(labels) == 2:
        yield labels[1], labels[0]
        yield namespace, labels[1]
    elif len(labels) == 3:
        yield labels[2], labels[1]


def _confidence(match: re.Match[str], ports: frozenset[int]) -> float:
    if match["port"] is not None:
        return STATED if int(match["port"]) in ports or not ports else LIKELY
    if match["scheme"] or ".svc" in match["host"].lower():
        return STATED
    return LIKELY if "." in match["host"] else BARE
