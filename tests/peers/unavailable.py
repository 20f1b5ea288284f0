"""What is raised when a server to test against cannot be had here?"""

from __future__ import annotations


class PeerUnavailable(Exception):
    """This computer cannot provide the server; the message says why."""
