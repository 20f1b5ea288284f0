"""The classes and relationship types that every installation starts with.

Written as tables in a short text form: rules as `serial+vendor; uuid; name@cluster`, attributes as
`name:kind[unit]`, with `*` behind the kind for a list (`macs:mac*`).
"""

from __future__ import annotations

import re
from functools import cache

from cmdb.model.definitions import (
    Attribute,
    Availability,
    CIClass,
    IdentificationRule,
    RelationshipType,
    Several,
    Strength,
)
from cmdb.model.registry import Registry

_ATTRIBUTE = re.compile(r"(?P<name>\w+)(?::(?P<kind>\w+))?(?P<many>\*)?(?:\[(?P<unit>[^\]]+)\])?")


def parse_attributes(text: str) -> tuple[Attribute, ...]:
    """Read attributes in the short text form.

    >>> parse_attributes("memory_mib:integer[MiB]")[0].unit
    'MiB'
    """
    found = []
    for word in text.split():
        match = _ATTRIBUTE.fullmatch(word)
        if match is None:
            raise ValueError(f"not an attribute: {word}")
        parts = match.groupdict()
        found.append(
            Attribute(
                parts["name"],
                parts["kind"] or "text",
                many=bool(parts["many"]),
                unit=parts["unit"] or "",
            )
        )
    return tuple(found)


COMMON = (
    Attribute("description", summary="What it is, in a sentence."),
    Attribute("environment", summary="production, staging, test, ..."),
    Attribute("code", summary="Short business code, where there is one."),
    Attribute("tags", many=True, summary="Free labels."),
    Attribute("labels", "json", summary="Labels of the source as a JSON object."),
    Attribute("notes", summary="Remarks of people."),
    Attribute("owner", summary="Owning team, for notification."),
    Attribute("support", summary="Supporting team, for notification."),
    Attribute("restricted_to", "exact", many=True, summary="Team ids that alone may see it."),
    Attribute(
        "criticality", "integer", minimum=1, maximum=4, summary="Manual floor, 1 low to 4 critical."
    ),
    Attribute(
        "mttf_hours", "number", unit="h", minimum=0, summary="Mean time to failure (up time)."
    ),
    Attribute("mtbf_hours", "number", unit="h", minimum=0, summary="Mean time between failures."),
    Attribute("mttr_hours", "number", unit="h", minimum=0, summary="Mean time to restore."),
    Attribute("availability", "number", minimum=0, maximum=1, summary="Given availability."),
    Attribute("source_url", "exact", summary="Where the source shows it."),
    Attribute("external_id", "exact", summary="The source's own id, for people to look up."),
)

GATE = (
    Attribute("k_min", "integer", minimum=1, summary="Members needed not to be DOWN."),
    Attribute("k_full", "integer", minimum=1, summary="Members needed to be fully UP."),
    Attribute("mode", choices=("active-active", "active-standby"), summary="Shown, not computed."),
    Attribute(
        "beta", "number", minimum=0, maximum=1, summary="Share of failures with a common cause."
    ),
)

_HOST = (
    "uuid:uuid serial vendor macs:mac* fqdn:fqdn ip:ip ips:ip* model asset_tag os os_version kernel "
    "architecture cpu_count:integer cpu_cores:integer cpu_model memory_mib:integer[MiB] "
    "disk_gib:integer[GiB] bios_version virtualisation chassis status role platform site cluster"
)

# name | layer | parent | rules | within | attributes | MTTF h, MTTR h | summary
_CLASSES = (
    ("BusinessCapability", "business", "", "code; name", "", "", None, "What the business can do."),
    ("BusinessProcess", "business", "", "code; name", "", "", None, "A process of the business."),
    ("BusinessService", "service", "", "code; name", "", "domain", None,
     "A service as its consumers know it."),
    ("ServiceOffering", "service", "", "code; name@service", "service=BusinessService",
     "agreement availability_target:number recovery_time_hours:number[h] "
     "recovery_point_hours:number[h]", None, "A service in the form in which it is sold."),
    ("TechnicalService", "service", "", "code; name", "", "domain", None,
     "A service that IT gives to IT."),
    ("ServiceInstance", "service", "", "name+environment", "", "", None,
     "A service in one environment."),
    ("BusinessApplication", "application", "", "code; name", "", "vendor version", None,
     "An application as the business knows it."),
    ("SoftwareComponent", "application", "",
     "name+namespace+environment; repository; bom_ref@bom",
     "bom=SoftwareComponent", "namespace repository:exact bom_ref:exact bom_serial:exact version "
     "language group licence purl:exact", (4380.0, 1.0), "A component that is built and deployed."),
    ("SoftwareInstance", "application", "", "kind+port@host; path@host", "host=Host",
     "kind port:integer path:exact version product protocol state", (4380.0, 1.0),
     "A running piece of software on a host."),
    ("SoftwarePackage", "application", "", "purl; name+version@component", "component=",
     "purl:exact version vendor publisher group licence architecture bom_ref:exact type", None,
     "A package as its publisher releases it."),
    ("ApiEndpoint", "application", "", "url; name+version", "",
     "url:exact version protocol host path:exact tls:boolean authenticated:boolean", (8760.0, 1.0),
     "An address where an interface is served."),
    ("DatabaseInstance", "data", "", "engine+port@host; cloud_id", "host=Host",
     "engine port:integer cloud_id:exact version size_gib:number[GiB] instance_class",
     (4380.0, 2.0), "A running database."),
    ("DatabaseSchema", "data", "", "name@instance", "instance=DatabaseInstance",
     "size_gib:number[GiB]", None, "A schema of a database."),
    ("MessageQueue", "data", "", "name@broker", "broker=", "kind durable:boolean", (4380.0, 1.0),
     "A queue or topic of a broker."),
    ("Host", "compute", "", "uuid; serial+vendor; macs; fqdn; ip+scope", "", _HOST,
     (8760.0, 4.0), "A machine of which the kind is not known."),
    ("PhysicalServer", "compute", "Host", "serial+vendor; uuid; macs; fqdn", "",
     "rack_position rack_units:integer[U] power_supplies:integer", (17520.0, 8.0),
     "A machine of metal."),
    ("VirtualMachine", "compute", "Host", "hypervisor_uuid; cloud_id; serial; name@cluster",
     "cluster=", "hypervisor_uuid:uuid cloud_id:exact region zone instance_type image", (8760.0, 1.0),
     "A virtual machine."),
    ("Hypervisor", "compute", "Host", "uuid; serial+vendor; name@cluster; name+scope",
     "cluster=ComputeCluster", "hypervisor_version", (17520.0, 8.0),
     "A machine that runs virtual machines."),
    ("ComputeCluster", "compute", "", "uid; name+scope", "", "uid:exact kind", None,
     "A cluster of hypervisors or nodes."),
    ("ContainerCluster", "compute", "", "uid; name+scope", "", "uid:exact version provider region",
     None, "A cluster that runs containers."),
    ("ContainerWorkload", "compute", "", "uid; kind+namespace+name@cluster",
     "cluster=ContainerCluster",
     "uid:exact kind namespace replicas:integer schedule service_account images:exact* "
     "ports:integer*", (4380.0, 0.25), "A deployment, set, job or pod."),
    ("ClusterService", "compute", "", "uid; namespace+name@cluster", "cluster=ContainerCluster",
     "uid:exact namespace type cluster_ip:ip ports:json external_name:exact selector:json",
     (8760.0, 0.25), "A name inside a cluster behind which workloads stand."),
    ("ContainerImage", "compute", "", "digest; reference", "",
     "digest:exact reference:exact registry:exact repository:exact tag:exact", None,
     "An image of a container."),
    ("NetworkDevice", "network", "Host", "serial+vendor; management_ip+name; name@site",
     "site=Location", "management_ip:ip firmware ports:integer contact", (43800.0, 4.0),
     "A switch, router, firewall or access point."),
    ("NetworkInterface", "network", "", "mac; name@device", "device=Host",
     "mac:mac type speed_mbps:number[Mbit/s] mtu:integer enabled:boolean ips:exact* vlan "
     "description_remote", (87600.0, 2.0), "A port of a machine or device."),
    ("Network", "network", "", "cidr+vrf; vlan_id@site", "site=Location",
     "cidr:exact vrf vlan_id:integer status role", (43800.0, 1.0), "A network or VLAN."),
    ("Circuit", "network", "", "circuit_id+provider", "",
     "circuit_id:exact provider type commit_rate_kbps:integer[kbit/s] status", (4380.0, 6.0),
     "A line of a provider."),
    ("LoadBalancer", "network", "", "vip+port; cloud_id", "",
     "vip:ip port:integer cloud_id:exact dns_name:exact scheme", (17520.0, 1.0),
     "Spreads requests over backends."),
    ("DnsRecord", "network", "", "fqdn+type", "", "fqdn:exact type value:exact ttl_seconds:integer[s]",
     None, "A name in the DNS."),
    ("Certificate", "network", "", "fingerprint", "",
     "fingerprint:exact subject issuer valid_until:exact", None, "A certificate."),
    ("StorageSystem", "storage", "", "serial; name", "", "serial vendor model capacity_gib:number[GiB]",
     (43800.0, 4.0), "An array or filer."),
    ("StorageVolume", "storage", "", "wwn; name@system", "system=",
     "wwn:exact size_gib:number[GiB] storage_class access_modes path:exact filesystem", (43800.0, 2.0),
     "A volume or claim."),
    ("FileShare", "storage", "", "path@system", "system=", "path:exact protocol", (43800.0, 2.0),
     "A shared folder."),
    ("CloudAccount", "cloud", "", "provider+account_id", "", "provider account_id:exact", None,
     "An account or subscription of a cloud."),
    ("CloudResource", "cloud", "", "resource_id; type+name@account", "account=CloudAccount",
     "resource_id:exact type region zone arn:exact address:exact provider status", (8760.0, 1.0),
     "Anything of a cloud that has no class of its own."),
    ("Location", "facility", "", "code; name@parent", "parent=Location",
     "kind address country facility status", (876000.0, 24.0), "A region, site, building or room."),
    ("Rack", "facility", "", "name@location", "location=Location",
     "serial height_units:integer[U] status asset_tag", (876000.0, 24.0), "A rack."),
    ("PowerSource", "facility", "", "serial; name@location", "location=Location",
     "serial kind voltage:number[V] amperage:number[A] status", (8760.0, 4.0),
     "A feed, panel or supply."),
    ("RedundancyGroup", "any", "", "name@owner", "owner=", "", None,
     "Members of which k must be up."),
)  # fmt: skip

_GATES = {"RedundancyGroup", "ComputeCluster", "ContainerCluster"}

_MOST_PROVIDERS = {"part_of": 1}

# name | inverse | strength | several | dependents | providers | summary
_TYPES: tuple[tuple[str, str, Strength | None, Several, str, str, str], ...] = (
    ("depends_on", "supports", "hard", "all", "", "", "consumer depends on provider"),
    ("runs_on", "runs", "hard", "all", "", "", "software or guest runs on host or cluster"),
    ("hosted_in", "houses", "hard", "all", "", "facility compute network storage cloud",
     "thing sits in rack, site or enclosure"),
    ("part_of", "has_part", "hard", "all", "", "", "part lives and dies with its whole"),
    ("has_component", "component_of", "soft", "each", "", "", "whole is built of part"),
    ("powered_by", "powers", "hard", "all", "", "PowerSource RedundancyGroup facility",
     "device is fed by a power source or group"),
    ("routes_to", "routed_from", "gate", "any", "", "", "balancer or service forwards to backend"),
    ("connects_to", "connected_from", "soft", "each", "", "", "client talks to server"),
    ("linked_to", "linked_to", "weak", "none", "", "", "cable or link between equals"),
    ("stores_on", "stores", "hard", "all", "", "", "consumer uses volume or share"),
    ("has_member", "member_of", "gate", "k_of_n", "", "", "group or cluster consists of member"),
    ("exposed_by", "exposes", "hard", "all", "", "", "interface or instance is exposed by component"),
    ("packages", "packaged_in", "hard", "all", "ServiceOffering", "business service",
     "offering packages a service"),
    ("uses_image", "image_of", None, "none", "", "ContainerImage", "workload uses image"),
    ("contains_package", "contained_in", None, "none", "", "SoftwarePackage",
     "component contains package"),
    ("replicates_to", "replica_of", None, "none", "", "", "primary copies to replica"),
    ("managed_by", "manages", "weak", "none", "", "", "managed, monitored or backed up by"),
    ("owned_by", "owns", None, "none", "", "", "belongs to team or person"),
    ("supported_by", "supports_team", None, "none", "", "", "is supported by team or person"),
)  # fmt: skip


def _pairs(text: str) -> dict[str, str]:
    return {role: name for role, _, name in (word.partition("=") for word in text.split())}


@cache
def shipped_registry() -> Registry:
    """Return the registry that every installation starts with."""
    classes = [
        CIClass(
            name,
            layer,
            rules=tuple(IdentificationRule.parse(rule) for rule in rules.split(";") if rule),
            attributes=parse_attributes(attributes) + (GATE if name in _GATES else ()),
            parent=parent,
            within=_pairs(within),
            availability=Availability(*figures) if figures else None,
            is_gate=name in _GATES,
            summary=summary,
        )
        for name, layer, parent, rules, within, attributes, figures, summary in _CLASSES
    ]
    types = [
        RelationshipType(
            name,
            inverse,
            strength,
            several,
            dependents=tuple(dependents.split()),
            providers=tuple(providers.split()),
            is_symmetric=name == "linked_to",
            max_providers=_MOST_PROVIDERS.get(name),
            summary=summary,
        )
        for name, inverse, strength, several, dependents, providers, summary in _TYPES
    ]
    return Registry.of(classes, types, COMMON)
