"""How is something called where only identifiers may stand?"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

_NO_WORD = re.compile(r"[^A-Za-z0-9_]+")


def identifiers(names: Iterable[str], taken: Iterable[str] = ()) -> tuple[str, ...]:
    """Return a name for each name that every program for this format takes, all different.

    These are letters of ASCII first, then letters, digits and underscores with single hyphens in
    between. Accents are left out; everything else becomes a hyphen; what would be alike, or like
    something in `taken`, is numbered.

    Examples:
        >>> identifiers(["Server/web 1", "Server/web-1", "Größe", "1st", "::"])
        ('Server-web-1', 'Server-web-1-2', 'Gro-e', 'x1st', 'x')
    """
    used = set(taken)
    numbers: Counter[str] = Counter()
    found = []
    for name in names:
        plain = unicodedata.normalize("NFKD", name)
        plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
        plain = _NO_WORD.sub("-", plain).strip("-_")
        if not plain[:1].isalpha():
            plain = f"x{plain}"
        unique = plain
        while unique in used:
            numbers[plain] += 1
            unique = f"{plain}-{numbers[plain] + 1}"
        used.add(unique)
        found.append(unique)
    return tuple(found)
