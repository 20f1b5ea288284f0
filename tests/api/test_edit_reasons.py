"""Does every mutation hand on why, under which key and at which version an edit is made?"""

from __future__ import annotations

from typing import Any, cast

import pytest

from cmdb.errors import Conflict
from cmdb.ports.operations import Operations
from cmdb.ports.requests import EditReason
from tests.api.root_fields import ROOTS, input_of, value_of
from tests.api.serving import Client

GIVEN = {"reason": '"why"', "idempotencyKey": '"key"', "expectedVersion": "7"}


class Listening:
    """Operations that refuse everything and remember the reason that they were given."""

    def __init__(self) -> None:
        self.told: list[EditReason] = []

    def __getattr__(self, name: str) -> Any:
        def refuse(*args: Any, **kwargs: Any) -> Any:
            every = [*args, *kwargs.values()]
            self.told += [each for each in every if isinstance(each, EditReason)]
            raise Conflict(f"{name} is not done here")

        return refuse


def mutations() -> list[str]:
    root = ROOTS["mutation"]
    assert root is not None
    return list(root.fields)


@pytest.mark.parametrize("name", mutations())
def test_reason_key_version_and_request_are_handed_on(name: str, api: Client) -> None:
    kind = input_of(name)
    extra = {field: value for field, value in GIVEN.items() if field in kind.fields}
    more = " ".join(f"{field}: {value}" for field, value in extra.items())
    given = value_of(kind).removesuffix("}") + f" {more}}}"
    listening = Listening()

    document = f"mutation {{ {name}(input: {given}) {{ ... on Refusal {{ code }} }} }}"
    answer = api(document, operations=cast(Operations, listening))

    assert answer.data == {name: {"code": "CONFLICT"}}
    version = 7 if "expectedVersion" in extra else None
    assert listening.told == [EditReason("why", version, "key", "r-1")]
    assert {"reason", "idempotencyKey"} <= extra.keys()
