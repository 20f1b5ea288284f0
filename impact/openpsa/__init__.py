"""Fault trees in the Open-PSA model exchange format: read from it, written to it."""

from impact.openpsa.model import Model
from impact.openpsa.reading import read_model
from impact.openpsa.writing import write_model

__all__ = ["Model", "read_model", "write_model"]
