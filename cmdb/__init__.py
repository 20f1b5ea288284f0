"""A graph-based CMDB and impact analysis service."""

__version__ = "0.1.0"
