"""What do Kubernetes manifests become?

| found | becomes |
|---|---|
| the cluster (`--scope cluster=NAME`, else the source name) | ContainerCluster |
| workload (Deployment, StatefulSet, DaemonSet, CronJob, Job, bare Pod, ...) | ContainerWorkload |
| container image | ContainerImage, `uses_image` |
| Service | ClusterService, `routes_to` each workload whose pod labels its selector matches |
| Ingress or Gateway route, per host and path | ApiEndpoint, `routes_to` ClusterService |
| environment value that names a Service | `depends_on` ClusterService, inferred |
| Node | Host, member of the cluster |
| PersistentVolumeClaim | StorageVolume; `stores_on` from the workloads that mount it |
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from cmdb.model.records import (
    ImportInput,
    ImportOptions,
    Item,
    MappingRow,
)
from importers.kubernetes_manifests.documents import Manifest, read_manifests
from importers.kubernetes_manifests.inventory import Inventory

TABLE: Final = (
    MappingRow("the cluster: `--scope cluster=NAME`, else the source name", "ContainerCluster"),
    MappingRow(
        "Deployment, StatefulSet, DaemonSet, CronJob, Job, bare Pod or ReplicaSet",
        "ContainerWorkload, `runs_on` the cluster",
    ),
    MappingRow(
        "container image, side-cars and init containers too", "ContainerImage, `uses_image`"
    ),
    MappingRow("Service", "ClusterService"),
    MappingRow("selector of a Service", "`routes_to` every workload whose pod labels match"),
    MappingRow(
        "Service that is an alias (`externalName`) of another", "`depends_on` ClusterService"
    ),
    MappingRow(
        "host and path of an Ingress or Gateway route", "ApiEndpoint, `routes_to` ClusterService"
    ),
    MappingRow(
        "environment value that names a Service, literal or from a ConfigMap",
        "`depends_on` ClusterService, inferred, with confidence",
    ),
    MappingRow("Node", "Host; the cluster `has_member` it"),
    MappingRow("Pod bound to a Node that is in the input", "`runs_on` Host"),
    MappingRow("PersistentVolumeClaim", "StorageVolume"),
    MappingRow("claim mounted by a workload, or made by its template", "`stores_on` StorageVolume"),
    MappingRow("Pod, ReplicaSet or Job owned by another workload", "nothing, counted"),
    MappingRow("Secret", "nothing, never read, counted"),
    MappingRow("any other kind", "nothing, counted by kind"),
)


class KubernetesImporter:
    """Reads manifests and `kubectl get -o yaml|json` output of one cluster."""

    name = "kubernetes"
    summary = "Kubernetes manifests, or the output of kubectl get -o yaml or json"
    table: Sequence[MappingRow] = TABLE
    options = frozenset({"max_bytes"})
    takes_mapping = False

    def read(self, source: ImportInput, options: ImportOptions) -> Iterator[Item]:
        """Yield problems and skips while reading, then the records of the whole input."""
        inventory = Inventory(cluster_name(options))
        for found in read_manifests(source, options):
            if isinstance(found, Manifest):
                yield from inventory.add(found)
            else:
                yield found
        yield from inventory.items()


def cluster_name(options: ImportOptions) -> str:
    """Return what the cluster is called: the scope `cluster`, else the source."""
    return options.scope.get("cluster") or options.source or "kubernetes"


IMPORTER: Final = KubernetesImporter()
