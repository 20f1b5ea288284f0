"""How do CIs come back from typed fields? As the same values that the services return."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cmdb.model.decoding import decode
from cmdb.model.inventory import CI
from cmdb.model.reports import CIList, NamedCI

_RENAMED = {
    "localId": "id",
    "createdAt": "created_at",
    "updatedAt": "updated_at",
    "mergedInto": "merged_into",
}


def read_ci(found: Mapping[str, Any]) -> CI:
    """Return a CI."""
    return decode(CI, _as_report(found))


def read_page(found: Mapping[str, Any]) -> CIList:
    """Return a page of CIs with the cursor of the next one."""
    info = found["pageInfo"]
    cis = tuple(decode(NamedCI, _as_report(node)) for node in found["nodes"])
    return CIList(cis, info["endCursor"] if info["hasNextPage"] else "")


def _as_report(found: Mapping[str, Any]) -> dict[str, Any]:
    values = {_RENAMED.get(name, name): value for name, value in found.items()}
    if "lifecycle" in values:
        values["lifecycle"] = str(values["lifecycle"]).lower()
    return values
