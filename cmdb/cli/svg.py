"""How does a picture look as a file that a browser shows?"""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape

from cmdb.cli.output import shown
from cmdb.cli.pictures import Arrow, Box, Picture

Place = tuple[float, float]

WIDTH, HEIGHT = 190, 46
COLUMN, ROW, MARGIN, TOP = 250, 62, 24, 76
LONGEST, LONGEST_BELOW = 26, 29
_COLOURS = {
    "DOWN": ("#fde0dd", "#b3261e"),
    "DEGRADED": ("#fff1cc", "#9a6700"),
    "AT_RISK": ("#eadcff", "#6b3fa0"),
    "SINGLE_POINT": ("#fde0dd", "#b3261e"),
    "GROUP": ("#e3f0ff", "#1f5fa8"),
}


def draw_svg(picture: Picture) -> str:
    """Return the picture; columns go from left to right."""
    places = _places(picture)
    width = max((x for x, _ in places.values()), default=0) + WIDTH + MARGIN
    height = max((y for _, y in places.values()), default=0) + HEIGHT + MARGIN
    width = max(width, 640)
    rest = f"; {picture.left_out} more CIs are not drawn" if picture.left_out else ""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
            f'width="{width:.0f}" height="{height:.0f}" role="img" '
            'font-family="system-ui, sans-serif">',
            f"<title>{_text(picture.title)}</title>",
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
            'markerHeight="7" orient="auto">'
            '<path d="M0 0L8 4L0 8z" fill="#5f6368"/></marker></defs>',
            f'<rect width="{width:.0f}" height="{height:.0f}" fill="#ffffff"/>',
            f'<text x="{MARGIN}" y="30" font-size="17" font-weight="600" fill="#202124">'
            f"{_text(picture.title)}</text>",
            f'<text x="{MARGIN}" y="52" font-size="12" fill="#5f6368">'
            f"{_text(picture.legend)}{rest}.</text>",
            *(_arrow(arrow, places) for arrow in picture.arrows),
            *(_box(box, places[box.key]) for box in picture.boxes),
            "</svg>",
            "",
        ]
    )


def _places(picture: Picture) -> dict[str, Place]:
    """Return the upper left corner of each box: columns by a library, rows evenly inside them."""
    import networkx as nx

    graph: nx.DiGraph[str] = nx.DiGraph()
    for box in _ordered(picture):
        graph.add_node(box.key, column=box.column)
    found = nx.multipartite_layout(graph, subset_key="column") if len(graph) else {}
    rows: dict[float, list[str]] = {}
    for key, (x, _) in sorted(found.items(), key=lambda item: (item[1][0], item[1][1])):
        rows.setdefault(round(float(x), 6), []).append(key)
    tallest = max((len(keys) for keys in rows.values()), default=0)
    places: dict[str, Place] = {}
    for column, (_, keys) in enumerate(sorted(rows.items())):
        offset = (tallest - len(keys)) / 2
        for row, key in enumerate(keys):
            places[key] = (MARGIN + column * COLUMN, TOP + (row + offset) * ROW)
    return places


def _ordered(picture: Picture) -> list[Box]:
    """Return the boxes column by column, each beside what it is reached from: fewer crossings."""
    reached_from: dict[str, list[str]] = {}
    for arrow in picture.arrows:
        reached_from.setdefault(arrow.to, []).append(arrow.start)
    height: dict[str, float] = {}
    ordered: list[Box] = []
    for column in sorted({box.column for box in picture.boxes}):
        boxes = [box for box in picture.boxes if box.column == column]

        def middle(box: Box) -> tuple[float, str]:
            above = [height[key] for key in reached_from.get(box.key, ()) if key in height]
            return (sum(above) / len(above) if above else 0.0, box.ci.name)

        for row, box in enumerate(sorted(boxes, key=middle)):
            height[box.key] = row / max(len(boxes) - 1, 1)
            ordered.append(box)
    return ordered


def _arrow(arrow: Arrow, places: Mapping[str, Place]) -> str:
    (x1, y1), (x2, y2) = places[arrow.start], places[arrow.to]
    start, end = (x1 + WIDTH, y1 + HEIGHT / 2), (x2, y2 + HEIGHT / 2)
    if x2 <= x1:
        start, end = (x1 + WIDTH / 2, y1 + HEIGHT), (x2 + WIDTH / 2, y2 + HEIGHT)
    bend = max(abs(end[0] - start[0]) / 2, 30)
    dashes = ' stroke-dasharray="5 4"' if arrow.is_dashed else ""
    return (
        f'<path d="M{start[0]:.0f} {start[1]:.0f}C{start[0] + bend:.0f} {start[1]:.0f} '
        f'{end[0] - bend:.0f} {end[1]:.0f} {end[0]:.0f} {end[1]:.0f}" fill="none" '
        f'stroke="#5f6368" stroke-width="1.3"{dashes} marker-end="url(#tip)">'
        f"<title>{_text(arrow.label or 'any of')}</title></path>"
    )


def _box(box: Box, place: Place) -> str:
    fill, line = _COLOURS.get(box.state, ("#f1f3f4", "#5f6368"))
    x, y = place
    radius = HEIGHT / 2 if box.is_service else 5
    return (
        f'<g><title>{_text(str(box.ci))}: {_text(box.note)}</title><rect x="{x:.0f}" y="{y:.0f}" '
        f'width="{WIDTH}" height="{HEIGHT}" rx="{radius:.0f}" fill="{fill}" stroke="{line}"/>'
        f'<text x="{x + 12:.0f}" y="{y + 20:.0f}" font-size="13" font-weight="600" '
        f'fill="#202124">{_text(_cut(box.ci.name))}</text>'
        f'<text x="{x + 12:.0f}" y="{y + 36:.0f}" font-size="11" fill="{line}">'
        f"{_text(_below(box))}</text></g>"
    )


def _below(box: Box) -> str:
    """Return class and note; of both, the class is cut."""
    if not box.note:
        return _cut(box.ci.class_name, LONGEST_BELOW)
    return f"{_cut(box.ci.class_name, LONGEST_BELOW - len(box.note) - 3)} · {box.note}"


def _cut(text: str, longest: int = LONGEST) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _text(text: str) -> str:
    return escape(shown(text))
