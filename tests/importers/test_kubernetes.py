"""Do Kubernetes manifests become the right records, traps included?"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from cmdb.model.records import ImportOptions, Reference
from cmdb.model.shipped import shipped_registry
from importers.kubernetes_manifests import IMPORTER
from tests.importers.manifests import CART, deployment
from tests.importers.reading_items import (
    links,
    only_record,
    pairs,
    problems,
    read_path,
    read_text,
    real_file,
    records,
    skipped,
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
