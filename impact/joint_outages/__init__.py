"""Which causes, harmless alone, harm a service together?"""

from impact.joint_outages.computing import joint_outages
from impact.joint_outages.model import Cause, Conflict, JointEffect, JointOutages
from impact.joint_outages.moments import LeftGate, Span

__all__ = [
    "Cause",
    "Conflict",
    "JointEffect",
    "JointOutages",
    "LeftGate",
    "Span",
    "joint_outages",
]
