"""Fault trees in the Open-PSA model exchange format: read from it, written to it."""

from impact.openpsa.model import Model
from impact.openpsa.naming import identifiers
from impact.openpsa.reading import read_model
from impact.openpsa.writing import gate_names, write_model

__all__ = ["Model", "gate_names", "identifiers", "read_model", "write_model"]
