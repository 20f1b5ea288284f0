"""How does the server tell what it does? One JSON document a line, on stderr.

A line never holds a token, a body, a query string or the text of a document.
"""

from __future__ import annotations

import logging
import sys
from typing import Any, TextIO

import structlog

_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
]


def configure_log(stream: TextIO | None = None) -> None:
    """Send everything that is logged, by libraries too, to a stream as lines of JSON."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    # It would tell query strings; each request has a line of ours.
    logging.getLogger("uvicorn.access").setLevel(logging.WARNING)
    # The driver says at every reconnection what our own errors say once.
    logging.getLogger("neo4j").setLevel(logging.ERROR)
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def log() -> Any:
    """Return the log of the server."""
    return structlog.get_logger("cmdb.server")
