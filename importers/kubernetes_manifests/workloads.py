"""What does one workload object say of itself?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from importers.credentials import is_credential, is_credential_name, without_credentials
from importers.fields import Fields
from importers.images import Image, parse_image
from importers.kubernetes_manifests.documents import Manifest

POD_TEMPLATE: Final[dict[str, tuple[str, ...]]] = {
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "ReplicationController": ("spec", "template"),
    "DeploymentConfig": ("spec", "template"),
    "Rollout": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    "Pod": (),
}
"""Where the pod stands in each kind of workload."""

_REPLICATED: Final = frozenset(
    {"Deployment", "StatefulSet", "ReplicaSet", "ReplicationController", "DeploymentConfig"}
)
_VARIABLE: Final = re.compile(r"\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)")
_VALUE_LIMIT: Final = 4096
_REPLICA_VOLUME_LIMIT: Final = 100


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable with a literal value, or the key of a ConfigMap that holds it.

    `config_map` alone stands for all the keys of that ConfigMap.
    """

    name: str
    value: str = ""
    config_map: str = ""
    config_key: str = ""


@dataclass(frozen=True, slots=True)
class Workload:
    """One workload, as light as its links need it."""

    kind: str
    namespace: str
    name: str
    place: str
    attributes: dict[str, Any]
    pod_labels: dict[str, str]
    images: tuple[Image, ...]
    variables: tuple[Variable, ...]
    claims: tuple[str, ...]
    own_claims: tuple[str, ...]
    node: str = ""
    credentials: int = field(default=0, compare=False)

    @property
    def key(self) -> str:
        """The source's own key of it."""
        return f"{self.kind}/{self.namespace}/{self.name}"


def owner_of(manifest: Manifest) -> str:
    """Return `Kind/name` of the workload that owns this one, or empty."""
    for owner in manifest.fields.object("metadata").objects("ownerReferences"):
        kind = owner.text("kind")
        if kind in POD_TEMPLATE:
            return f"{kind}/{owner.text('name')}"
    return ""


def parse_workload(manifest: Manifest) -> Workload:
    """Return what a workload object says; its oddities are noted in `manifest.fields.problems`."""
    metadata = manifest.fields.object("metadata")
    spec = manifest.fields.object("spec")
    template = manifest.fields
    for step in POD_TEMPLATE[manifest.kind]:
        template = template.object(step)
    pod = template.object("spec")
    labels, hidden = without_credentials(metadata.texts("labels"))
    containers = _containers(pod)
    images = _images(containers)
    variables, secret_values = _variables(containers)
    return Workload(
        manifest.kind,
        manifest.namespace,
        manifest.name,
        manifest.fields.place,
        attributes=_attributes(manifest, spec, pod, containers)
        | ({"labels": labels} if labels else {})
        | ({"images": [image.reference for image in images]} if images else {}),
        pod_labels=template.object("metadata").texts("labels"),
        images=images,
        variables=variables,
        claims=_claims(pod),
        own_claims=_own_claims(manifest, spec),
        node=pod.text("nodeName") if manifest.kind == "Pod" else "",
        credentials=hidden + secret_values,
    )


def _attributes(
    manifest: Manifest, spec: Fields, pod: Fields, containers: list[Fields]
) -> dict[str, Any]:
    ports = {
        port
        for container in containers
        for entry in container.objects("ports")
        if (port := entry.integer("containerPort")) is not None
    }
    found: dict[str, Any] = {
        "uid": manifest.fields.object("metadata").text("uid"),
        "kind": manifest.kind,
        "namespace": manifest.namespace,
        "schedule": spec.text("schedule"),
        "service_account": pod.text("serviceAccountName") or pod.text("serviceAccount"),
        "ports": sorted(ports),
        "replicas": _replicas(manifest.kind, spec),
    }
    return {name: value for name, value in found.items() if value not in ("", [], None)}


def _replicas(kind: str, spec: Fields) -> int | None:
    if kind == "Job":
        return spec.integer("parallelism")
    if kind not in _REPLICATED and kind != "Rollout":
        return None
    stated = spec.integer("replicas")
    return 1 if stated is None else stated


def _containers(pod: Fields) -> list[Fields]:
    return [container for key in ("initContainers", "containers") for container in pod.objects(key)]


def _images(containers: list[Fields]) -> tuple[Image, ...]:
    found: dict[str, Image] = {}
    for container in containers:
        text = container.text("image")
        if not text:
            continue
        image = parse_image(text)
        if image is None:
            hint = "If it is a template, render it first."
            container.note("image", f"{text[:200]!r} is no image reference", hint)
        else:
            found.setdefault(image.reference, image)
    return tuple(found.values())


def _variables(containers: list[Fields]) -> tuple[tuple[Variable, ...], int]:
    found: list[Variable] = []
    hidden = 0
    for container in containers:
        known: dict[str, str] = {}
        for entry in container.objects("env"):
            name, value = entry.scalar("name"), _expanded(entry.scalar("value"), known)
            if is_credential_name(name) or (not value and _reads_secret(entry)):
                hidden += 1
            elif value:
                hidden += is_credential(name, value)
                known[name] = value
                found.append(Variable(name, value))
            else:
                found.extend(_configured(name, entry))
        for entry in container.objects("envFrom"):
            hidden += entry.has("secretRef")
            if config_map := entry.object("configMapRef").text("name"):
                found.append(Variable("", config_map=config_map))
    return tuple(dict.fromkeys(found)), hidden


def _expanded(value: str, known: dict[str, str]) -> str:
    if "$(" not in value:
        return value[:_VALUE_LIMIT]
    return _VARIABLE.sub(lambda hit: known.get(hit[1], hit[0]), value[:_VALUE_LIMIT])[:_VALUE_LIMIT]


def _reads_secret(entry: Fields) -> bool:
    return entry.object("valueFrom").has("secretKeyRef")


def _configured(name: str, entry: Fields) -> Iterator[Variable]:
    chosen = entry.object("valueFrom").object("configMapKeyRef")
    if chosen.text("name") and chosen.text("key"):
        yield Variable(name, config_map=chosen.text("name"), config_key=chosen.text("key"))


def _claims(pod: Fields) -> tuple[str, ...]:
    found = (
        volume.object("persistentVolumeClaim").text("claimName")
        for volume in pod.objects("volumes")
    )
    return tuple(dict.fromkeys(claim for claim in found if claim))


def _own_claims(manifest: Manifest, spec: Fields) -> tuple[str, ...]:
    if manifest.kind != "StatefulSet":
        return ()
    replicas = min(max(_replicas("StatefulSet", spec) or 0, 0), _REPLICA_VOLUME_LIMIT)
    names = [t.object("metadata").text("name") for t in spec.objects("volumeClaimTemplates")]
    return tuple(
        f"{name}-{manifest.name}-{ordinal}" for name in names if name for ordinal in range(replicas)
    )
