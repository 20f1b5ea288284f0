"""Structure functions: when does a top event hold, how likely is it, and what brings it about?"""

from impact.structure.building import TreeBuilder
from impact.structure.cores import Limits
from impact.structure.evaluation import Share
from impact.structure.importance import Importance, measure_importance
from impact.structure.solution import Budget, Method, Probability
from impact.structure.solving import Solver
from impact.structure.tree import FALSE, TRUE, FaultTree, Gate, Op

__all__ = [
    "FALSE",
    "TRUE",
    "Budget",
    "FaultTree",
    "Gate",
    "Importance",
    "Limits",
    "Method",
    "Op",
    "Probability",
    "Share",
    "Solver",
    "TreeBuilder",
    "measure_importance",
]
