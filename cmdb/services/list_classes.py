"""Which classes of CI are registered, and how many CIs has each?"""

from __future__ import annotations

from cmdb.model.definitions import LAYERS
from cmdb.model.reports import ClassesReport, ClassSummary
from cmdb.services.context import Context
from cmdb.services.permit import permit


def list_classes(context: Context) -> ClassesReport:
    """Return the registered classes in the order of the layers, then by name."""
    permit(context.caller, "read")
    registry = context.store.registry()
    counts = context.store.count_classes(context.caller.visibility)
    classes = sorted(registry.classes.values(), key=lambda c: (LAYERS.index(c.layer), c.name))
    return ClassesReport(
        tuple(
            ClassSummary(
                each.name,
                each.layer,
                each.parent,
                tuple(str(rule) for rule in registry.rules(each.name)),
                counts.get(each.name, 0),
                each.summary,
            )
            for each in classes
        )
    )
