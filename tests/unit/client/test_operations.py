"""Can the clients do everything that a user can do, with the same arguments?"""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from cmdb.client import AsyncClient, Client, documents
from cmdb.client.call import Document
from cmdb.ports import Operations

METHODS = sorted(name for name in dir(Operations) if not name.startswith("_"))


def parameters(function: Any) -> list[tuple[str, Any, Any]]:
    """Return name, default and kind of what a method takes, without the object itself."""
    found = inspect.signature(function).parameters.values()
    return [(each.name, each.default, each.kind) for each in found if each.name != "self"]


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_client_has_every_operation_with_its_arguments(kind: type[Any], name: str) -> None:
    assert parameters(getattr(kind, name)) == parameters(getattr(Operations, name))


@pytest.mark.parametrize("name", METHODS)
def test_every_method_says_what_it_returns(name: str) -> None:
    assert (getattr(Client, name).__doc__ or "").strip()


def test_both_clients_have_the_same_methods() -> None:
    public = [
        {name for name in dir(kind) if not name.startswith("_")} for kind in (Client, AsyncClient)
    ]

    assert public[0] == public[1]
    assert "follow" in public[0]


def test_every_document_has_a_name_of_its_own() -> None:
    listed = [each for each in vars(documents).values() if isinstance(each, Document)]

    assert len({each.name for each in listed}) == len(listed)
    assert all(each.name in each.text for each in documents.ALL.values())
