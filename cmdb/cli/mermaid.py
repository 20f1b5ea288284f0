"""How does a picture look as a Mermaid diagram, for tickets and wikis?"""

from __future__ import annotations

from cmdb.cli.output import shown
from cmdb.cli.pictures import Box, Picture

_COLOURS = {
    "DOWN": "fill:#fde0dd,stroke:#b3261e,color:#410e0b",
    "DEGRADED": "fill:#fff1cc,stroke:#9a6700,color:#3d2900",
    "AT_RISK": "fill:#eadcff,stroke:#6b3fa0,color:#2a1145",
    "SINGLE_POINT": "fill:#fde0dd,stroke:#b3261e,stroke-width:3px,color:#410e0b",
    "GROUP": "fill:#e3f0ff,stroke:#1f5fa8,color:#0b2545",
    "OTHER": "fill:#f1f3f4,stroke:#5f6368,color:#202124",
}


def draw_mermaid(picture: Picture) -> str:
    """Return the diagram; arrows lead the way failure goes."""
    lines = ["flowchart LR"]
    lines += [f"    {_box(box)}:::{box.state}" for box in picture.boxes]
    for arrow in picture.arrows:
        line = "-.->" if arrow.is_dashed else "-->"
        label = f"|{arrow.label}|" if arrow.label else ""
        lines.append(f"    {arrow.start} {line}{label} {arrow.to}")
    if picture.left_out:
        lines.append(f'    rest["and {picture.left_out} more"]')
    drawn = {box.state for box in picture.boxes}
    lines += [f"    classDef {state} {_COLOURS[state]}" for state in _COLOURS if state in drawn]
    return "\n".join(lines)


def _box(box: Box) -> str:
    parts = [f"<b>{_quoted(box.ci.name)}</b>", _quoted(box.ci.class_name), _quoted(box.note)]
    text = "<br/>".join(filter(None, parts))
    return f'{box.key}(["{text}"])' if box.is_service else f'{box.key}["{text}"]'


def _quoted(text: str) -> str:
    """Return text that cannot end the label: everything special as a numeric entity."""
    return "".join(
        sign if sign.isalnum() or sign in " -_.:/" else f"#{ord(sign)};" for sign in shown(text)
    )
