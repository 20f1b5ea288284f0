"""What can be written of incidents, changes, kept previews, tokens and retention?"""

from __future__ import annotations

import strawberry

from cmdb.model import access, incidents, planned_changes, practice_reports, system_reports
from cmdb.model.reports import plain
from cmdb.ports.requests import ChangeUpdate, IncidentUpdate, NewChange, NewIncident
from cmdb_graphql import inputs
from cmdb_graphql.context import Ask
from cmdb_graphql.ids import local_id
from cmdb_graphql.types import enums
from cmdb_graphql.types.results import (
    ChangeResult,
    ChangeWritten,
    CreateTokenResult,
    IncidentResult,
    IncidentWritten,
    PayloadsErased,
    PreviewKept,
    PreviewResult,
    RetentionResult,
    RevokeTokenResult,
    TokenCreated,
    TokenRevoked,
)
from cmdb_graphql.writing import as_type, reason_of, write


@strawberry.type
class PractisingMutation:
    """Writes of the practices and of the service itself; each is one entry of the log."""

    @strawberry.mutation
    async def open_incident(
        self,
        info: Ask,
        input: inputs.OpenIncidentInput,
    ) -> IncidentResult:
        """Record an incident; it enters every answer about impact."""
        operations, reason = info.context.operations, reason_of(info.context, input)

        def work() -> incidents.Incident:
            affected = tuple(each.asked() for each in input.affected)
            new = NewIncident(input.title, affected, input.description)
            return operations.open_incident(new, reason)

        return await write(info, work, _incident)

    @strawberry.mutation
    async def update_incident(
        self,
        info: Ask,
        input: inputs.UpdateIncidentInput,
    ) -> IncidentResult:
        """Change an incident, its state included."""
        operations, reason = info.context.operations, reason_of(info.context, input)

        def work() -> incidents.Incident:
            state = enums.word(input.state)
            given = input.affected
            affected = None if given is None else tuple(each.asked() for each in given)
            update = IncidentUpdate(
                state, input.title, input.description, affected, input.resolution
            )
            return operations.update_incident(local_id(input.incident, "Incident"), update, reason)

        return await write(info, work, _incident)

    @strawberry.mutation
    async def plan_change(
        self,
        info: Ask,
        input: inputs.PlanChangeInput,
    ) -> ChangeResult:
        """Record a change; scheduled, it enters others' previews."""
        operations, reason = info.context.operations, reason_of(info.context, input)

        def work() -> planned_changes.Change:
            targets = tuple(each.asked() for each in input.targets)
            window = input.start_at, input.end_at
            state = enums.word(input.state)
            new = NewChange(input.title, targets, *window, input.description, state)
            return operations.plan_change(new, reason)

        return await write(info, work, _change)

    @strawberry.mutation
    async def update_change(
        self,
        info: Ask,
        input: inputs.UpdateChangeInput,
    ) -> ChangeResult:
        """Change a change, its state included."""
        operations, reason = info.context.operations, reason_of(info.context, input)

        def work() -> planned_changes.Change:
            state = enums.word(input.state)
            given = input.targets
            targets = None if given is None else tuple(each.asked() for each in given)
            window = input.start_at, input.end_at
            update = ChangeUpdate(state, input.title, input.description, *window, targets)
            return operations.update_change(local_id(input.change, "Change"), update, reason)

        return await write(info, work, _change)

    @strawberry.mutation
    async def keep_preview(
        self,
        info: Ask,
        input: inputs.KeepPreviewInput,
    ) -> PreviewResult:
        """Preview a change and keep the answer with its revision."""
        operations, reason = info.context.operations, reason_of(info.context, input)

        def work() -> practice_reports.KeptPreview:
            targets = [each.asked() for each in input.targets]
            window = input.start_at, input.end_at
            change_id = local_id(input.change or "", "Change")
            return operations.keep_preview(input.title, targets, *window, reason, change_id)

        return await write(info, work, _preview)

    @strawberry.mutation
    async def create_token(
        self,
        info: Ask,
        input: inputs.CreateTokenInput,
    ) -> CreateTokenResult:
        """Make a token; its secret is shown this once."""
        operations, reason = info.context.operations, reason_of(info.context, input)

        def work() -> access.CreatedToken:
            roles = tuple(enums.word(role) for role in input.roles)
            teams, source = tuple(input.teams), input.source or ""
            new = access.NewToken(input.actor, roles, source, teams, input.expires_at)
            return operations.create_token(new, reason)

        return await write(info, work, _created)

    @strawberry.mutation
    async def revoke_token(
        self,
        info: Ask,
        input: inputs.RevokeTokenInput,
    ) -> RevokeTokenResult:
        """Revoke a token: from now on it opens nothing."""
        operations, reason = info.context.operations, reason_of(info.context, input)
        return await write(
            info, lambda: operations.revoke_token(local_id(input.token, "Token"), reason), _revoked
        )

    @strawberry.mutation
    async def purge_payloads(
        self,
        info: Ask,
        input: inputs.PurgePayloadsInput,
    ) -> RetentionResult:
        """Erase payloads of one entry of the log; hashes stay."""
        operations, reason = info.context.operations, reason_of(info.context, input)
        return await write(
            info, lambda: operations.purge_payloads(input.revision, input.indexes, reason), _erased
        )

    @strawberry.mutation
    async def set_retention(
        self,
        info: Ask,
        input: inputs.SetRetentionInput,
    ) -> RetentionResult:
        """Set for how many days payloads are kept, 0 for ever."""
        operations, reason = info.context.operations, reason_of(info.context, input)
        return await write(info, lambda: operations.set_retention(input.days, reason), _erased)

    @strawberry.mutation
    async def apply_retention(
        self,
        info: Ask,
        input: inputs.ApplyRetentionInput,
    ) -> RetentionResult:
        """Erase payloads older than the policy says."""
        operations, reason = info.context.operations, reason_of(info.context, input)
        return await write(info, lambda: operations.apply_retention(reason), _erased)


def _incident(made: incidents.Incident) -> IncidentWritten:
    return IncidentWritten(incident=as_type(made), report=plain(made))


def _change(made: planned_changes.Change) -> ChangeWritten:
    return ChangeWritten(change=as_type(made), report=plain(made))


def _preview(made: practice_reports.KeptPreview) -> PreviewKept:
    return PreviewKept(preview=as_type(made), report=plain(made))


def _created(made: access.CreatedToken) -> TokenCreated:
    return TokenCreated(token=as_type(made.token), secret=made.secret, report=plain(made))


def _revoked(made: access.Token) -> TokenRevoked:
    return TokenRevoked(token=as_type(made), report=plain(made))


def _erased(made: system_reports.RetentionReport) -> PayloadsErased:
    return PayloadsErased(
        days=made.days,
        entries=made.entries,
        payloads=made.payloads,
        revision=made.revision,
        report=plain(made),
    )
