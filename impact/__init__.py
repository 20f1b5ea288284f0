"""The impact engine: pure questions over one immutable topology."""

from impact.blast_radius import BlastRadius, Trust, blast_radius
from impact.diff import ImpactDiff, ServiceChange, diff_impact
from impact.errors import ImpactError, InvalidBudget, InvalidOutage, InvalidTopology, UnknownNode
from impact.evidence import Step
from impact.explanation import Account, Explanation, GateCount, explain
from impact.gates import GateFigures
from impact.hits import Hit
from impact.model import Assumption, Outage, Problem, State, Strength
from impact.patching import EdgeArrays, Patch
from impact.propagation import States, propagate
from impact.reach import reachable
from impact.single_points import SinglePoints, single_points
from impact.timeline import Slice, Timeline, timeline
from impact.topology import Topology
from impact.views import Standing, Worlds

__all__ = [
    "Account",
    "Assumption",
    "BlastRadius",
    "EdgeArrays",
    "Explanation",
    "GateCount",
    "GateFigures",
    "Hit",
    "ImpactDiff",
    "ImpactError",
    "InvalidBudget",
    "InvalidOutage",
    "InvalidTopology",
    "Outage",
    "Patch",
    "Problem",
    "ServiceChange",
    "SinglePoints",
    "Slice",
    "Standing",
    "State",
    "States",
    "Step",
    "Strength",
    "Timeline",
    "Topology",
    "Trust",
    "UnknownNode",
    "Worlds",
    "blast_radius",
    "diff_impact",
    "explain",
    "propagate",
    "reachable",
    "single_points",
    "timeline",
]
