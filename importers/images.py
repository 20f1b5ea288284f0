"""Which container image does a reference name?

References are brought to one form, so that `redis` in one source and
`docker.io/library/redis:latest` in another are one image.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from cmdb.model.records import Record, Reference

_DEFAULT_REGISTRY: Final = "docker.io"
_REPOSITORY: Final = re.compile(r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*")
_REGISTRY: Final = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?")
_TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST: Final = re.compile(r"[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-fA-F]{32,128}")
_LENGTH_LIMIT: Final = 1024


@dataclass(frozen=True, slots=True)
class Image:
    """A container image by registry, repository, tag and digest; tag and digest may be empty."""

    registry: str
    repository: str
    tag: str
    digest: str

    @property
    def reference(self) -> str:
        """The full reference."""
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.registry}/{self.repository}{tag}{digest}"

    def identifiers(self) -> dict[str, str]:
        """Return the attributes that identify it."""
        found = {"reference": self.reference}
        return found | {"digest": self.digest} if self.digest else found

    def as_reference(self) -> Reference:
        """Return how a link names it."""
        return Reference("ContainerImage", self.identifiers())

    def as_record(self, place: str) -> Record:
        """Return what is known of it."""
        attributes = self.identifiers() | {
            "registry": self.registry,
            "repository": self.repository,
        }
        if self.tag:
            attributes["tag"] = self.tag
        return Record(
            "ContainerImage",
            key=f"ContainerImage/{self.reference}",
            name=self.reference,
            attributes=attributes,
            place=place,
        )


def parse_image(text: str) -> Image | None:
    """Return the image that a reference names, or None if it is no reference.

    >>> parse_image("redis:alpine").reference
    'docker.io/library/redis:alpine'
    """
    if len(text) > _LENGTH_LIMIT:
        return None
    rest, _, digest = text.partition("@")
    head, slash, tail = rest.rpartition("/")
    last, _, tag = tail.partition(":")
    registry, repository = _split_registry(f"{head}{slash}{last}")
    if registry == _DEFAULT_REGISTRY and "/" not in repository:
        repository = f"library/{repository}"
    is_right = (
        _REPOSITORY.fullmatch(repository)
        and _REGISTRY.fullmatch(registry)
        and (not tag or _TAG.fullmatch(tag))
        and (not digest or _DIGEST.fullmatch(digest))
        and not rest.endswith(":")
        and not text.endswith("@")
    )
    if not is_right:
        return None
    return Image(registry, repository, tag or ("" if digest else "latest"), digest.lower())


def _split_registry(path: str) -> tuple[str, str]:
    first, slash, rest = path.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        if first in ("index.docker.io", "registry-1.docker.io"):
            first = _DEFAULT_REGISTRY
        return first.lower(), rest
    return _DEFAULT_REGISTRY, path
