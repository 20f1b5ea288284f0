"""A few values as the services return them, and the same as a server sends them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from cmdb.model.inventory import CI
from cmdb.model.log_reports import Anchor, Revision
from cmdb.model.reports import plain
from cmdb.model.system_reports import FeedEntry
from cmdb.ports import EditReason
from tests.fakes.http_server import answered

AT = datetime(2026, 5, 1, 22, 0, 0, 250_000, tzinfo=UTC)
WHY = EditReason("test")
OTHER_HERE = "http://localhost:9090"
ITEM = CI("1", "Service", "web", "in_use", 3, {"port": 80, "tags": ["a"]}, AT, AT)
ITEM_JSON: dict[str, Any] = plain(ITEM)
REVISION_JSON = {"report": Anchor(7, "f" * 64).to_json()}
TOKEN_JSON = answered(
    "createToken",
    {
        "report": {
            "token": {
                "id": "t",
                "version": 3,
                "actor": "bob",
                "roles": ["viewer"],
                "source": "",
                "teams": [],
                "created_at": plain(AT),
                "created_by": "ann",
                "expires_at": plain(AT),
                "revoked_at": None,
            },
            "secret": "cmdb_new",
        }
    },
)


def feed_entry(revision: int) -> FeedEntry:
    """Return an entry of the feed."""
    return FeedEntry(Revision(revision, AT, "ann", "", "test", {"ci": 1}, "f" * 64), ())
