"""How available are services in the long run, by what they rely on and how that fails?"""

from impact.availability.computing import availabilities, service_availability
from impact.availability.figures import (
    COMMON_CAUSE_OF,
    CommonCause,
    Events,
    cause_probability,
    read_events,
)
from impact.availability.model import AvailabilityTerms, Maintenance, ServiceAvailability
from impact.availability.reliance import Reliance, reliance
from impact.availability.structures import Structure, StructureBuilder
from impact.availability.target import TargetMissed, target_missed

__all__ = [
    "COMMON_CAUSE_OF",
    "AvailabilityTerms",
    "CommonCause",
    "Events",
    "Maintenance",
    "Reliance",
    "ServiceAvailability",
    "Structure",
    "StructureBuilder",
    "TargetMissed",
    "availabilities",
    "cause_probability",
    "read_events",
    "reliance",
    "service_availability",
    "target_missed",
]
