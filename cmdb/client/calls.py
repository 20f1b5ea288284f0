"""Which calls has a client? One list, for the synchronous and the asynchronous one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import update_wrapper
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar, cast, overload

from cmdb.client import (
    administration_calls,
    analysis_calls,
    editing_calls,
    inventory_calls,
    practice_calls,
)

if TYPE_CHECKING:
    from cmdb.client.async_client import AsyncCalling
    from cmdb.client.call import Call
    from cmdb.client.client import Calling

P = ParamSpec("P")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Asked(Protocol[P, T_co]):
    """A method that sends a call; what it returns is awaited where the client is asynchronous."""

    @overload
    def __get__(self, client: Calling, kind: type) -> Callable[P, T_co]: ...
    @overload
    def __get__(self, client: AsyncCalling, kind: type) -> Callable[P, Awaitable[T_co]]: ...


def _asked(describe: Callable[P, Call[T]]) -> Asked[P, T]:
    """Return the method that sends what a function describes."""

    def method(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> Any:
        return self._call(describe(*args, **kwargs))

    update_wrapper(method, describe)
    return cast("Asked[P, T]", method)


class Calls:
    """The calls of a client, which sends them by its `_call`."""

    list_classes = _asked(inventory_calls.list_classes)
    find_ci = _asked(inventory_calls.find_ci)
    list_cis = _asked(inventory_calls.list_cis)
    show_ci = _asked(inventory_calls.show_ci)
    get_history = _asked(inventory_calls.get_history)
    search_cis = _asked(inventory_calls.search_cis)

    blast_radius = _asked(inventory_calls.blast_radius)
    explain_impact = _asked(inventory_calls.explain_impact)
    preview_change = _asked(inventory_calls.preview_change)
    diff_moments = _asked(inventory_calls.diff_moments)

    availability = _asked(analysis_calls.availability)
    single_points = _asked(analysis_calls.single_points)
    importance = _asked(analysis_calls.importance)
    cut_sets = _asked(analysis_calls.cut_sets)
    structure = _asked(analysis_calls.structure)
    conflicts = _asked(analysis_calls.conflicts)
    what_if = _asked(analysis_calls.what_if)
    root_cause = _asked(analysis_calls.root_cause)

    list_log = _asked(inventory_calls.list_log)
    show_log = _asked(inventory_calls.show_log)
    anchor_log = _asked(inventory_calls.anchor_log)
    doctor = _asked(inventory_calls.doctor)

    list_formats = _asked(inventory_calls.list_formats)
    list_sources = _asked(inventory_calls.list_sources)
    rank_source = _asked(editing_calls.rank_source)

    add_ci = _asked(editing_calls.add_ci)
    set_attributes = _asked(editing_calls.set_attributes)
    retire_ci = _asked(editing_calls.retire_ci)
    restore_ci = _asked(editing_calls.restore_ci)
    add_relationship = _asked(editing_calls.add_relationship)
    remove_relationship = _asked(editing_calls.remove_relationship)
    add_group = _asked(editing_calls.add_group)

    open_incident = _asked(practice_calls.open_incident)
    update_incident = _asked(practice_calls.update_incident)
    find_incident = _asked(practice_calls.find_incident)
    list_incidents = _asked(practice_calls.list_incidents)
    plan_change = _asked(practice_calls.plan_change)
    update_change = _asked(practice_calls.update_change)
    find_change = _asked(practice_calls.find_change)
    list_changes = _asked(practice_calls.list_changes)
    keep_preview = _asked(practice_calls.keep_preview)
    find_preview = _asked(practice_calls.find_preview)
    list_previews = _asked(practice_calls.list_previews)
    compare_preview = _asked(practice_calls.compare_preview)
    changes_near = _asked(practice_calls.changes_near)

    whoami = _asked(administration_calls.whoami)
    create_token = _asked(administration_calls.create_token)
    list_tokens = _asked(administration_calls.list_tokens)
    revoke_token = _asked(administration_calls.revoke_token)
    list_types = _asked(administration_calls.list_types)
    show_class = _asked(administration_calls.show_class)
    register_class = _asked(administration_calls.register_class)
    register_type = _asked(administration_calls.register_type)
    upsert_records = _asked(administration_calls.upsert_records)
    list_runs = _asked(administration_calls.list_runs)
    find_run = _asked(administration_calls.find_run)
    read_feed = _asked(administration_calls.read_feed)
    log_figures = _asked(administration_calls.log_figures)
    purge_payloads = _asked(administration_calls.purge_payloads)
    set_retention = _asked(administration_calls.set_retention)
    apply_retention = _asked(administration_calls.apply_retention)
