"""The impact engine: pure questions over one immutable topology."""

from impact.errors import ImpactError, InvalidBudget, InvalidOutage, InvalidTopology, UnknownNode
from impact.model import Assumption, Outage, Problem, State, Strength
from impact.propagation import States, propagate
from impact.reach import reachable
from impact.topology import Topology

__all__ = [
    "Assumption",
    "ImpactError",
    "InvalidBudget",
    "InvalidOutage",
    "InvalidTopology",
    "Outage",
    "Problem",
    "State",
    "States",
    "Strength",
    "Topology",
    "UnknownNode",
    "propagate",
    "reachable",
]
