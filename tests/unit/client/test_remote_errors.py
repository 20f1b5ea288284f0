"""Does every error of the server come back as the class that raised it, with its facts?"""

from __future__ import annotations

import httpx2
import pytest

from cmdb import errors
from cmdb.client.remote_errors import error_of
from tests.fakes.http_server import HERE, answered, refused, server
from tests.unit.client.samples import WHY


@pytest.mark.parametrize("kind", errors.CmdbError.kinds(), ids=lambda kind: kind.__name__)
def test_an_error_comes_back_by_its_code(kind: type[errors.CmdbError]) -> None:
    facts = {"name": "web", "message": "of no harm", "nearest": ["web-1"]}

    error = error_of(HERE, kind.code, "What happened.", facts)

    assert type(error) is kind
    assert (error.message, error.facts) == ("What happened.", facts)


def test_a_code_of_a_newer_server_is_told_as_it_is() -> None:
    error = error_of(HERE, "TOO_MANY_MOONS", "There are three.", {"moons": 3})

    assert isinstance(error, errors.ServerRefused)
    assert error.facts["code"] == "TOO_MANY_MOONS"
    assert error.facts["moons"] == 3
    assert "There are three" in error.message


@pytest.mark.parametrize(
    "answer",
    [
        refused("UNKNOWN_CI", "There is no CI 'x'.", {"name": "x", "nearest": []}),
        answered(
            "retireCi",
            {
                "code": "UNKNOWN_CI",
                "message": "There is no CI 'x'.",
                "facts": {"name": "x", "nearest": []},
            },
        ),
        httpx2.Response(
            404,
            json={
                "code": "UNKNOWN_CI",
                "message": "There is no CI 'x'.",
                "facts": {"name": "x", "nearest": []},
                "request_id": "r",
            },
        ),
    ],
    ids=["errors of a document", "refusal of a mutation", "body of a status"],
)
def test_an_error_is_read_wherever_it_stands(answer: httpx2.Response) -> None:
    with pytest.raises(errors.UnknownCI) as met:
        server(answer).client().retire_ci("x", WHY)

    assert met.value.message == "There is no CI 'x'."
    assert met.value.facts == {"name": "x", "nearest": []}


def test_a_defect_is_told_with_the_id_to_look_for() -> None:
    error = {"message": "defect", "extensions": {"code": "INTERNAL", "requestId": "r-1"}}
    answer = httpx2.Response(200, json={"errors": [error]})

    with pytest.raises(errors.ServerRefused, match="INTERNAL") as met:
        server(answer).client().anchor_log()

    assert met.value.facts["request_id"] == "r-1"


@pytest.mark.parametrize("found", [{}, {"report": {"revision": 1}}, None, []], ids=str)
def test_an_answer_that_is_not_as_agreed_is_the_fault_of_the_server(found: object) -> None:
    with pytest.raises(errors.ServerRefused):
        server(answered("anchor", found)).client().anchor_log()
