"""What can a user do with tokens, registries, runs, the feed of changes and retention?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from cmdb.ports.requests import EditReason, UpsertRequest

if TYPE_CHECKING:
    from cmdb.model.access import CreatedToken, Identity, NewToken, Token, TokenList
    from cmdb.model.system_reports import (
        ClassReport,
        FeedPage,
        LogFigures,
        RegistryChange,
        RetentionReport,
        RunList,
        RunReport,
        TypesReport,
        UpsertReport,
    )


class Administering(Protocol):
    """What keeps the service itself in order."""

    def whoami(self) -> Identity:
        """Return whom the service takes the caller for."""
        ...

    def create_token(self, new: NewToken, reason: EditReason) -> CreatedToken:
        """Make a token and return its secret, this once.

        Raises:
            Forbidden: Only administrators make tokens.
            BadValue: An unknown role, a missing source for an importer, or an end in the past.
        """
        ...

    def list_tokens(self) -> TokenList:
        """Return the tokens, revoked and expired ones included, newest first."""
        ...

    def revoke_token(self, token_id: str, reason: EditReason) -> Token:
        """Revoke a token: from now on it opens nothing."""
        ...

    def list_types(self) -> TypesReport:
        """Return the registered relationship types."""
        ...

    def show_class(self, name: str) -> ClassReport:
        """Return one registered class with its full definition."""
        ...

    def register_class(self, definition: Mapping[str, Any], reason: EditReason) -> RegistryChange:
        """Register a CI class, or change one that was registered so.

        Raises:
            BadValue: A cycle of parents, or CIs on record would no longer fit.
        """
        ...

    def register_type(self, definition: Mapping[str, Any], reason: EditReason) -> RegistryChange:
        """Register a relationship type, or change one that was registered so; raises alike."""
        ...

    def upsert_records(self, request: UpsertRequest, reason: EditReason) -> UpsertReport:
        """Take records of a data source in: identified and reconciled as an import does it."""
        ...

    def list_runs(self, source: str = "", limit: int = 50) -> RunList:
        """Return runs of imports, newest first."""
        ...

    def find_run(self, run_id: str) -> RunReport:
        """Return one run of an import.

        Raises:
            UnknownRecord: There is none of that id.
        """
        ...

    def read_feed(self, after: int, limit: int = 100) -> FeedPage:
        """Return entries of the log after a revision, in order, as the caller may see them."""
        ...

    def log_figures(self) -> LogFigures:
        """Return the size of the log and of its checkpoints."""
        ...

    def purge_payloads(
        self, revision: int, indexes: Sequence[int] | None, reason: EditReason
    ) -> RetentionReport:
        """Erase payloads of one entry (all where `indexes` is None); hashes stay."""
        ...

    def set_retention(self, days: int, reason: EditReason) -> RetentionReport:
        """Set for how many days payloads are kept, 0 for ever."""
        ...

    def apply_retention(self, reason: EditReason) -> RetentionReport:
        """Erase payloads older than the policy says; an entry of the log tells of it."""
        ...
