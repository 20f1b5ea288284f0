"""Do Kubernetes manifests become the right records, traps included?"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from cmdb.errors import BadFile
from cmdb.model.records import ImportOptions, Reference
from cmdb.model.shipped import shipped_registry
from importers.kubernetes_manifests import IMPORTER
from tests.importers.reading_items import (
    links,
    only_record,
    pairs,
    problems,
    read_bytes,
    read_path,
    read_text,
    real_file,
    records,
    skipped,
)

CART = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop, labels: {app: cart}}
spec:
  replicas: 3
  template:
    metadata: {labels: {app: cart, tier: web}}
    spec:
      serviceAccountName: cart
      containers:
      - name: server
        image: registry.example:5000/shop/cart:1.2
        ports: [{containerPort: 7070}]
        env:
        - {name: STORE, value: "redis:6379"}
---
apiVersion: v1
kind: Service
metadata: {name: redis, namespace: shop}
spec: {ports: [{port: 6379}], selector: {app: redis}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: redis, namespace: shop}
spec:
  template:
    metadata: {labels: {app: redis}}
    spec:
      containers: [{name: redis, image: redis}]
"""


def deployment(name: str, env: str = "[]", namespace: str = "default") -> str:
    return (
        f"---\nkind: Deployment\nmetadata: {{name: {name}, namespace: {namespace}}}\n"
        f"spec: {{template: {{metadata: {{labels: {{app: {name}}}}}, "
        f"spec: {{containers: [{{name: c, image: i, env: {env}}}]}}}}}}\n"
    )


def service(name: str, app: str = "", namespace: str = "default") -> str:
    selector = f"selector: {{app: {app}}}, " if app else ""
    return (
        f"---\nkind: Service\nmetadata: {{name: {name}, namespace: {namespace}}}\n"
        f"spec: {{{selector}ports: [{{port: 80}}]}}\n"
    )


def test_the_real_shop_gives_the_counted_records_and_links() -> None:
    path = real_file("kubernetes/online-boutique.yaml")

    items = read_path(IMPORTER, path)

    by_class = Counter(record.class_name for record in records(items))
    assert by_class == {
        "ContainerCluster": 1,
        "ContainerWorkload": 12,
        "ClusterService": 12,
        "ContainerImage": 13,
    }
    assert problems(items) == []
    assert skipped(items) == {"kind ServiceAccount is not a configuration item": 11}
    by_type = Counter(link.type for record in records(items) for link in record.links)
    assert by_type == {"depends_on": 16, "routes_to": 12, "uses_image": 13, "runs_on": 12}
    assert Counter(name for name, _ in pairs(items, "depends_on")) == {
        "checkoutservice": 6,
        "frontend": 7,
        "cartservice": 1,
        "loadgenerator": 1,
        "recommendationservice": 1,
    }


def test_every_attribute_and_type_is_in_the_registry() -> None:
    registry = shipped_registry()
    node = (
        "---\nkind: Node\nmetadata: {name: n1.example}\n"
        "spec: {providerID: x}\n"
        "status: {capacity: {cpu: '4', memory: 8Gi}, nodeInfo: {systemUUID: u, osImage: o}}\n"
    )
    claim = "---\nkind: PersistentVolumeClaim\nmetadata: {name: data}\nspec: {accessModes: [A]}\n"
    ingress = (
        "---\nkind: Ingress\nmetadata: {name: web}\nspec: {rules: [{host: a.example, http: "
        "{paths: [{path: /x, backend: {service: {name: redis}}}]}}]}\n"
    )

    items = read_text(IMPORTER, CART + node + claim + ingress)

    found = {(r.class_name, name) for r in records(items) for name in r.attributes}
    assert {class_name for class_name, _ in found} == {
        "ContainerCluster", "ContainerWorkload", "ClusterService", "ContainerImage", "Host",
        "StorageVolume", "ApiEndpoint",
    }  # fmt: skip
    unknown = {(c, name) for c, name in found if name not in registry.attributes(c)}
    assert unknown == set()
    assert {link.type for r in records(items) for link in r.links} <= set(registry.types)


def test_a_workload_carries_what_the_manifest_says() -> None:
    items = read_text(IMPORTER, CART, options=ImportOptions(scope={"cluster": "prod-1"}))

    (cart,) = [r for r in records(items) if r.key == "Deployment/shop/cart"]
    assert cart.name == "cart"
    assert cart.within == {"cluster": Reference("ContainerCluster", {"name": "prod-1"})}
    assert dict(cart.attributes) == {
        "kind": "Deployment",
        "namespace": "shop",
        "replicas": 3,
        "service_account": "cart",
        "ports": [7070],
        "images": ["registry.example:5000/shop/cart:1.2"],
        "labels": {"app": "cart"},
    }
    assert cart.place == "input:2"


@pytest.mark.parametrize(
    ("scope", "source", "expected"),
    [({"cluster": "prod"}, "feed", "prod"), ({}, "feed", "feed"), ({}, "", "kubernetes")],
)
def test_the_cluster_is_named_by_scope_then_source(
    scope: dict[str, str], source: str, expected: str
) -> None:
    items = read_text(IMPORTER, CART, options=ImportOptions(source=source, scope=scope))

    assert only_record(items, "ContainerCluster").name == expected


def test_the_uid_of_the_system_namespace_identifies_the_cluster() -> None:
    text = "kind: Namespace\nmetadata: {name: kube-system, uid: u-1}\n"

    items = read_text(IMPORTER, text)

    assert only_record(items).attributes == {"uid": "u-1"}


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


def test_init_containers_and_side_cars_bring_their_images() -> None:
    text = (
        "kind: Deployment\nmetadata: {name: app}\nspec: {template: {spec: {"
        "initContainers: [{name: i, image: busybox}], "
        "containers: [{name: c, image: app:1}, {name: s, image: proxy:2}, {name: t, image: app:1}]"
        "}}}\n"
    )

    items = read_text(IMPORTER, text)

    assert sorted(str(r.attributes["reference"]) for r in records(items, "ContainerImage")) == [
        "docker.io/library/app:1",
        "docker.io/library/busybox:latest",
        "docker.io/library/proxy:2",
    ]
    assert len(links(items, "uses_image")) == 3


def test_owned_pods_replica_sets_and_jobs_are_counted_through_their_owner() -> None:
    def owned(kind: str, owner: str) -> str:
        return (
            f"---\nkind: {kind}\nmetadata: {{name: {kind.lower()}-1, ownerReferences: "
            f"[{{kind: {owner}, name: app}}]}}\nspec: {{containers: []}}\n"
        )

    text = (
        deployment("app")
        + owned("ReplicaSet", "Deployment")
        + owned("Pod", "ReplicaSet")
        + owned("Job", "CronJob")
        + "---\nkind: Pod\nmetadata: {name: bare}\nspec: {containers: []}\n"
    )

    items = read_text(IMPORTER, text)

    assert [r.key for r in records(items, "ContainerWorkload")] == [
        "Deployment/default/app",
        "Pod/default/bare",
    ]
    assert skipped(items) == {
        "ReplicaSet counted through the Deployment that owns it": 1,
        "Pod counted through the ReplicaSet that owns it": 1,
        "Job counted through the CronJob that owns it": 1,
    }


def test_a_pod_of_the_node_itself_counts_and_runs_on_it() -> None:
    text = (
        "kind: Node\nmetadata: {name: n1}\nstatus: {addresses: [{type: InternalIP, address: "
        "10.0.0.1}]}\n---\nkind: Pod\nmetadata: {name: etcd, ownerReferences: [{kind: Node, "
        "name: n1}]}\nspec: {nodeName: n1, containers: []}\n"
    )

    items = read_text(IMPORTER, text)

    hosts = [link.other for _, link in links(items, "runs_on") if link.other.class_name == "Host"]
    assert hosts == [Reference("Host", {"ip": "10.0.0.1", "name": "n1"})]
    ((key, member),) = links(items, "has_member")
    assert (key, member.reverse, member.other.class_name) == ("Node/n1", True, "ContainerCluster")
    assert only_record(items, "ContainerCluster").attributes == {"k_min": 1, "k_full": 1}


def test_a_cron_job_is_read_through_its_job_template() -> None:
    text = (
        "kind: CronJob\nmetadata: {name: night}\nspec: {schedule: '0 3 * * *', jobTemplate: "
        "{spec: {template: {spec: {containers: [{image: batch}]}}}}}\n"
    )

    workload = only_record(read_text(IMPORTER, text), "ContainerWorkload")

    assert workload.attributes["schedule"] == "0 3 * * *"
    assert workload.attributes["images"] == ["docker.io/library/batch:latest"]


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


def test_lists_of_kubectl_are_taken_apart() -> None:
    item = {"metadata": {"name": "app", "namespace": "ns"}, "spec": {}}
    wrapped = {
        "kind": "List",
        "items": [
            {"kind": "Deployment", **item},
            {"kind": "ServiceList", "items": [{"metadata": {"name": "svc"}}]},
            None,
        ],
    }

    items = read_text(IMPORTER, json.dumps(wrapped), "kubectl.json")

    assert [r.key for r in records(items)[1:]] == ["Deployment/ns/app", "Service/default/svc"]
    assert [p.place for p in problems(items)] == ["kubectl.json:items[2]"]


def test_a_folder_is_read_with_its_subfolders(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "deep" / "a.yml").write_text(deployment("a"))
    (tmp_path / "b.yaml").write_text(deployment("b"))
    (tmp_path / ".git" / "c.yaml").write_text(deployment("c"))
    (tmp_path / "notes.txt").write_text("not read")

    items = read_path(IMPORTER, tmp_path)

    assert sorted(r.place for r in records(items, "ContainerWorkload")) == [
        "b.yaml:2",
        "deep/a.yml:2",
    ]


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
