"""Which component is it? Candidates for the cause of symptoms, each with its reasons."""

from impact.root_cause.model import (
    Candidate,
    RecentChange,
    RootCauses,
    Symptom,
    Terms,
    Weights,
)
from impact.root_cause.ranking import rank_causes

__all__ = [
    "Candidate",
    "RecentChange",
    "RootCauses",
    "Symptom",
    "Terms",
    "Weights",
    "rank_causes",
]
