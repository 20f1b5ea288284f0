"""What does a mutation take? One input object each, with key, version and reason of the edit."""

from __future__ import annotations

from datetime import datetime

import strawberry
from strawberry.scalars import JSON

from cmdb.ports.requests import NewAffected, SharedCause, Target, WhatIfEdit
from cmdb_graphql.ids import local_id
from cmdb_graphql.types.enums import (
    ChangeState,
    IncidentEffect,
    IncidentState,
    Role,
    TargetEffect,
    WhatIfKind,
    word,
)


@strawberry.input
class Edit:
    """What every edit says of itself."""

    idempotency_key: str | None = strawberry.field(
        default=None, description="A retry with the same key returns the first answer."
    )
    reason: str = strawberry.field(default="", description="In a few words, for the log.")


@strawberry.input
class VersionedEdit(Edit):
    """An edit of what was read before."""

    expected_version: int | None = strawberry.field(
        default=None, description="Refuse unless it still has this version."
    )


@strawberry.input(name="AddCIInput")
class AddCI(Edit):
    """A CI to record; `within` names, by role, the CIs it is identified within."""

    class_name: str = strawberry.field(name="class")
    name: str
    attributes: JSON | None = None
    within: JSON | None = None


@strawberry.input
class SetAttributesInput(VersionedEdit):
    """Values to set by hand; null takes a manual value back."""

    ci: str
    values: JSON


@strawberry.input(name="CIInput")
class OneCI(VersionedEdit):
    """A CI by id, name or `Class/name`."""

    ci: str


@strawberry.input
class AddRelationshipInput(VersionedEdit):
    """A relationship to record: `dependent` relies on `provider`; version 0: not on record yet."""

    type: str
    dependent: str
    provider: str
    strength: str | None = None
    tolerates_seconds: float | None = None


@strawberry.input
class RemoveRelationshipInput(VersionedEdit):
    """A relationship to end."""

    id: str


@strawberry.input
class AddGroupInput(Edit):
    """A redundancy group to record."""

    name: str
    members: list[str]
    k_min: int = strawberry.field(description="Members needed not to be DOWN.")
    k_full: int | None = strawberry.field(default=None, description="Members needed to be UP.")
    mode: str | None = None
    owner: str | None = strawberry.field(default=None, description="The CI that depends on it.")


@strawberry.input
class DefinitionInput(VersionedEdit):
    """A CI class or relationship type to register, or to change."""

    definition: JSON


@strawberry.input
class UpsertRecordsInput(Edit):
    """Records of one data source, in the shape of the `records` format, at most 1,000."""

    source: str
    records: list[JSON]
    scope: JSON | None = None
    observed_at: datetime | None = None


@strawberry.input(name="AffectedCIInput")
class AffectedInput:
    """A CI that an incident affects; what it says of that CI already stays unless given."""

    ci: str
    effect: IncidentEffect | None = strawberry.field(
        default=None, description="Without one, as before; of a CI that is new to it, an outage."
    )
    onset_at: datetime | None = strawberry.field(
        default=None, description="Without one, as before; of a CI that is new to it, now."
    )

    def asked(self) -> NewAffected:
        """Return it as the operations take it."""
        effect = None if self.effect is None else word(self.effect)
        return NewAffected(local_id(self.ci), effect, self.onset_at)


@strawberry.input
class OpenIncidentInput(Edit):
    """An incident to record."""

    title: str
    affected: list[AffectedInput]
    description: str = ""


@strawberry.input
class UpdateIncidentInput(VersionedEdit):
    """What is to change about an incident; what is absent stays as it is."""

    incident: str
    state: IncidentState | None = None
    title: str | None = None
    description: str | None = None
    affected: list[AffectedInput] | None = None
    resolution: str | None = None


@strawberry.input
class TargetInput:
    """What a change does to one CI; without times of its own, during the whole change."""

    ci: str
    effect: TargetEffect = TargetEffect.OUTAGE
    start_at: datetime | None = None
    end_at: datetime | None = None

    def asked(self) -> Target:
        """Return it as the operations take it."""
        return Target(local_id(self.ci), word(self.effect), self.start_at, self.end_at)


@strawberry.input
class WhatIfEditInput:
    """One thing that would be otherwise.

    `REPLICA`: a second CI, on `to` in place of a `provider` if one is given. `MOVE`: `ci` relies
    on `to` in place of `provider`. `DROP`: it relies on `provider` no more. `REMOVE`: it is gone.
    """

    kind: WhatIfKind
    ci: str
    provider: str = ""
    to: str = ""

    def asked(self) -> WhatIfEdit:
        """Return it as the operations take it."""
        ends = (local_id(each) for each in (self.ci, self.provider, self.to))
        return WhatIfEdit(word(self.kind), *ends)


@strawberry.input
class CommonCauseInput:
    """What takes down members of a group together: `beta` where all are alike, else `sharedQ`."""

    group: str
    beta: float | None = strawberry.field(
        default=None, description="Share of a member's own unavailability, in [0, 1]."
    )
    shared_q: float | None = strawberry.field(
        default=None, description="Probability of the shared cause itself."
    )

    def asked(self) -> SharedCause:
        """Return it as the operations take it."""
        return SharedCause(local_id(self.group), self.beta, self.shared_q)


@strawberry.input
class PlanChangeInput(Edit):
    """A change to record."""

    title: str
    targets: list[TargetInput]
    start_at: datetime
    end_at: datetime
    description: str = ""
    state: ChangeState = ChangeState.DRAFT


@strawberry.input
class UpdateChangeInput(VersionedEdit):
    """What is to change about a change; what is absent stays as it is."""

    change: str
    state: ChangeState | None = None
    title: str | None = None
    description: str | None = None
    start_at: datetime | None = None
    end_at: datetime | None = None
    targets: list[TargetInput] | None = None


@strawberry.input
class KeepPreviewInput(Edit):
    """A preview to keep, of targets in a window or of a recorded change."""

    title: str
    targets: list[TargetInput] = strawberry.field(default_factory=list)
    start_at: datetime | None = None
    end_at: datetime | None = None
    change: str | None = None


@strawberry.input
class CreateTokenInput(Edit):
    """A token to make; without an end it lives as long as is allowed by default."""

    idempotency_key: str | None = strawberry.field(
        default=None,
        description=(
            "A retry with the same key makes no second token: it is a CONFLICT that names the "
            "first, whose secret is not shown again."
        ),
    )
    actor: str
    roles: list[Role]
    source: str | None = None
    teams: list[str] = strawberry.field(default_factory=list)
    expires_at: datetime | None = None


@strawberry.input
class RevokeTokenInput(VersionedEdit):
    """A token to revoke."""

    token: str


@strawberry.input
class RankSourceInput(Edit):
    """A data source to rank: where several differ, the higher precedence wins."""

    source: str
    precedence: int


@strawberry.input
class PurgePayloadsInput(Edit):
    """Payloads of one entry of the log to erase; without indexes, all of them."""

    revision: int
    indexes: list[int] | None = None


@strawberry.input
class SetRetentionInput(Edit):
    """For how many days payloads are kept, 0 for ever."""

    days: int


@strawberry.input
class ApplyRetentionInput(Edit):
    """Erase what the policy no longer keeps."""
