"""How are tokens, registries, runs and retention dealt with in this process?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cmdb.services.context import Context

if TYPE_CHECKING:
    from cmdb.model.access import CreatedToken, Identity, NewToken, Token, TokenList
    from cmdb.model.records import Importer
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
    from cmdb.ports.requests import EditReason, UpsertRequest


class LocalAdministration:
    """`Administering` over a context of this process."""

    _context: Context
    _find_importer: Callable[[str], Importer]

    def whoami(self) -> Identity:
        """Return whom the service takes the caller for."""
        from cmdb.services.tokens import whoami

        return whoami(self._context)

    def create_token(self, new: NewToken, reason: EditReason) -> CreatedToken:
        """Make a token and return its secret, this once."""
        from cmdb.services.tokens import create_token

        return create_token(self._context, new, reason)

    def list_tokens(self) -> TokenList:
        """Return the tokens, revoked and expired ones included, newest first."""
        from cmdb.services.tokens import list_tokens

        return list_tokens(self._context)

    def revoke_token(self, token_id: str, reason: EditReason) -> Token:
        """Revoke a token: from now on it opens nothing."""
        from cmdb.services.tokens import revoke_token

        return revoke_token(self._context, token_id, reason)

    def list_types(self) -> TypesReport:
        """Return the registered relationship types."""
        from cmdb.services.registries import list_types

        return list_types(self._context)

    def show_class(self, name: str) -> ClassReport:
        """Return one registered class with its full definition."""
        from cmdb.services.registries import show_class

        return show_class(self._context, name)

    def register_class(self, definition: Mapping[str, Any], reason: EditReason) -> RegistryChange:
        """Register a CI class, or change one that was registered so."""
        from cmdb.services.registries import register_class

        return register_class(self._context, definition, reason)

    def register_type(self, definition: Mapping[str, Any], reason: EditReason) -> RegistryChange:
        """Register a relationship type, or change one that was registered so; raises alike."""
        from cmdb.services.registries import register_type

        return register_type(self._context, definition, reason)

    def upsert_records(self, request: UpsertRequest, reason: EditReason) -> UpsertReport:
        """Take records of a data source in: identified and reconciled as an import does it."""
        from cmdb.services.upsert_records import upsert_records

        importer = self._find_importer("records")
        return upsert_records(self._context, importer, request, reason)

    def list_runs(self, source: str = "", limit: int = 50) -> RunList:
        """Return runs of imports, newest first."""
        from cmdb.services.import_runs import list_runs

        return list_runs(self._context, source, limit)

    def find_run(self, run_id: str) -> RunReport:
        """Return one run of an import."""
        from cmdb.services.import_runs import find_run

        return find_run(self._context, run_id)

    def read_feed(self, after: int, limit: int = 100) -> FeedPage:
        """Return entries of the log after a revision, in order, as the caller may see them."""
        from cmdb.services.feed import read_feed

        return read_feed(self._context, after, limit)

    def log_figures(self) -> LogFigures:
        """Return the size of the log and of its checkpoints."""
        from cmdb.services.retention import log_figures

        return log_figures(self._context)

    def purge_payloads(
        self, revision: int, indexes: Sequence[int] | None, reason: EditReason
    ) -> RetentionReport:
        """Erase payloads of one entry (all where `indexes` is None); hashes stay."""
        from cmdb.services.retention import purge_payloads

        return purge_payloads(self._context, revision, indexes, reason)

    def set_retention(self, days: int, reason: EditReason) -> RetentionReport:
        """Set for how many days payloads are kept, 0 for ever."""
        from cmdb.services.retention import set_retention

        return set_retention(self._context, days, reason)

    def apply_retention(self, reason: EditReason) -> RetentionReport:
        """Erase payloads older than the policy says; an entry of the log tells of it."""
        from cmdb.services.retention import apply_retention

        return apply_retention(self._context, reason)
