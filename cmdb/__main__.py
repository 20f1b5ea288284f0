"""The command line's way in: `cmdb` and `python -m cmdb`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and end the process with its exit code."""
    from cmdb.cli.running import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
