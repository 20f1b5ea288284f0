"""Where do uploads lie until they are imported? In a folder of the server, removed with it.

A server that was killed leaves its folder behind; the next one that starts removes it. Whether its
server lives is told by a lock that ends with the process, whatever ended it; a folder without one
is nobody's business here.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: what a killed server leaves stays.
    fcntl = None  # type: ignore[assignment]  # asked for before each use

PREFIX = "cmdb-uploads-"
LOCK = "lock"
_UNREADY = "cmdb-starting-"


class UploadFolders:
    """The folders of one server's uploads; what others left behind goes when this begins."""

    def __init__(self) -> None:
        self._place = Path(tempfile.gettempdir())
        self._path: Path | None = None
        self._lock = -1
        remove_left_behind(self._place)

    @property
    def path(self) -> Path:
        """The folder in which they are, made when it is first asked for."""
        if self._path is None or not self._path.is_dir():
            self.close()
            self._path = self._make()
        return self._path

    def make(self) -> Path:
        """Return a new folder, for one upload."""
        return Path(tempfile.mkdtemp(prefix="upload-", dir=self.path))

    def close(self) -> None:
        """Remove all of them."""
        if self._path is not None:
            shutil.rmtree(self._path, ignore_errors=True)
            os.close(self._lock)
            self._path = None

    def _make(self) -> Path:
        made = Path(tempfile.mkdtemp(prefix=_UNREADY, dir=self._place))
        self._lock = os.open(made / LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        if fcntl is not None:
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        # Only now under the name that is looked for: never seen without its lock being held.
        return made.rename(self._place / f"{PREFIX}{made.name.removeprefix(_UNREADY)}")


def remove_left_behind(place: Path) -> list[Path]:
    """Remove the folders that servers of this user left which have ended; return which."""
    if fcntl is None:
        return []
    removed = []
    for folder in sorted(place.glob(f"{PREFIX}*")):
        if not _is_own(folder):
            continue
        with suppress(OSError):
            lock = os.open(folder / LOCK, os.O_RDWR | os.O_NOFOLLOW)
            try:
                # Refused while its server lives, or while another one removes it.
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
                removed.append(folder)
            finally:
                os.close(lock)
    return removed


def _is_own(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
