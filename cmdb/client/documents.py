"""Which documents does the client send? One for each operation, all of them constants.

A server that takes only documents it trusts can therefore be given `ALL`.
"""

from __future__ import annotations

from collections.abc import Mapping

from cmdb.client.call import Document

_FAILURE = "... on Problem { code message facts }"


def _question(field: str, parameters: str = "") -> Document:
    """Return the document of a query that answers with a report; parameters as in the schema."""
    name = field[0].upper() + field[1:]
    if not parameters:
        return Document(name, field, f"query {name} {{ {field} {{ report }} }}")
    names = [each.split(":")[0].strip() for each in parameters.split(", ")]
    declared = ", ".join(f"${each}" for each in parameters.split(", "))
    passed = ", ".join(f"{each}: ${each}" for each in names)
    return Document(name, field, f"query {name}({declared}) {{ {field}({passed}) {{ report }} }}")


def _edit(field: str) -> Document:
    """Return the document of a mutation: one input object, and a success or a named error."""
    name = field[0].upper() + field[1:]
    text = (
        f"mutation {name}($input: {name}Input!) {{ {field}(input: $input) {{ "
        f"__typename ... on {name}Success {{ report }} {_FAILURE} }} }}"
    )
    return Document(name, field, text)


# Reading
CLASSES = _question("classes")
CI = _question("ci", "name: String!")
CIS = _question(
    "cis",
    "class: String, filter: CIFilter, sort: CISort, first: Int, after: String, "
    "includeRetired: Boolean",
)
HISTORY = _question("history", "name: String!, limit: Int")
SEARCH = _question("search", "text: String!, limit: Int")

# Impact
BLAST_RADIUS = _question("blastRadius", "cis: [String!]!, at: Moment, budget: Int")
EXPLAIN = _question("explain", "cis: [String!]!, hit: String!, at: Moment")
PREVIEW = _question("preview", "targets: [TargetInput!]!, startAt: DateTime!, endAt: DateTime!")
DIFF = _question("diff", "first: Moment!, second: Moment!, outages: [String!]")

# Log and installation
LOG = _question("log", "limit: Int, before: Int")
LOG_ENTRY = _question("logEntry", "revision: Int!")
ANCHOR = _question("anchor")
VERIFY_LOG = _question("verifyLog", "anchor: AnchorInput")
DOCTOR = _question("doctor")
LOG_FIGURES = _question("logFigures")
FEED = _question("feed", "after: Int!, limit: Int")

# Imports and data sources
FORMATS = _question("formats")
IMPORT_RUNS = _question("importRuns", "source: String, limit: Int")
IMPORT_RUN = _question("importRun", "id: ID!")
DATA_SOURCES = _question("dataSources")
RANK_SOURCE = _edit("rankSource")
UPSERT_RECORDS = _edit("upsertRecords")

# Edits by hand
CREATE_CI = _edit("createCi")
UPDATE_CI = _edit("updateCi")
RETIRE_CI = _edit("retireCi")
RESTORE_CI = _edit("restoreCi")
RELATE = _edit("relate")
UNRELATE = _edit("unrelate")
CREATE_GROUP = _edit("createGroup")

# Incidents, changes and kept previews
_PAGE = (
    "states: [String!], cis: [String!], fromAt: DateTime, toAt: DateTime, first: Int, after: String"
)
INCIDENT = _question("incident", "id: ID!")
INCIDENTS = _question("incidents", _PAGE)
OPEN_INCIDENT = _edit("openIncident")
UPDATE_INCIDENT = _edit("updateIncident")
CHANGE = _question("change", "id: ID!")
CHANGES = _question("changes", _PAGE)
PLAN_CHANGE = _edit("planChange")
UPDATE_CHANGE = _edit("updateChange")
KEPT_PREVIEW = _question("keptPreview", "id: ID!")
KEPT_PREVIEWS = _question("keptPreviews", _PAGE)
KEEP_PREVIEW = _edit("keepPreview")
COMPARE_PREVIEW = _question("comparePreview", "id: ID!")
CHANGES_NEAR = _question(
    "changesNear", "cis: [String!]!, sinceAt: DateTime!, hops: Int, limit: Int"
)

# Tokens, registries, retention
WHOAMI = _question("whoami")
TOKENS = _question("tokens")
CREATE_TOKEN = _edit("createToken")
REVOKE_TOKEN = _edit("revokeToken")
RELATIONSHIP_TYPES = _question("relationshipTypes")
CLASS = _question("class", "name: String!")
REGISTER_CLASS = _edit("registerClass")
REGISTER_TYPE = _edit("registerRelationshipType")
PURGE_PAYLOADS = _edit("purgePayloads")
SET_RETENTION = _edit("setRetention")
APPLY_RETENTION = _edit("applyRetention")

CHANGE_FEED = Document(
    "ChangeFeed",
    "changeFeed",
    "subscription ChangeFeed($after: Int) { changeFeed(after: $after) { report } }",
)

ALL: Mapping[str, Document] = {
    found.name: found for found in list(globals().values()) if isinstance(found, Document)
}
"""Every document by the name of its operation."""
