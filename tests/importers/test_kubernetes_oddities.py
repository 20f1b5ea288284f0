"""Is what is odd or bad in a manifest reported, refused or passed over?"""

from __future__ import annotations

import pytest

from cmdb.errors import BadFile
from importers.kubernetes_manifests import IMPORTER
from tests.importers.manifests import deployment, service
from tests.importers.reading_items import (
    only_record,
    pairs,
    problems,
    read_bytes,
    read_text,
    records,
    skipped,
)


def test_secrets_are_never_read_and_credentials_never_stored() -> None:
    env = (
        "[{name: DB_PASSWORD, value: 'hunter2'}, {name: DSN, value: 'pg://u:hunter2@web:80/x'}, "
        "{name: KEY, valueFrom: {secretKeyRef: {name: s, key: k}}}]"
    )
    secret = "---\nkind: Secret\nmetadata: {name: s}\nstringData: {k: hunter2}\n"

    items = read_text(IMPORTER, deployment("app", env) + secret + service("web"))

    assert "hunter2" not in repr(items)
    assert skipped(items) == {
        "Secret never read": 1,
        "value that looks like a credential never stored": 3,
    }
    assert pairs(items, "depends_on") == [("app", "web")]


def test_oddities_inside_an_object_are_problems_and_the_rest_is_taken() -> None:
    text = (
        "kind: Deployment\nmetadata: {name: app, labels: [a, b], ownerReferences: {}}\n"
        "spec: {replicas: many, template: {metadata: null, spec: {initContainers: null, "
        "containers: [{image: '{{ .Values.image }}', ports: {a: 1}, env: null}, 7, null]}}}\n"
    )

    items = read_text(IMPORTER, text)

    assert [r.key for r in records(items, "ContainerWorkload")] == ["Deployment/default/app"]
    assert {p.field: p.reason for p in problems(items)} == {
        "metadata.labels": "expected a map, found a list",
        "metadata.ownerReferences": "expected a list, found a map",
        "spec.replicas": "expected a whole number, found text",
        "spec.template.spec.containers[0].image": "'{{ .Values.image }}' is no image reference",
        "spec.template.spec.containers[0].ports": "expected a list, found a map",
        "spec.template.spec.containers[1]": "expected a map, found a number",
    }
    assert not any(p.dropped for p in problems(items))


@pytest.mark.parametrize(
    ("text", "field", "reason"),
    [
        ("apiVersion: v1\nmetadata: {name: x}", "kind", "the object has no kind"),
        ("kind: [a]\nmetadata: {name: x}", "kind", "expected text, found a list"),
        ("kind: Service", "metadata.name", "the object has no name"),
        ("kind: Service\nmetadata: {name: 7}", "metadata.name", "the object has no name"),
        ("kind: Service\nmetadata: null", "metadata.name", "the object has no name"),
        ("kind: Service\nmetadata: {generateName: x-}", "metadata.name", "the object has no name"),
        ("- a\n- b", "", "expected a Kubernetes object, found a list"),
    ],
)
def test_an_object_that_cannot_be_named_is_a_problem(text: str, field: str, reason: str) -> None:
    items = read_text(IMPORTER, service("good") + "---\n" + text + "\n")

    (problem,) = [p for p in problems(items) if p.dropped]
    assert (problem.field, problem.reason) == (field, reason)
    assert problem.place == "input:6"
    assert len(records(items, "ClusterService")) == 1


def test_a_document_without_kind_or_content_is_passed_over() -> None:
    items = read_text(IMPORTER, service("a") + "---\n---\nreplicaCount: 1\n---\n# nothing\n")

    assert skipped(items) == {"document without kind": 1}
    assert problems(items) == []


def test_the_same_object_twice_counts_once_and_differing_ones_are_reported() -> None:
    text = service("a") + service("a") + service("a", "other")

    items = read_text(IMPORTER, text)

    assert len(records(items, "ClusterService")) == 1
    assert skipped(items) == {"object repeated in the input": 1}
    (problem,) = problems(items)
    assert problem.reason == "Service/default/a stands twice in the input with different content"


def test_keys_that_stand_twice_are_reported_and_the_last_one_counts() -> None:
    text = "kind: Service\nmetadata: {name: a}\nspec: {type: A, type: B}\n"

    items = read_text(IMPORTER, text)

    assert only_record(items, "ClusterService").attributes["type"] == "B"
    assert [(p.place, p.field) for p in problems(items)] == [("input:3", "type")]


def test_yaml_words_and_numbers_are_read_as_kubernetes_reads_them() -> None:
    text = (
        "kind: Deployment\nmetadata: {name: app, labels: {a: yes, b: 2024-01-01, c: 0644, "
        "d: 1e3, e: 1.50}}\nspec: {}\n"
    )

    workload = only_record(read_text(IMPORTER, text), "ContainerWorkload")

    labels = workload.attributes["labels"]
    assert labels == {"a": "yes", "b": "2024-01-01", "c": "0644", "d": "1e3", "e": "1.5"}


def test_anchors_and_merge_keys_are_resolved() -> None:
    text = (
        "kind: Deployment\nmetadata: {name: app, labels: &l {app: x, tier: y}}\n"
        "spec: {template: {metadata: {labels: {<<: *l, tier: z}}}}\n---\n"
        "kind: Service\nmetadata: {name: s}\nspec: {selector: {app: x, tier: z}}\n"
    )

    assert pairs(read_text(IMPORTER, text), "routes_to") == [("s", "app")]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "input: the file is empty. Was its export cut off?"),
        (b"\x7fELF\x00\x01", "input:byte 4: this is a binary file, text is needed."),
        (b"\x1f\x8b\x08junk", "input: the file is packed with gzip. Unpack it first."),
        (b"kind: [a", "input:2:1: this is not YAML (did not find expected ',' or ']')."),
        (b"a: {{ .Values.x }}\nb: {{", "It looks like a template: render it first"),
        (b"kind: \xff\xfe\xfd", "a character is not allowed here"),
        (b"just some words", "input: it holds no Kubernetes object."),
        (b"name,serial\na,b\n", "input: it holds no Kubernetes object."),
        (b'{"kind": "List", "items": [', "this is not JSON"),
        (b'{"kind": NaN}', "this is not JSON (NaN is no JSON number)"),
        (b"kind: Service\nx: *nothing", "input:2: the alias *nothing names nothing."),
        (b"kind: &a [*a]", "input:1: the alias *a contains itself."),
        (b"kind: " + b"[" * 200, "input:1: it is nested deeper than 100 levels."),
        (b'{"kind": ' + b"[" * 5000 + b"]" * 5000 + b"}", "nested deeper than 100 levels"),
        (b'{"kind": ' + b"[" * 200 + b"]" * 200 + b"}", "nested deeper than 100 levels"),
    ],
)
def test_a_bad_file_is_refused_with_its_place_and_a_way_out(data: bytes, message: str) -> None:
    with pytest.raises(BadFile) as refused:
        read_bytes(IMPORTER, data)

    assert message in refused.value.message
    assert refused.value.message.endswith("Nothing was written.")


def test_aliases_that_multiply_are_refused_and_a_few_are_not() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)
    )

    with pytest.raises(BadFile, match="aliases repeat more than 100,000 nodes"):
        read_text(IMPORTER, "kind: Service\n" + bomb)
    few = "kind: Service\nmetadata: {name: &n web}\nspec: {selector: {a: *n, b: *n}}\n"
    assert only_record(read_text(IMPORTER, few), "ClusterService").name == "web"


def test_aliases_that_deepen_are_refused() -> None:
    deep = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 150))

    with pytest.raises(BadFile, match="nested deeper than 100 levels"):
        read_text(IMPORTER, "kind: Service\n" + deep)


def test_a_document_of_ninety_levels_is_read() -> None:
    text = "kind: Service\nmetadata: {name: a}\nx: " + "[" * 90 + "]" * 90 + "\n"

    assert len(records(read_text(IMPORTER, text), "ClusterService")) == 1
