"""Are Services, Ingresses, claims and environment values linked to what they mean?"""

from __future__ import annotations

import json

import pytest

from importers.kubernetes_manifests import IMPORTER
from tests.importers.manifests import deployment, service
from tests.importers.reading_items import (
    links,
    only_record,
    pairs,
    read_text,
    records,
    skipped,
)


@pytest.mark.parametrize(
    ("value", "confidence"),
    [
        ("web", 0.5),
        ("web:80", 0.9),
        ("web:9999", 0.8),
        ("web.default", 0.8),
        ("web.default.svc", 0.9),
        ("web.default.svc.cluster.local:80", 0.9),
        ("http://web/api", 0.9),
        ("jdbc:postgresql://web:80/shop?x=1", 0.9),
        ("http://user@web:80", 0.9),
        ("other:1, web:80", 0.9),
        ("WEB:80", 0.9),
    ],
)
def test_an_environment_value_that_names_a_service_is_a_dependency(
    value: str, confidence: float
) -> None:
    env = json.dumps([{"name": "UPSTREAM", "value": value}])

    items = read_text(IMPORTER, deployment("app", env) + service("web"))

    ((key, link),) = links(items, "depends_on")
    assert key == "Deployment/default/app"
    assert link.other.class_name == "ClusterService"
    assert link.other.values == {"namespace": "default", "name": "web"}
    assert link.confidence == confidence
    assert link.inferred_by == "environment value UPSTREAM"
    assert link.strength is None


@pytest.mark.parametrize(
    "value",
    ["web2", "web.example.com", "the web", "web/path", "/web/", "web.other", "", "1.2.3.4:80"],
)
def test_an_environment_value_that_names_no_service_is_nothing(value: str) -> None:
    env = json.dumps([{"name": "UPSTREAM", "value": value}])
    text = deployment("app", env) + service("web")

    found = pairs(read_text(IMPORTER, text), "depends_on")

    assert found == []


def test_a_name_resolves_in_the_namespace_of_the_workload_only() -> None:
    env = '[{name: A, value: "web:80"}, {name: B, value: "web.two:80"}]'
    text = deployment("app", env, "one") + service("web", namespace="two")

    items = read_text(IMPORTER, text)

    ((_, link),) = links(items, "depends_on")
    assert link.inferred_by == "environment value B"


def test_a_pod_behind_a_headless_service_is_named_through_the_service() -> None:
    env = '[{name: PEERS, value: "kafka-0.kafka:9092,kafka-1.kafka:9092"}]'

    items = read_text(IMPORTER, deployment("app", env) + service("kafka"))

    assert pairs(items, "depends_on") == [("app", "kafka")]


def test_values_made_of_other_values_and_config_maps_are_followed() -> None:
    env = (
        "[{name: HOST, value: nothing-here}, {name: PORT, value: '80'}, "
        "{name: URL, value: 'http://web:$(PORT)/'}, "
        "{name: FROM, valueFrom: {configMapKeyRef: {name: settings, key: db}}}]"
    )
    config = "---\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {db: 'db:80'}\n"

    items = read_text(IMPORTER, deployment("app", env) + service("web") + service("db") + config)

    assert pairs(items, "depends_on") == [("app", "db"), ("app", "web")]
    assert skipped(items) == {"ConfigMap read for addresses only": 1}


def test_a_workload_does_not_depend_on_the_service_in_front_of_itself() -> None:
    env = '[{name: SELF, value: "web:80"}]'

    items = read_text(IMPORTER, deployment("web", env) + service("web", "web"))

    assert pairs(items, "depends_on") == []
    assert pairs(items, "routes_to") == [("web", "web")]
    assert skipped(items) == {"workload that names its own Service": 1}


def test_a_service_routes_to_every_workload_that_its_selector_matches() -> None:
    blue, green = deployment("blue"), deployment("green").replace("app: green", "app: blue")

    items = read_text(IMPORTER, blue + green + service("front", "blue") + service("spare", "blue"))

    assert pairs(items, "routes_to") == [
        ("front", "blue"), ("front", "green"), ("spare", "blue"), ("spare", "green"),
    ]  # fmt: skip


def test_a_service_without_selector_or_in_another_namespace_routes_to_nothing() -> None:
    text = deployment("app") + service("plain") + service("far", "app", "elsewhere")

    items = read_text(IMPORTER, text)

    assert len(records(items, "ClusterService")) == 2
    assert pairs(items, "routes_to") == []


def test_claims_become_volumes_that_workloads_store_on() -> None:
    text = (
        "kind: PersistentVolumeClaim\nmetadata: {name: data}\nspec: {storageClassName: fast, "
        "accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Gi}}}\n"
        "---\nkind: Pod\nmetadata: {name: p}\nspec: {volumes: [{name: v, persistentVolumeClaim: "
        "{claimName: data}}], containers: []}\n"
        "---\nkind: StatefulSet\nmetadata: {name: db}\nspec: {replicas: 2, volumeClaimTemplates: "
        "[{metadata: {name: disk}}], template: {}}\n"
    )

    items = read_text(IMPORTER, text)

    volume = only_record(items, "StorageVolume")
    assert volume.name == "default/data"
    assert volume.attributes == {
        "size_gib": 10.0,
        "storage_class": "fast",
        "access_modes": "ReadWriteOnce",
    }
    assert pairs(items, "stores_on") == [
        ("db", "default/disk-db-0"),
        ("db", "default/disk-db-1"),
        ("p", "default/data"),
    ]


def test_each_host_and_path_of_an_ingress_is_an_endpoint() -> None:
    text = (
        service("web")
        + service("api")
        + (
            "---\nkind: Ingress\nmetadata: {name: edge}\nspec:\n"
            "  tls: [{hosts: [shop.example], secretName: cert}]\n"
            "  defaultBackend: {service: {name: web}}\n"
            "  rules:\n"
            "  - host: shop.example\n"
            "    http: {paths: [{path: /, backend: {service: {name: web}}}, "
            "{path: /api, backend: {serviceName: api, servicePort: 80}}]}\n"
        )
    )

    items = read_text(IMPORTER, text)

    endpoints = {r.name: r for r in records(items, "ApiEndpoint")}
    assert sorted(map(str, endpoints)) == ["default/edge//", "shop.example/", "shop.example/api"]
    assert endpoints["shop.example/api"].attributes == {
        "url": "https://shop.example/api",
        "host": "shop.example",
        "path": "/api",
        "protocol": "https",
        "tls": True,
    }
    assert pairs(items, "routes_to") == [
        ("default/edge//", "web"), ("shop.example/", "web"), ("shop.example/api", "api"),
    ]  # fmt: skip


def test_a_gateway_route_leads_to_all_its_backends() -> None:
    text = (
        service("a")
        + service("b")
        + (
            "---\nkind: HTTPRoute\nmetadata: {name: r}\nspec: {hostnames: [x.example], rules: "
            "[{matches: [{path: {value: /v1}}], backendRefs: [{name: a}, {name: b}]}]}\n"
        )
    )

    items = read_text(IMPORTER, text)

    assert pairs(items, "routes_to") == [("x.example/v1", "a"), ("x.example/v1", "b")]
