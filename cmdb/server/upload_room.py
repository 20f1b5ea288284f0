"""Was an upload refused for want of room? What the system says of a full disk, as our error."""

from __future__ import annotations

import errno

from cmdb.errors import ServerFull

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def tell_full_disk(error: BaseException) -> None:
    """Return unless this is a disk, a quota or a size of file that is exhausted.

    Raises:
        ServerFull: It is.
    """
    if isinstance(error, OSError) and error.errno in _FULL:
        reason = error.strerror or "no space is left"
        raise ServerFull(
            f"The server has no room for what was sent: {reason}. Nothing was written. Make room "
            "in its folder for temporary files (TMPDIR) and send it again.",
            reason=reason,
        ) from error
