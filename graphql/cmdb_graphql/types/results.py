"""What does a mutation answer? What was written, or a named refusal with a stable code."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import strawberry
from strawberry.scalars import JSON

from cmdb_graphql.types.cis import CI
from cmdb_graphql.types.cis import Relationship as RelationshipType
from cmdb_graphql.types.impact import KeptPreview
from cmdb_graphql.types.practices import Change, Incident
from cmdb_graphql.types.system import Token, UpsertResult


@strawberry.interface
class Refusal:
    """Nothing was written: why, for programs (`code`, `facts`) and for people (`message`)."""

    code: str
    message: str
    facts: JSON


@strawberry.type
class NotFound(Refusal):
    """What was named is not there, or its name is ambiguous."""


@strawberry.type
class Conflict(Refusal):
    """The world has moved since it was read: read again and decide again."""


@strawberry.type
class ValidationFailed(Refusal):
    """What was asked for cannot be done as it was said."""


@strawberry.type
class IllegalTransition(Refusal):
    """The state does not allow this move; `facts.legal` names the moves it allows."""


@strawberry.type
class Forbidden(Refusal):
    """The caller has no right to it."""


Refused: TypeAlias = NotFound | Conflict | ValidationFailed | IllegalTransition | Forbidden


@strawberry.type(name="CIWritten")
class CIWritten:
    """The CI as it stands now."""

    ci: CI
    report: JSON


@strawberry.type
class RelationshipWritten:
    """The relationship as it stands now."""

    relationship: RelationshipType
    report: JSON


@strawberry.type
class IncidentWritten:
    """The incident as it stands now."""

    incident: Incident
    report: JSON


@strawberry.type
class ChangeWritten:
    """The change as it stands now."""

    change: Change
    report: JSON


@strawberry.type
class PreviewKept:
    """The preview that was kept."""

    preview: KeptPreview
    report: JSON


@strawberry.type
class RegistryChanged:
    """A class or relationship type that was registered or changed."""

    kind: str
    name: str
    revision: int
    definition: JSON
    report: JSON


@strawberry.type
class RecordsUpserted:
    """What became of each record, in the order they were given."""

    revision: int
    results: list[UpsertResult]
    decided: JSON
    report: JSON


@strawberry.type
class TokenCreated:
    """A token with its secret: shown this once and kept nowhere."""

    token: Token
    secret: str
    report: JSON


@strawberry.type
class TokenRevoked:
    """A token that opens nothing any more."""

    token: Token
    report: JSON


@strawberry.type
class SourceRanked:
    """A data source that was ranked, and what that changed."""

    source: str
    before: int
    precedence: int
    is_known: bool
    nearest: list[str]
    records: int
    cis: int
    relationships: int
    first_revision: int
    last_revision: int
    report: JSON


@strawberry.type
class PayloadsErased:
    """What retention erased: entries and payloads; `days` is the policy, 0 for none."""

    days: int
    entries: int
    payloads: int
    revision: int
    report: JSON


CIResult = Annotated[CIWritten | Refused, strawberry.union("CIResult")]
RelationshipResult = Annotated[
    RelationshipWritten | Refused, strawberry.union("RelationshipResult")
]
IncidentResult = Annotated[IncidentWritten | Refused, strawberry.union("IncidentResult")]
ChangeResult = Annotated[ChangeWritten | Refused, strawberry.union("ChangeResult")]
PreviewResult = Annotated[PreviewKept | Refused, strawberry.union("PreviewResult")]
RegistryResult = Annotated[RegistryChanged | Refused, strawberry.union("RegistryResult")]
UpsertRecordsResult = Annotated[RecordsUpserted | Refused, strawberry.union("UpsertRecordsResult")]
CreateTokenResult = Annotated[TokenCreated | Refused, strawberry.union("CreateTokenResult")]
RevokeTokenResult = Annotated[TokenRevoked | Refused, strawberry.union("RevokeTokenResult")]
RankSourceResult = Annotated[SourceRanked | Refused, strawberry.union("RankSourceResult")]
RetentionResult = Annotated[PayloadsErased | Refused, strawberry.union("RetentionResult")]
