"""Does an importer survive any input: items or a `BadFile`, nothing else, in bounded time?"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cmdb.errors import BadFile
from cmdb.model.records import Importer, ImportOptions, Problem, Record, Skipped
from importers.kubernetes_manifests import IMPORTER as KUBERNETES
from importers.records import IMPORTER as RECORDS
from importers.records_format import encode_header, encode_record
from importers.table import IMPORTER as TABLE
from tests.importers.manifests import CART
from tests.importers.reading_items import read_bytes
from tests.importers.test_records import FULL

OWN_FILES = Path(__file__).parents[1] / "data"
SECONDS_LIMIT = 5.0
MUTATIONS = {"ci": 2_000, "long": 20_000}.get(os.environ.get("CMDB_TEST_SIZE", ""), 300)

EVERYTHING = CART + (
    "---\nkind: Ingress\nmetadata: {name: edge}\nspec: {tls: [{hosts: [a.example]}], rules: "
    "[{host: a.example, http: {paths: [{path: /, backend: {service: {name: redis}}}]}}]}\n"
    "---\nkind: Node\nmetadata: {name: n1}\nspec: {providerID: p}\nstatus: {capacity: {cpu: '4', "
    "memory: 8Gi}, addresses: [{type: InternalIP, address: 10.0.0.1}]}\n"
    "---\nkind: PersistentVolumeClaim\nmetadata: {name: d}\nspec: {resources: {requests: "
    "{storage: 1Gi}}}\n"
    "---\nkind: HTTPRoute\nmetadata: {name: r}\nspec: {hostnames: [x], rules: [{backendRefs: "
    "[{name: redis}]}]}\n"
    "---\nkind: Pod\nmetadata: {name: p, ownerReferences: [{kind: Node, name: n1}]}\nspec: "
    "{nodeName: n1, volumes: [{persistentVolumeClaim: {claimName: d}}], containers: [{image: i, "
    "env: [{name: A, value: $(B)}], envFrom: [{configMapRef: {name: c}}]}]}\n"
    "---\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: 'redis:6379'}\n"
)
LINES = [json.loads(encode_record(FULL)), {"class": "Host", "key": "k", "name": "n"}]
ROWS = [
    {"class": "Host", "name": "a", "ip": "10.0.0.1", "depends_on": "Host/b", "macs": ["x"]},
    {"class": "Host", "name": "b", "lifecycle": "live", "observed_at": "2024-01-01T00:00:00Z"},
]
LIST = {"kind": "List", "items": list(yaml.safe_load_all(EVERYTHING))}
ODD: list[Any] = [
    None, True, 0, -1, 2**70, 1.5, "", "x", "\x00", "💥" * 50, "{{ a }}", "a/b/c", "://@:/", [], {},
    [[]], [None], ["a", 1], {"a": {}}, {"": None}, {"name": ["x"]}, "A" * 5000, "1" * 400,
]  # fmt: skip

PIECES = [
    b"\n", b"\r", b'"', b"\x00", b"\xff", b"---\n", b"&a ", b"*a ", b"[", b"{", b"}", b": ", b"- ",
    b"\t", b"<<: ", b"!!python/name:os ", b"\xef\xbb\xbf", b";", b"|",
]  # fmt: skip


def survives(importer: Importer, data: bytes, options: ImportOptions | None = None) -> str:
    """Return `items` or `refused`; anything else fails the test with the input."""
    name = {"table": "t.csv", "records": "r.jsonl"}.get(importer.name, "k.yaml")
    started = time.perf_counter()
    try:
        items = read_bytes(importer, data, name, options)
    except BadFile:
        return "refused"
    except Exception as error:
        pytest.fail(f"{type(error).__name__}: {error} on {data[:2000]!r}")
    assert time.perf_counter() - started < SECONDS_LIMIT
    assert all(isinstance(item, Record | Problem | Skipped) for item in items)
    return "items"


def mutate_bytes(data: bytes, chance: random.Random) -> bytes:
    """Return the data with a few bytes flipped, cut, doubled, inserted or moved."""
    made = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(made) + 1)
        end = min(len(made), at + chance.randint(1, 60))
        match chance.randrange(6):
            case 0 if made:
                made[min(at, len(made) - 1)] ^= 1 << chance.randrange(8)
            case 1:
                del made[at:end]
            case 2:
                made[at:at] = made[at:end]
            case 3:
                made[at:at] = chance.choice(PIECES)
            case 4 if chance.random() < 0.3:
                del made[at:]
            case _:
                other = chance.randrange(len(made) + 1)
                made[other:other] = made[at:end]
    return bytes(made)


def mutate_value(value: Any, chance: random.Random) -> Any:
    """Return the value with one member somewhere replaced, dropped, doubled or renamed."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        key = chance.choice(sorted(value))
        changed = {**value, key: mutate_value(value[key], chance)}
        if chance.random() < 0.1:
            changed[chance.choice(["", "name", "kind", "items", "x" * 300])] = changed.pop(key)
        return changed
    if isinstance(value, list) and value and chance.random() < 0.9:
        at = chance.randrange(len(value))
        grown = value * chance.choice([1, 1, 1, 3])
        return [*grown[:at], mutate_value(grown[at], chance), *grown[at + 1 :]]
    return chance.choice(ODD)


def as_yaml(documents: list[Any]) -> bytes:
    return yaml.dump_all(documents, Dumper=yaml.CSafeDumper, allow_unicode=True).encode()


def as_record_lines(lines: list[Any]) -> bytes:
    return encode_header() + b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


def csv_bytes() -> bytes:
    return (OWN_FILES / "servers.csv").read_bytes()


def csv_options() -> ImportOptions:
    return ImportOptions(source="test", mapping=OWN_FILES / "servers.mapping.yaml")


JSON_OPTIONS = ImportOptions(source="test", extra={"format": "json", "class": "Host"})
LINES_OPTIONS = ImportOptions(source="test", extra={"format": "jsonl", "class": "Host"})


@pytest.mark.fuzz
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("importer", "data", "options"),
    [
        (KUBERNETES, EVERYTHING.encode(), None),
        (
            KUBERNETES,
            as_json(LIST),
            None,
        ),
        (RECORDS, as_record_lines(LINES), None),
        (TABLE, csv_bytes(), csv_options()),
        (TABLE, b"class;name;ip\nHost;a;1\nHost;b;2\n", None),
        (TABLE, as_json(ROWS), JSON_OPTIONS),
        (TABLE, b"".join(as_json(row) + b"\n" for row in ROWS), LINES_OPTIONS),
    ],
    ids=["yaml", "kubectl", "records", "mapped-csv", "csv", "json", "json-lines"],
)
def test_mutated_bytes_are_items_or_a_refusal(
    importer: Importer, data: bytes, options: ImportOptions | None
) -> None:
    chance = random.Random(1)

    assert survives(importer, data, options) == "items"
    outcomes = {survives(importer, mutate_bytes(data, chance), options) for _ in range(MUTATIONS)}
    assert outcomes == {"items", "refused"}


@pytest.mark.fuzz
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("importer", "value", "encode", "options"),
    [
        (KUBERNETES, list(yaml.safe_load_all(EVERYTHING)), as_yaml, None),
        (
            KUBERNETES,
            {"kind": "List", "items": list(yaml.safe_load_all(EVERYTHING))},
            as_json,
            None,
        ),
        (RECORDS, LINES, as_record_lines, None),
        (TABLE, ROWS, as_json, JSON_OPTIONS),
    ],
    ids=["yaml", "kubectl", "records", "json"],
)
def test_mutated_structures_are_items_or_a_refusal(
    importer: Importer,
    value: Any,
    encode: Callable[[Any], bytes],
    options: ImportOptions | None,
) -> None:
    chance = random.Random(2)

    for _ in range(MUTATIONS):
        mutated = value
        for _ in range(chance.randint(1, 4)):
            mutated = mutate_value(mutated, chance)
        if not isinstance(mutated, type(value)):
            continue
        survives(importer, encode(mutated), options)


@pytest.mark.fuzz
@pytest.mark.timeout(3600)
def test_mutated_mappings_are_used_or_refused(tmp_path: Path) -> None:
    chance = random.Random(3)
    path = tmp_path / "mapping.yaml"
    original = yaml.safe_load((OWN_FILES / "servers.mapping.yaml").read_text(encoding="utf-8"))
    text = (OWN_FILES / "servers.mapping.yaml").read_bytes()

    for number in range(MUTATIONS):
        is_structural = number % 2
        mutated = as_yaml([mutate_value(original, chance)])
        path.write_bytes(mutated if is_structural else mutate_bytes(text, chance))
        survives(TABLE, csv_bytes(), ImportOptions(mapping=path))


@pytest.mark.parametrize("importer", [KUBERNETES, RECORDS, TABLE], ids=lambda i: str(i.name))
@given(data=st.binary(max_size=200))
def test_arbitrary_bytes_are_items_or_a_refusal(importer: Importer, data: bytes) -> None:
    survives(importer, data)


@given(
    st.dictionaries(
        st.sampled_from(["kind", "metadata", "spec", "status", "items", "data", "apiVersion"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text("ab:/.-{$*", max_size=5),
            lambda inner: st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["name", "labels", "template", "containers", "env", "spec", "selector", "ports",
                     "rules", "http", "paths", "backend", "value", "ownerReferences", "metadata"]
                ),
                inner,
                max_size=4,
            ),
            max_leaves=12,
        ),
    ),
    st.sampled_from(["Deployment", "StatefulSet", "Service", "Ingress", "Node", "Pod", "List"]),
)  # fmt: skip
def test_any_shape_of_manifest_is_items_or_a_refusal(document: dict[str, Any], kind: str) -> None:
    survives(KUBERNETES, as_json(document | {"kind": kind}))
