"""Who asks, and what may they see?"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Visibility:
    """Which CIs a caller may read; every reading method of the store takes one.

    Attributes:
        sees_all: No restriction at all.
        teams: Ids of teams whose restricted CIs are visible.
    """

    sees_all: bool = False
    teams: frozenset[str] = frozenset()


SEES_ALL = Visibility(sees_all=True)
ROLES = ("viewer", "responder", "planner", "importer", "approver", "administrator")


@dataclass(frozen=True, slots=True)
class Caller:
    """On whose behalf a service works.

    Attributes:
        actor: Name for the log.
        roles: Some of `ROLES`.
        source: The only data source an importer may write, or empty for any.
        teams: Teams the actor belongs to.
    """

    actor: str
    roles: frozenset[str] = frozenset()
    source: str = ""
    teams: frozenset[str] = frozenset()

    @property
    def visibility(self) -> Visibility:
        """What the caller may read."""
        return Visibility("administrator" in self.roles, self.teams)
