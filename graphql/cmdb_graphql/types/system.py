"""How are registries, imports, data sources, tokens and checks told?"""

from __future__ import annotations

from datetime import datetime

import strawberry
from strawberry.scalars import JSON

from cmdb.model import access, system_reports
from cmdb_graphql.types.common import Node, as_json, node_id, plain_id, whole_report
from cmdb_graphql.types.enums import Role


@strawberry.type(name="ClassSummary")
class ClassSummary:
    """A registered class with the number of its CIs; `parent` is empty at the top."""

    name: str
    layer: str
    parent: str
    rules: list[str]
    count: int
    summary: str


@strawberry.type
class ClassList:
    """The registered classes, by layer and name."""

    classes: list[ClassSummary]
    report: JSON = whole_report()


@strawberry.type(name="CIClass")
class CIClass:
    """One registered class with its full definition, inherited attributes included."""

    name: str
    definition: JSON
    attributes: JSON
    is_shipped: bool
    report: JSON = whole_report()


@strawberry.type
class RelationshipType:
    """A registered relationship type."""

    name: str
    summary: str
    bears_on_impact: bool
    definition: JSON


@strawberry.type
class RelationshipTypeList:
    """The registered relationship types, by name."""

    types: list[RelationshipType]
    report: JSON = whole_report()


@strawberry.type
class Format:
    """What can be imported."""

    name: str
    summary: str


@strawberry.type
class ImportRun(Node):
    """One run of an import; `report` is that of the import once it has finished."""

    id: strawberry.ID = node_id("ImportRun")
    local_id: str = plain_id()
    source: str
    scope: str
    format: str
    state: str
    phase: str
    done: int
    started_at: datetime
    ended_at: datetime | None
    is_complete: bool
    error: JSON

    @strawberry.field(description="What the import reports at its end.")
    def result(self: system_reports.RunReport) -> JSON:
        """Return the report of the import."""
        return as_json(dict(self.report))

    report: JSON = whole_report()

    @classmethod
    def is_type_of(cls, value: object, _: object) -> bool:
        """Return whether a value is shown as this type."""
        return isinstance(value, system_reports.RunReport)


@strawberry.type
class ImportRunList:
    """Import runs, newest first."""

    runs: list[ImportRun]
    report: JSON = whole_report()


@strawberry.type
class DataSource:
    """A data source; where several differ, the one of higher precedence wins."""

    name: str
    precedence: int
    is_default: bool
    records: int
    last_finished_at: datetime | None


@strawberry.type
class DataSourceList:
    """The data sources, the highest precedence first."""

    sources: list[DataSource]
    report: JSON = whole_report()


@strawberry.type
class Token(Node):
    """A token as it may be shown: everything but the secret."""

    id: strawberry.ID = node_id("Token")
    local_id: str = plain_id()
    version: int
    actor: str
    roles: list[Role]
    source: str
    teams: list[str]
    created_at: datetime
    created_by: str
    expires_at: datetime
    revoked_at: datetime | None
    report: JSON = whole_report()

    @classmethod
    def is_type_of(cls, value: object, _: object) -> bool:
        """Return whether a value is shown as this type."""
        return isinstance(value, access.Token)


@strawberry.type
class TokenList:
    """The tokens, newest first."""

    tokens: list[Token]
    report: JSON = whole_report()


@strawberry.type
class Identity:
    """Who the service takes the caller for."""

    actor: str
    roles: list[Role]
    source: str
    teams: list[str]
    report: JSON = whole_report()


@strawberry.type
class Check:
    """One thing that the doctor looked at; `outcome` is `ok`, `warning` or `failure`."""

    name: str
    outcome: str
    message: str
    hint: str


@strawberry.type
class Doctor:
    """Everything that the doctor looked at."""

    checks: list[Check]
    has_failed: bool
    report: JSON = whole_report()


@strawberry.type
class UpsertResult:
    """What became of one record."""

    key: str
    verdict: str
    ci: str
    problems: list[str]
