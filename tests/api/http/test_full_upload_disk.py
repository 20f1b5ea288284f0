"""Is an upload for which the disk has no room refused as such, and is the next one taken?"""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import httpx2
import pytest

from cmdb.errors import ServerFull
from cmdb.server import import_routes, uploads
from cmdb.server.upload_room import tell_full_disk
from tests.api.http.sending import records
from tests.peers.unavailable import linux_only

FULL = Path("/dev/full")


@linux_only
def test_a_full_disk_is_told_with_its_code_and_leaves_nothing(
    importer: httpx2.Client, uploads: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(import_routes, "receive_input", _onto_full_disk)
        refused = importer.post("/imports/records?wait", content=records("FULL-1"))
    again = importer.post("/imports/records?wait", content=records("FULL-1"))

    assert (refused.status_code, refused.json()["code"]) == (507, "SERVER_FULL")
    assert "No space left on device" in refused.json()["message"]
    assert again.status_code == 200, again.text
    assert not [each for each in uploads.rglob("*") if each.is_file() and each.stat().st_size]


async def _onto_full_disk(request: Any, folder: Path, name: str) -> Any:
    (folder / uploads.INPUT).symlink_to(FULL)
    return await uploads.receive_input(request, folder, name)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_what_is_exhausted_is_told_apart_from_other_faults(number: int) -> None:
    with pytest.raises(ServerFull):
        tell_full_disk(OSError(number, "no space"))

    for other in (OSError(errno.EACCES, "no right"), ValueError("no number")):
        tell_full_disk(other)
