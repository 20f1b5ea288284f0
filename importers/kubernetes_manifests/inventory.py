"""What does the whole input say? Light summaries of all objects, linked once everything is read.

Selectors and environment values can name anything anywhere in the input, so records with such
links come at its end; what stands alone (nodes, claims) is kept as a finished record.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from cmdb.model.records import Item, Link, Problem, Record, Reference, Skipped
from importers.credentials import REASON as CREDENTIAL
from importers.images import Image
from importers.kubernetes_manifests.addresses import Found, find_services
from importers.kubernetes_manifests.documents import Manifest
from importers.kubernetes_manifests.machines import host_record, volume_record, volume_reference
from importers.kubernetes_manifests.routing import (
    ROUTE_KINDS,
    Endpoint,
    Service,
    parse_ingress,
    parse_route,
    parse_service,
)
from importers.kubernetes_manifests.workloads import (
    POD_TEMPLATE,
    Workload,
    owner_of,
    parse_workload,
)

_IDENTITY_NAMESPACE: Final = "kube-system"


class Inventory:
    """Everything read so far of one cluster."""

    def __init__(self, cluster: str) -> None:
        self.cluster = Reference("ContainerCluster", {"name": cluster})
        self._cluster_uid = ""
        self._versions: set[str] = set()
        self._workloads: dict[str, Workload] = {}
        self._services: dict[tuple[str, str], Service] = {}
        self._endpoints: dict[str, Endpoint] = {}
        self._machines: dict[str, Record] = {}
        self._config_maps: dict[tuple[str, str], dict[str, str]] = {}

    def add(self, manifest: Manifest) -> Iterator[Problem | Skipped]:
        """Take one object in; yield what is wrong with it or left out of it."""
        yield from self._take(manifest)
        yield from manifest.fields.problems

    def _take(self, manifest: Manifest) -> Iterator[Problem | Skipped]:
        kind = manifest.kind
        if kind in POD_TEMPLATE:
            yield from self._take_workload(manifest)
        elif kind == "Service":
            service = parse_service(manifest)
            yield from _hidden(service.credentials, service.place)
            at = (service.namespace, service.name)
            yield from _keep(self._services, at, service, manifest)
        elif kind == "Ingress" or kind in ROUTE_KINDS:
            parse = parse_ingress if kind == "Ingress" else parse_route
            for endpoint in parse(manifest):
                yield from _keep(self._endpoints, endpoint.key, endpoint, manifest)
        elif kind == "Node":
            self._versions.add(
                manifest.fields.object("status").object("nodeInfo").text("kubeletVersion")
            )
            record = host_record(manifest, self.cluster)
            yield from _keep(self._machines, record.key, record, manifest)
        elif kind == "PersistentVolumeClaim":
            record = volume_record(manifest, self.cluster)
            yield from _keep(self._machines, record.key, record, manifest)
        else:
            yield from self._take_other(manifest)

    def _take_workload(self, manifest: Manifest) -> Iterator[Problem | Skipped]:
        if owner := owner_of(manifest):
            owner_kind = owner.partition("/")[0]
            reason = f"{manifest.kind} counted through the {owner_kind} that owns it"
            yield Skipped(reason, manifest.fields.place)
            return
        workload = parse_workload(manifest)
        yield from _hidden(workload.credentials, workload.place)
        yield from _keep(self._workloads, workload.key, workload, manifest)

    def _take_other(self, manifest: Manifest) -> Iterator[Problem | Skipped]:
        place = manifest.fields.place
        if manifest.kind == "ConfigMap":
            data = {
                name: value
                for name, value in manifest.fields.object("data").values.items()
                if isinstance(value, str) and len(value) <= 4096
            }
            self._config_maps[manifest.namespace, manifest.name] = data
            yield Skipped("ConfigMap read for addresses only", place)
            return
        if manifest.kind == "Namespace" and manifest.name == _IDENTITY_NAMESPACE:
            self._cluster_uid = manifest.fields.object("metadata").text("uid")
        yield Skipped(f"kind {manifest.kind[:100]} is not a configuration item", place)

    def items(self) -> Iterator[Item]:
        """Yield the records, the cluster first."""
        yield self._cluster_record()
        yield from self._machines.values()
        images: dict[str, tuple[Image, str]] = {}
        for workload in self._workloads.values():
            for image in workload.images:
                images.setdefault(image.reference, (image, workload.place))
        for image, place in images.values():
            yield image.as_record(place)
        ports = {at: service.ports for at, service in self._services.items()}
        for workload in self._workloads.values():
            links, own = self._workload_links(workload, ports)
            yield self._record("ContainerWorkload", workload, links)
            for _ in range(own):
                yield Skipped("workload that names its own Service", workload.place)
        by_namespace: dict[str, list[Workload]] = defaultdict(list)
        for workload in self._workloads.values():
            by_namespace[workload.namespace].append(workload)
        for service in self._services.values():
            links = self._service_links(service, by_namespace[service.namespace], ports)
            yield self._record("ClusterService", service, links)
        for endpoint in self._endpoints.values():
            yield self._endpoint_record(endpoint)

    def _cluster_record(self) -> Record:
        hosts = sum(record.class_name == "Host" for record in self._machines.values())
        attributes: dict[str, Any] = {"k_min": 1, "k_full": hosts} if hosts else {}
        if self._cluster_uid:
            attributes["uid"] = self._cluster_uid
        if version := min(self._versions - {""}, default=""):
            attributes["version"] = version
        name = self.cluster.values["name"]
        return Record(
            "ContainerCluster", key=f"ContainerCluster/{name}", name=name, attributes=attributes
        )

    def _record(self, class_name: str, item: Workload | Service, links: list[Link]) -> Record:
        return Record(
            class_name,
            key=item.key,
            name=item.name,
            attributes=item.attributes,
            within={"cluster": self.cluster},
            links=tuple(links),
            place=item.place,
        )

    def _workload_links(
        self, workload: Workload, ports: dict[tuple[str, str], frozenset[int]]
    ) -> tuple[list[Link], int]:
        links = [Link("runs_on", self.cluster)]
        host = self._machines.get(f"Node/{workload.node}")
        if workload.node and host is not None:
            links.append(Link("runs_on", _host_reference(host)))
        links += [Link("uses_image", image.as_reference()) for image in workload.images]
        links += self._volume_links(workload)
        own = 0
        for at, (found, names) in self._named_services(workload, ports).items():
            if self._services[at].selects(workload.namespace, workload.pod_labels):
                own += 1
                continue
            links.append(
                Link(
                    "depends_on",
                    self._service_reference(*at),
                    confidence=found.confidence,
                    inferred_by=f"environment value {', '.join(sorted(names))}"[:500],
                )
            )
        return links, own

    def _volume_links(self, workload: Workload) -> Iterator[Link]:
        for claim in workload.claims:
            yield Link("stores_on", volume_reference(workload.namespace, claim, self.cluster))
        strength = "soft" if (workload.attributes.get("replicas") or 0) > 1 else None
        for claim in workload.own_claims:
            volume = volume_reference(workload.namespace, claim, self.cluster)
            yield Link("stores_on", volume, strength=strength)

    def _named_services(
        self, workload: Workload, ports: dict[tuple[str, str], frozenset[int]]
    ) -> dict[tuple[str, str], tuple[Found, set[str]]]:
        named: dict[tuple[str, str], tuple[Found, set[str]]] = {}
        for name, value in self._values(workload):
            for found in find_services(value, workload.namespace, ports):
                at = (found.namespace, found.name)
                best, names = named.get(at, (found, set()))
                names.add(name)
                named[at] = (max(best, found, key=lambda one: one.confidence), names)
        return named

    def _values(self, workload: Workload) -> Iterator[tuple[str, str]]:
        for variable in workload.variables:
            if not variable.config_map:
                yield variable.name, variable.value
                continue
            data = self._config_maps.get((workload.namespace, variable.config_map), {})
            if not variable.name:
                yield from data.items()
            elif variable.config_key in data:
                yield variable.name, data[variable.config_key]

    def _service_links(
        self,
        service: Service,
        neighbours: list[Workload],
        ports: dict[tuple[str, str], frozenset[int]],
    ) -> list[Link]:
        links = [
            Link("routes_to", self._workload_reference(workload))
            for workload in neighbours
            if service.selects(workload.namespace, workload.pod_labels)
        ]
        if service.external_name:
            for found in find_services(service.external_name, service.namespace, ports):
                if (found.namespace, found.name) != (service.namespace, service.name):
                    other = self._service_reference(found.namespace, found.name)
                    links.append(Link("depends_on", other))
        return links

    def _endpoint_record(self, endpoint: Endpoint) -> Record:
        return Record(
            "ApiEndpoint",
            key=endpoint.key,
            name=endpoint.name,
            attributes=endpoint.attributes(),
            links=tuple(
                Link("routes_to", self._service_reference(*at)) for at in endpoint.services
            ),
            place=endpoint.place,
        )

    def _service_reference(self, namespace: str, name: str) -> Reference:
        values = {"namespace": namespace, "name": name}
        return Reference("ClusterService", values, {"cluster": self.cluster})

    def _workload_reference(self, workload: Workload) -> Reference:
        values = {"kind": workload.kind, "namespace": workload.namespace, "name": workload.name}
        return Reference("ContainerWorkload", values, {"cluster": self.cluster})


def _host_reference(host: Record) -> Reference:
    known = {
        name: host.attributes[name] for name in ("uuid", "fqdn", "ip") if name in host.attributes
    }
    return Reference("Host", known | {"name": host.name})


def _hidden(count: int, place: str) -> Iterator[Skipped]:
    for _ in range(count):
        yield Skipped(CREDENTIAL, place)


def _keep(
    known: dict[Any, Any], key: Any, item: Any, manifest: Manifest
) -> Iterator[Problem | Skipped]:
    first = known.setdefault(key, item)
    if first is item:
        return
    if _same(first, item):
        yield Skipped("object repeated in the input", manifest.fields.place)
        return
    yield Problem(
        manifest.fields.place,
        "metadata.name",
        f"{manifest.key[:500]} stands twice in the input with different content",
        f"The one at {first.place} counts; remove the other.",
        raw=f"kind: {manifest.kind[:200]}, name: {manifest.name[:500]}",
    )


def _same(one: Any, other: Any) -> bool:
    names = [name for name in type(one).__slots__ if name not in ("place", "credentials")]
    return all(getattr(one, name) == getattr(other, name) for name in names)
