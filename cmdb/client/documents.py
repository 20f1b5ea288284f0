"""Which documents does the client send? One for each operation, all of them constants.

A server that takes only documents it trusts can therefore be given `ALL`.
"""

from __future__ import annotations

from collections.abc import Mapping

from cmdb.client.call import Document

_REFUSAL = "... on Refusal { code message facts }"
_CI = "localId class name lifecycle version attributes createdAt updatedAt mergedInto"
_NAMED = "localId class name lifecycle"


def _question(field: str, parameters: str = "", wanted: str = "report") -> Document:
    """Return the document of a query of one field; parameters as the schema writes them."""
    title = field[0].upper() + field[1:]
    if not parameters:
        return Document(title, field, f"query {title} {{ {field} {{ {wanted} }} }}")
    each = parameters.split(", ")
    declared = ", ".join(f"${parameter}" for parameter in each)
    passed = ", ".join(f"{part}: ${part}" for part in (p.split(":")[0] for p in each))
    text = f"query {title}({declared}) {{ {field}({passed}) {{ {wanted} }} }}"
    return Document(title, field, text)


def _edit(field: str, success: str, given: str = "") -> Document:
    """Return the document of a mutation: one input object, and a success or a refusal."""
    title = field[0].upper() + field[1:]
    text = (
        f"mutation {title}($input: {given or title + 'Input'}!) {{ {field}(input: $input) {{ "
        f"... on {success} {{ report }} {_REFUSAL} }} }}"
    )
    return Document(title, field, text)


# Inventory
CLASSES = _question("classes")
CI = _question("ci", "id: ID!", _CI)
CI_DETAILS = _question("ciDetails", "id: ID!")
CIS = _question(
    "cis",
    "class: String!, filter: CIFilter, sort: CISort, first: Int!, after: String, "
    "includeRetired: Boolean!",
    f"nodes {{ {_NAMED} }} pageInfo {{ hasNextPage endCursor }}",
)
HISTORY = Document(
    "History",
    "ci",
    "query History($id: ID!, $first: Int!) { ci(id: $id) { history(first: $first) { report } } }",
)
SEARCH = _question("search", "text: String!, first: Int!")

# Impact
BLAST_RADIUS = _question("blastRadius", "cis: [String!]!, at: Moment, budget: Int")
EXPLAIN = _question("explain", "cis: [String!]!, hit: String!, at: Moment")
PREVIEW = _question(
    "preview",
    "targets: [TargetInput!], startAt: DateTime, endAt: DateTime, change: String",
)
DIFF = _question("diff", "first: Moment!, second: Moment!, outages: [String!]")

# Failures in the long run
AVAILABILITY = _question(
    "availability",
    "cis: [String!], targetPercent: Float, periodHours: Float, planned: PlannedMode, "
    "fromAt: DateTime, commonCauses: [CommonCauseInput!], first: Int!, after: String",
)
SPOF = _question("spof", "cis: [String!]")
IMPORTANCE = _question("importance", "ci: String!, first: Int!, fussellVesely: Boolean!")
CUT_SETS = _question("cutSets", "ci: String!, largest: Int!, first: Int!")
STRUCTURE = _question("structure", "ci: String!, first: Int!, withOpenPsa: Boolean!")
ROOT_CAUSE = _question(
    "rootCause",
    "symptoms: [AffectedCIInput!], incident: String, healthy: [String!], onsetAt: DateTime, "
    "asKnownNow: Boolean!, hours: Float!, first: Int!",
)
WHAT_IF = _question("whatIf", "edits: [WhatIfEditInput!]!, cis: [String!]")
CONFLICTS = _question("conflicts", "startAt: DateTime, endAt: DateTime, change: String")

# Log and installation
LOG = _question("log", "first: Int!, before: Int")
LOG_ENTRY = _question("logEntry", "revision: Int!")
ANCHOR = _question("anchor")
VERIFY_LOG = _question("verifyLog", "anchor: String, after: String, first: Int")
DOCTOR = _question("doctor")
LOG_FIGURES = _question("logFigures")
FEED = _question("feed", "after: Int!, first: Int!")
CHANGE_FEED = Document(
    "ChangeFeed",
    "changeFeed",
    "subscription ChangeFeed($after: Int) { changeFeed(after: $after) { report } }",
)

# Imports and data sources
FORMATS = _question("formats", wanted="name summary")
IMPORT_RUNS = _question("importRuns", "source: String!, first: Int!")
IMPORT_RUN = _question("importRun", "id: ID!")
DATA_SOURCES = _question("dataSources")
RANK_SOURCE = _edit("rankSource", "SourceRanked")
UPSERT_RECORDS = _edit("upsertRecords", "RecordsUpserted")

# Edits by hand
ADD_CI = _edit("addCi", "CIWritten", "AddCIInput")
SET_ATTRIBUTES = _edit("setAttributes", "CIWritten")
RETIRE_CI = _edit("retireCi", "CIWritten", "CIInput")
RESTORE_CI = _edit("restoreCi", "CIWritten", "CIInput")
ADD_RELATIONSHIP = _edit("addRelationship", "RelationshipWritten")
REMOVE_RELATIONSHIP = _edit("removeRelationship", "RelationshipWritten")
ADD_GROUP = _edit("addGroup", "CIWritten")

# Incidents, changes and kept previews
_PAGE = "cis: [String!], fromAt: DateTime, toAt: DateTime, first: Int!, after: String"
INCIDENT = _question("incident", "id: ID!")
INCIDENTS = _question("incidents", f"states: [IncidentState!], {_PAGE}")
OPEN_INCIDENT = _edit("openIncident", "IncidentWritten")
UPDATE_INCIDENT = _edit("updateIncident", "IncidentWritten")
CHANGE = _question("change", "id: ID!")
CHANGES = _question("changes", f"states: [ChangeState!], {_PAGE}")
PLAN_CHANGE = _edit("planChange", "ChangeWritten")
UPDATE_CHANGE = _edit("updateChange", "ChangeWritten")
KEPT_PREVIEW = _question("keptPreview", "id: ID!")
PREVIEWS = _question("previews", _PAGE)
KEEP_PREVIEW = _edit("keepPreview", "PreviewKept")
COMPARE_PREVIEW = _question("comparePreview", "id: ID!")
CHANGES_NEAR = _question(
    "changesNear", "cis: [String!]!, sinceAt: DateTime!, hops: Int!, first: Int!"
)

# Tokens, registries, retention
WHOAMI = _question("whoami")
TOKENS = _question("tokens")
CREATE_TOKEN = _edit("createToken", "TokenCreated")
REVOKE_TOKEN = _edit("revokeToken", "TokenRevoked")
RELATIONSHIP_TYPES = _question("relationshipTypes")
CLASS = _question("class", "name: String!")
REGISTER_CLASS = _edit("registerClass", "RegistryChanged", "DefinitionInput")
REGISTER_TYPE = _edit("registerRelationshipType", "RegistryChanged", "DefinitionInput")
PURGE_PAYLOADS = _edit("purgePayloads", "PayloadsErased")
SET_RETENTION = _edit("setRetention", "PayloadsErased")
APPLY_RETENTION = _edit("applyRetention", "PayloadsErased")

ALL: Mapping[str, Document] = {
    found.name: found for found in list(globals().values()) if isinstance(found, Document)
}
"""Every document by the name of its operation."""
