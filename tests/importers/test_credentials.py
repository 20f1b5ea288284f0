"""Is a credential recognised, and a harmless name left alone?"""

from __future__ import annotations

import pytest

from importers.credentials import is_credential_name, is_credential_value, redacted
from importers.images import parse_image
from importers.kubernetes_manifests.machines import parse_quantity


@pytest.mark.parametrize(
    "name",
    [
        "password", "DB_PASSWORD", "PGPASSWORD", "userPasswd", "api_key", "apiKey", "API-KEY",
        "secret", "clientSecret", "token", "accessToken", "authtoken", "private_key", "pwd",
        "connectionString", "db.pass", "passphrase", "AWS_SECRET_ACCESS_KEY",
    ],
)  # fmt: skip
def test_a_name_of_a_credential_is_recognised(name: str) -> None:
    assert is_credential_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "name", "keyboard", "key", "compass", "passenger", "author", "tokenizer", "serial",
        "bypass_mode", "app.kubernetes.io/name", "", "path", "pattern",
    ],
)  # fmt: skip
def test_a_harmless_name_is_left_alone(name: str) -> None:
    assert not is_credential_name(name)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("-----BEGIN RSA PRIVATE KEY-----\nMII", True),
        ("AKIAIOSFODNN7EXAMPLE", True),
        ("postgres://u:p@db/x", True),
        ("redis://:p@cache", True),
        ("eyJhbGciOiJI.eyJzdWIiOiIx.abc", True),
        ("postgres://u@db/x", False),
        ("https://shop.example:8443/a@b", False),
        ("-----BEGIN CERTIFICATE-----", False),
        (7, False),
    ],
)
def test_a_value_gives_itself_away(value: object, expected: bool) -> None:
    assert is_credential_value(value) is expected


def test_redaction_reaches_into_lists_and_named_values() -> None:
    found = redacted({"env": [{"name": "DB_PASSWORD", "value": "x"}, {"name": "A", "value": "b"}]})

    assert found == {
        "env": [{"name": "DB_PASSWORD", "value": "(left out)"}, {"name": "A", "value": "b"}]
    }


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("redis", "docker.io/library/redis:latest"),
        ("redis:7", "docker.io/library/redis:7"),
        ("bitnami/redis", "docker.io/bitnami/redis:latest"),
        ("index.docker.io/library/redis", "docker.io/library/redis:latest"),
        ("localhost/x", "localhost/x:latest"),
        ("R.example:5000/a/b:v1", "r.example:5000/a/b:v1"),
        ("a/b@sha256:" + "A" * 64, "docker.io/a/b@sha256:" + "a" * 64),
        ("a/b:1@sha256:" + "a" * 64, "docker.io/a/b:1@sha256:" + "a" * 64),
    ],
)
def test_an_image_reference_has_one_form(text: str, reference: str) -> None:
    image = parse_image(text)

    assert image is not None
    assert image.reference == reference
    assert parse_image(reference) == image


@pytest.mark.parametrize(
    "text", ["", "A/B", "a b", "{{ x }}", "${IMAGE}", "a:", "a@", "a@sha256:zz", "/a", "a" * 2000]
)
def test_what_is_no_image_reference_is_none(text: str) -> None:
    assert parse_image(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1Ki", 1024.0), ("2G", 2e9), ("500m", 0.5), ("4", 4.0), ("1.5Gi", 1.5 * 2**30), ("x", None)],
)
def test_quantities_are_numbers(text: str, expected: float | None) -> None:
    assert parse_quantity(text) == expected
