"""In which form is a text kept so that every engine orders and compares it alike? Migration 5.

A page resumes where `key > the last key`. Neo4j orders by code points, but compares a property with
a parameter by UTF-16 units unless it walks an index: an emoji then comes before U+E000 to U+FFFF,
and a page repeats or leaves out rows. Kept in this form, a key has no character on which the two
orders differ.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Final

from cmdb.store.connection import Connection, Transaction

MARK: Final = "\ud7ff"
_TROUBLED: Final = re.compile("[\ud7ff-\U0010ffff]")
_PAGE: Final = 2_000

CIS_AFTER: Final = """
MATCH (c:CI) WHERE c.id > $after
RETURN c.id AS id, c.class AS class, c.name_key AS name_key, c.sort_key AS sort_key
ORDER BY id LIMIT $page
"""
WRITE_KEYS: Final = """
UNWIND $rows AS r MATCH (c:CI {id: r.id})
SET c.sort_key = r.sort_key, c.class_key = r.class_key RETURN count(c) AS n
"""


def ordered_text(text: str) -> str:
    """Return a text whose UTF-16 units are in the same order as the code points of `text`.

    Each character from U+D7FF on becomes that mark and its number in six hexadecimal digits; other
    texts stay as they are.

    Examples:
        >>> ordered_text("web-1")
        'web-1'
        >>> ordered_text("a\U0001f600") == "a\ud7ff01f600"
        True
    """
    return _TROUBLED.sub(lambda found: f"{MARK}{ord(found[0]):06x}", text)


def ordering_keys(class_name: str, name_key: str, ci_id: str) -> dict[str, str]:
    """Return the properties by which CIs are ordered: by name, and by name within a class."""
    sort_key = ordered_text(f"{name_key} {ci_id}")
    return {"sort_key": sort_key, "class_key": f"{class_name.lower()} {sort_key}"}


def rewrite_ordering_keys(connection: Connection) -> None:
    """Migration 5: keep the keys in the form that every engine orders alike."""
    after = ""
    while rows := connection.read(CIS_AFTER, {"after": after, "page": _PAGE}):
        changed = []
        for ci_id, class_name, name_key, sort_key in rows:
            if name_key is not None:
                keys = ordering_keys(class_name, name_key, ci_id)
                if keys["sort_key"] != sort_key:
                    changed.append({"id": ci_id, **keys})
        if changed:
            connection.write(partial(_write, changed))
        after = rows[-1][0]


def _write(rows: list[dict[str, str]], tx: Transaction) -> None:
    tx.run(WRITE_KEYS, {"rows": rows})
