"""What do nodes and volume claims say of the machines and storage under the workloads?"""

from __future__ import annotations

import re
from typing import Any, Final

from cmdb.model.records import Link, Record, Reference
from importers.credentials import without_credentials
from importers.fields import Fields
from importers.kubernetes_manifests.documents import Manifest

_QUANTITY: Final = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,9})?)(m|[kKMGTPE]i?)?")
_POWERS: Final = {"k": 1, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6}
_GIB: Final = 1024**3


def parse_quantity(text: str) -> float | None:
    """Return a Kubernetes quantity as a plain number, or None if it is none.

    >>> parse_quantity("10Gi"), parse_quantity("250m")
    (10737418240.0, 0.25)
    """
    match = _QUANTITY.fullmatch(text)
    if match is None:
        return None
    number, unit = float(match[1]), match[2] or ""
    if unit == "m":
        return number / 1000
    base = 1024 if unit.endswith("i") else 1000
    return number * float(base ** _POWERS[unit[0]]) if unit else number


def host_record(manifest: Manifest, cluster: Reference) -> Record:
    """Return a node as a host, a member of the cluster."""
    status = manifest.fields.object("status")
    info = status.object("nodeInfo")
    capacity = status.object("capacity")
    labels, _ = without_credentials(manifest.fields.object("metadata").texts("labels"))
    memory, cpus = _quantity(capacity, "memory"), _quantity(capacity, "cpu")
    found: dict[str, Any] = {
        "uuid": info.text("systemUUID"),
        "os": info.text("operatingSystem"),
        "os_version": info.text("osImage"),
        "kernel": info.text("kernelVersion"),
        "architecture": info.text("architecture"),
        "cpu_count": int(cpus) if cpus is not None else None,
        "memory_mib": int(memory / 1024**2) if memory is not None else None,
        "cluster": cluster.values["name"],
        "external_id": manifest.fields.object("spec").text("providerID"),
        "labels": labels,
    } | _addresses(status, manifest.name)
    return Record(
        "Host",
        key=manifest.key,
        name=manifest.name,
        attributes={name: value for name, value in found.items() if value not in ("", None, {})},
        links=(Link("has_member", cluster, reverse=True),),
        place=manifest.fields.place,
    )


def _addresses(status: Fields, name: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for address in status.objects("addresses"):
        kind, value = address.text("type"), address.text("address")
        if kind == "InternalIP":
            found.setdefault("ip", value)
        elif kind in ("Hostname", "InternalDNS") and "." in value:
            found.setdefault("fqdn", value)
    if "." in name and "fqdn" not in found:
        found["fqdn"] = name
    return found


def volume_reference(namespace: str, claim: str, cluster: Reference) -> Reference:
    """Return how a link names the volume of a claim."""
    return Reference("StorageVolume", {"name": f"{namespace}/{claim}"}, {"system": cluster})


def volume_record(manifest: Manifest, cluster: Reference) -> Record:
    """Return a claim as a storage volume of the cluster."""
    spec = manifest.fields.object("spec")
    size = _quantity(spec.object("resources").object("requests"), "storage")
    modes = [mode for mode in spec.members("accessModes") if isinstance(mode, str)]
    labels, _ = without_credentials(manifest.fields.object("metadata").texts("labels"))
    found: dict[str, Any] = {
        "size_gib": round(size / _GIB, 6) if size is not None else None,
        "storage_class": spec.text("storageClassName"),
        "access_modes": ", ".join(modes),
        "external_id": spec.text("volumeName"),
        "labels": labels,
    }
    return Record(
        "StorageVolume",
        key=manifest.key,
        name=f"{manifest.namespace}/{manifest.name}",
        attributes={name: value for name, value in found.items() if value not in ("", None, {})},
        within={"system": cluster},
        place=manifest.fields.place,
    )


def _quantity(fields: Fields, key: str) -> float | None:
    text = fields.scalar(key)
    if not text:
        return None
    quantity = parse_quantity(text)
    if quantity is None:
        fields.note(key, f"{text[:100]!r} is no quantity", "Write it like 10Gi or 500m.")
    return quantity
