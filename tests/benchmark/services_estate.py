"""A seeded estate of services on shared machines, as a topology with figures of availability.

Services rely on components, components on virtual machines or other components, these on hosts,
hosts on racks with two feeds and on a pair of switches. Machines and components are shared across
groups and services; of the components with several providers, a fifth needs k of n.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field

import numpy as np

from impact import Strength, Topology

K_OF_N_SHARE = 0.2
SMALLEST_CONE, LARGEST_CONE = 6, 2_000
LARGEST_SHARE = 1 / 50
"""No cone takes up more of a small estate."""
CONE_OF_A_RACK = 9
"""A service of fewer CIs needs no machine: it is what a rack offers."""
CLASS_FIGURES = {  # mean hours up, hours to repair
    "service": (50_000.0, 1.0),
    "component": (2_000.0, 1.0),
    "vm": (4_000.0, 0.5),
    "host": (20_000.0, 6.0),
    "switch": (60_000.0, 4.0),
    "rack": (500_000.0, 8.0),
    "feed": (40_000.0, 3.0),
}


@dataclass(slots=True)
class _Draft:
    """Nodes and edges while they are drawn."""

    kinds: list[str] = field(default_factory=list)
    edges: list[tuple[int, int, Strength]] = field(default_factory=list)
    providers: dict[int, list[int]] = field(default_factory=dict)
    k_min: dict[int, int] = field(default_factory=dict)

    def add(self, kind: str) -> int:
        """Return a new node."""
        self.kinds.append(kind)
        return len(self.kinds) - 1

    def rely(self, node: int, providers: list[int]) -> None:
        """Make a node rely on all of some providers."""
        self.edges += [(node, provider, Strength.HARD) for provider in providers]
        self.providers.setdefault(node, []).extend(providers)

    def rely_on_some(self, node: int, k: int, members: list[int]) -> None:
        """Make a node rely on a group of which k are needed."""
        group = self.add("group")
        self.k_min[group] = k
        self.rely(node, [group])
        self.edges += [(group, member, Strength.GATE) for member in members]
        self.providers[group] = members

    def cone(self, nodes: list[int]) -> set[int]:
        """Return some nodes and all that they rely on, groups left out."""
        found = set(nodes)
        stack = list(nodes)
        while stack:
            for provider in self.providers.get(stack.pop(), ()):
                if provider not in found:
                    found.add(provider)
                    stack.append(provider)
        return {node for node in found if self.kinds[node] != "group"}


def services_estate(count: int, services: int, seed: int = 11) -> Topology:
    """Return an estate of about `count` CIs of which `services` are services."""
    draw = random.Random(seed)
    draft = _Draft()
    hosts = _plant(draft, draw, max(8, count // 40))
    machines = [
        _machine(draft, _near(draw, hosts, n / (count // 2), 30)) for n in range(count // 2)
    ]
    made = len(draft.kinds)
    components = _components(draft, draw, machines, max(services, count - made - services))
    largest = min(LARGEST_CONE, round(count * LARGEST_SHARE))
    for number in range(services):
        wanted = SMALLEST_CONE * (largest / SMALLEST_CONE) ** (number / services)
        _service(draft, draw, components, wanted)
    return _topology(draft)


def _plant(draft: _Draft, draw: random.Random, count: int) -> list[int]:
    """Return hosts in racks; a rack has two feeds of four a room, a row shares two switches."""
    hosts = []
    feeds: list[int] = []
    switches: list[int] = []
    for number in range(count):
        if number % 160 == 0:
            feeds = [draft.add("feed") for _ in range(4)]
        if number % 40 == 0:
            switches = [draft.add("switch") for _ in range(2)]
        if number % 20 == 0:
            rack = draft.add("rack")
            draft.rely_on_some(rack, 1, draw.sample(feeds, 2))
        host = draft.add("host")
        draft.rely(host, [rack])
        draft.rely_on_some(host, 1, switches)
        hosts.append(host)
    return hosts


def _machine(draft: _Draft, host: int) -> int:
    machine = draft.add("vm")
    draft.rely(machine, [host])
    return machine


def _near(draw: random.Random, pool: list[int], place: float, reach: int) -> int:
    """Return one of a pool around a place in [0, 1): what works together stands together."""
    middle = int(place * len(pool))
    return pool[max(0, min(len(pool) - 1, middle + draw.randint(-reach, reach)))]


def _components(draft: _Draft, draw: random.Random, machines: list[int], count: int) -> list[int]:
    """Return components: each relies on machines near it or on earlier components."""
    made: list[int] = []
    for number in range(count):
        component = draft.add("component")
        size = draw.choice((1, 2, 2, 3, 3, 4, 5))
        if made and draw.random() < 0.35:
            pool = made[max(0, number - 60) : number]
            providers = draw.sample(pool, min(size, len(pool)))
        else:
            place = number / count
            providers = sorted({_near(draw, machines, place, 40) for _ in range(size)})
        if len(providers) > 1 and draw.random() < K_OF_N_SHARE:
            k = draw.randint(1, len(providers) - 1)
            draft.rely_on_some(component, k, providers)
        else:
            draft.rely(component, providers)
        made.append(component)
    return made


def _service(draft: _Draft, draw: random.Random, components: list[int], wanted: float) -> None:
    """Add a service over as many tiers as its cone needs; three tiers make a subsystem."""
    service = draft.add("service")
    if wanted < CONE_OF_A_RACK:
        host = draw.choice([node for node, kind in enumerate(draft.kinds) if kind == "host"])
        draft.rely(service, draft.providers[host])
        return
    cone: set[int] = set()
    tier = 0
    while len(cone) < wanted:
        if tier % 3 == 0:
            start = draw.randrange(len(components))
            near = [components[(start + step) % len(components)] for step in range(12)]
        members = draw.sample(near, draw.choice((2, 2, 3)))
        widened = cone | draft.cone(members)
        tier += 1
        if len(widened) < LARGEST_CONE:
            cone = widened
            draft.rely_on_some(service, max(1, len(members) - 1), members)


def _topology(draft: _Draft) -> Topology:
    up = np.array([CLASS_FIGURES.get(kind, (math.inf, 1.0)) for kind in draft.kinds])
    q = np.where(np.isinf(up[:, 0]), 0.0, up[:, 1] / (up[:, 0] + up[:, 1]))
    is_gate = np.array([kind == "group" for kind in draft.kinds])
    return Topology.build(
        ids=[f"{kind}-{number}" for number, kind in enumerate(draft.kinds)],
        dependents=np.array([edge[0] for edge in draft.edges], dtype=np.int32),
        providers=np.array([edge[1] for edge in draft.edges], dtype=np.int32),
        strengths=np.array([int(edge[2]) for edge in draft.edges], dtype=np.uint8),
        is_service=np.array([kind == "service" for kind in draft.kinds]),
        is_gate=is_gate,
        k_min=np.array([draft.k_min.get(node, 0) for node in range(len(draft.kinds))]),
        q=q,
        mttr_hours=up[:, 1],
    )
