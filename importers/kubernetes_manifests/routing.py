"""What do Services, Ingresses and routes say of who forwards to whom?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from importers.credentials import without_credentials
from importers.fields import Fields
from importers.kubernetes_manifests.documents import Manifest

ROUTE_KINDS: Final = frozenset({"HTTPRoute", "GRPCRoute"})
_ADDRESSES_LIMIT: Final = 10_000


@dataclass(frozen=True, slots=True)
class Service:
    """One Service, as light as its links need it."""

    namespace: str
    name: str
    place: str
    attributes: dict[str, Any]
    selector: dict[str, str]
    ports: frozenset[int]
    external_name: str
    credentials: int = field(default=0, compare=False)

    @property
    def key(self) -> str:
        """The source's own key of it."""
        return f"Service/{self.namespace}/{self.name}"

    def selects(self, namespace: str, labels: dict[str, str]) -> bool:
        """Return whether it forwards to pods with these labels; without selector to none."""
        return (
            bool(self.selector)
            and self.namespace == namespace
            and all(labels.get(name) == value for name, value in self.selector.items())
        )


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address that an Ingress or route serves, with the Services behind it."""

    key: str
    place: str
    host: str
    path: str
    protocol: str
    services: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self.host}{self.path}" if self.host else self.key.partition("/")[2]

    def attributes(self) -> dict[str, Any]:
        """Return the attributes of the endpoint."""
        found = {"path": self.path, "protocol": self.protocol, "tls": self.protocol == "https"}
        if self.host:
            url = f"{self.protocol}://{self.host}{self.path}"
            found |= {"host": self.host, "url": url}
        return found


def parse_service(manifest: Manifest) -> Service:
    """Return what a Service object says."""
    metadata = manifest.fields.object("metadata")
    spec = manifest.fields.object("spec")
    labels, hidden = without_credentials(metadata.texts("labels"))
    ports = [_port(entry) for entry in spec.objects("ports")]
    selector = spec.texts("selector")
    address = spec.text("clusterIP")
    found = {
        "uid": metadata.text("uid"),
        "namespace": manifest.namespace,
        "type": spec.text("type") or "ClusterIP",
        "cluster_ip": "" if address == "None" else address,
        "external_name": spec.text("externalName"),
        "ports": ports,
        "selector": selector,
        "labels": labels,
    }
    return Service(
        manifest.namespace,
        manifest.name,
        manifest.fields.place,
        attributes={name: value for name, value in found.items() if value},
        selector=selector,
        ports=frozenset(port["port"] for port in ports if "port" in port),
        external_name=spec.text("externalName"),
        credentials=hidden,
    )


def _port(entry: Fields) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": entry.text("name"),
        "port": entry.integer("port"),
        "target_port": entry.scalar("targetPort"),
        "protocol": entry.text("protocol"),
    }
    return {name: value for name, value in found.items() if value not in ("", None)}


def parse_ingress(manifest: Manifest) -> list[Endpoint]:
    """Return one endpoint per host and path of an Ingress, each with its one Service."""
    spec = manifest.fields.object("spec")
    secured = {
        host.lower()
        for entry in spec.objects("tls")
        for host in entry.members("hosts")
        if isinstance(host, str)
    }
    endpoints = _Endpoints(manifest)
    for rule in spec.objects("rules"):
        host = rule.text("host").lower()
        protocol = "https" if host in secured else "http"
        for path in rule.object("http").objects("paths"):
            if service := _backend(path.object("backend")):
                at = path.text("path") or "/"
                endpoints.add(host, at, protocol, (manifest.namespace, service))
    for key in ("defaultBackend", "backend"):
        if service := _backend(spec.object(key)):
            endpoints.add("", "/", "http", (manifest.namespace, service))
    return endpoints.found()


def parse_route(manifest: Manifest) -> list[Endpoint]:
    """Return one endpoint per host and path of a Gateway route, with all Services behind it."""
    spec = manifest.fields.object("spec")
    protocol = "grpc" if manifest.kind == "GRPCRoute" else "http"
    hosts = [host.lower() for host in spec.members("hostnames") if isinstance(host, str)]
    endpoints = _Endpoints(manifest)
    for rule in spec.objects("rules"):
        paths = [_route_path(match) for match in rule.objects("matches")] or ["/"]
        for backend in rule.objects("backendRefs"):
            if backend.text("kind") not in ("", "Service") or not backend.text("name"):
                continue
            service = (backend.text("namespace") or manifest.namespace, backend.text("name"))
            for host in hosts or [""]:
                for path in paths:
                    endpoints.add(host, path, protocol, service)
    return endpoints.found()


def _route_path(match: Fields) -> str:
    method = match.object("method") if isinstance(match.values.get("method"), dict) else None
    if method is not None and method.text("service"):
        return f"/{method.text('service')}/{method.text('method')}".rstrip("/")
    return match.object("path").text("value") or "/"


def _backend(backend: Fields) -> str:
    return backend.object("service").text("name") or backend.text("serviceName")


class _Endpoints:
    """Gathers endpoints of one object: the same host and path come once, with every Service."""

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest
        self._services: dict[tuple[str, str, str], list[tuple[str, str]]] = {}

    def add(self, host: str, path: str, protocol: str, service: tuple[str, str]) -> None:
        if len(self._services) >= _ADDRESSES_LIMIT:
            return
        services = self._services.setdefault((host, path, protocol), [])
        if service not in services:
            services.append(service)

    def found(self) -> list[Endpoint]:
        return list(self._each())

    def _each(self) -> Iterator[Endpoint]:
        for (host, path, protocol), services in self._services.items():
            yield Endpoint(
                f"{self._manifest.key}/{host}{path}",
                self._manifest.fields.place,
                host,
                path,
                protocol,
                tuple(services),
            )
