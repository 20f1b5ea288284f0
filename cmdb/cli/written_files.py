"""How does a command write a file that was asked for?"""

from __future__ import annotations

from pathlib import Path

from cmdb.errors import BadValue


def write_file(option: str, path: Path, content: str) -> None:
    """Write a text file and the folders that it needs.

    Raises:
        BadValue: The file cannot be written; it names the option that asked for it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise BadValue(option, f"{path} cannot be written ({error.strerror})") from error
