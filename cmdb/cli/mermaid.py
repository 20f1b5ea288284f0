"""How does a blast radius look as a Mermaid diagram, for tickets and wikis?"""

from __future__ import annotations

from cmdb.cli.output import shown
from cmdb.cli.pictures import Box, draw
from cmdb.model.impact_reports import BlastRadiusReport

_COLOURS = {
    "DOWN": "fill:#fde0dd,stroke:#b3261e,color:#410e0b",
    "DEGRADED": "fill:#fff1cc,stroke:#9a6700,color:#3d2900",
    "AT_RISK": "fill:#eadcff,stroke:#6b3fa0,color:#2a1145",
}


def draw_mermaid(report: BlastRadiusReport) -> str:
    """Return the diagram; arrows lead the way failure goes, dashed ones are inferred."""
    picture = draw(report)
    lines = ["flowchart LR"]
    lines += [f"    {_box(box)}:::{box.state}" for box in picture.boxes]
    for arrow in picture.arrows:
        line = "-.->" if arrow.is_inferred else "-->"
        label = f"|{arrow.label}|" if arrow.label else ""
        lines.append(f"    {arrow.start} {line}{label} {arrow.to}")
    if picture.left_out:
        lines.append(f'    rest["and {picture.left_out} more"]')
    lines += [f"    classDef {state} {style}" for state, style in _COLOURS.items()]
    return "\n".join(lines)


def _box(box: Box) -> str:
    text = f"<b>{_quoted(box.ci.name)}</b><br/>{_quoted(box.ci.class_name)}<br/>{box.state}"
    return f'{box.key}(["{text}"])' if box.is_service else f'{box.key}["{text}"]'


def _quoted(text: str) -> str:
    """Return text that cannot end the label: everything special as a numeric entity."""
    return "".join(
        sign if sign.isalnum() or sign in " -_.:/" else f"#{ord(sign)};" for sign in shown(text)
    )
