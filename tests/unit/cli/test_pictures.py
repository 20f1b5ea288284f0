"""Does a picture show what the report says, without overlaps and without a way to break out?"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

from cmdb.cli.mermaid import draw_mermaid
from cmdb.cli.pictures import MOST_DRAWN, draw, draw_structure
from cmdb.cli.svg import HEIGHT, WIDTH, draw_svg
from cmdb.model.impact_reports import PresentOutage, Step
from cmdb.model.structure_reports import StructureEdge, StructureNode, StructureReport
from tests.unit.cli.reports import FEED, RACK, WEB, WHOLE, hit, report

SVG = "{http://www.w3.org/2000/svg}"


def test_every_ci_stands_in_the_column_of_its_distance() -> None:
    columns = {str(box.ci): box.column for box in draw(WHOLE).boxes}

    assert columns == {
        "PowerSource/feed": 0,
        "Rack/rack": 1,
        "ContainerWorkload/web": 2,
        "ClusterService/web": 3,
        "BusinessService/shop": 4,
    }


def test_arrows_lead_the_way_failure_goes_and_mark_guesses() -> None:
    arrows = draw(WHOLE).arrows

    assert len(arrows) == 4
    assert [arrow.label for arrow in arrows if arrow.is_dashed] == ["depends_on"]


def test_missing_members_of_a_group_are_drawn_too() -> None:
    group = replace(RACK, id="g", name="pool", class_name="RedundancyGroup")
    other = replace(FEED, id="o", name="other feed")
    step = Step(FEED, group, "has_member", "gate")
    found = report(
        replace(hit(group), evidence=(step,), members=(FEED, other)),
        replace(hit(other), evidence=()),
    )

    picture = draw(found)

    keys = {box.key: box.ci.name for box in picture.boxes}
    assert {(keys[a.start], keys[a.to]) for a in picture.arrows} == {
        ("feed", "pool"),
        ("other feed", "pool"),
    }


def test_too_many_cis_are_counted_not_drawn() -> None:
    many = [
        replace(
            hit(replace(RACK, id=f"r{n}")),
            evidence=(Step(FEED, replace(RACK, id=f"r{n}"), "powered_by", "hard"),),
        )
        for n in range(MOST_DRAWN + 7)
    ]

    found = report(*many)

    assert draw(found).left_out == 7
    assert "7 more CIs are not drawn" in draw_svg(draw(found))
    assert 'rest["and 7 more"]' in draw_mermaid(draw(found))


def test_boxes_never_overlap_and_stay_inside() -> None:
    root = ET.fromstring(draw_svg(draw(WHOLE)))  # noqa: S314 - our own picture
    corners = [
        (float(box.attrib["x"]), float(box.attrib["y"]))
        for box in root.findall(f"{SVG}g/{SVG}rect")
    ]
    width, height = float(root.attrib["width"]), float(root.attrib["height"])

    assert len(corners) == 5
    assert all(x + WIDTH <= width and y + HEIGHT <= height for x, y in corners)
    for number, (x, y) in enumerate(corners):
        for other_x, other_y in corners[number + 1 :]:
            assert abs(x - other_x) >= WIDTH or abs(y - other_y) >= HEIGHT


def test_an_evil_name_stays_text() -> None:
    evil = '"]; click n0 "javascript:alert(1)" <script>&'
    rack = replace(RACK, name=evil)
    found = report(replace(hit(rack), evidence=(Step(FEED, rack, "powered_by", "hard"),)))

    root = ET.fromstring(draw_svg(draw(found)))  # noqa: S314 - our own picture
    diagram = draw_mermaid(draw(found))

    assert root.find(f".//{SVG}script") is None
    assert 'click n0 "' not in diagram
    assert "<script>" not in diagram


def test_an_outage_without_effect_is_a_single_box() -> None:
    assert len(draw(report()).boxes) == 1
    assert draw_svg(draw(report())).startswith("<svg")


def test_what_is_so_already_is_drawn_only_where_a_chain_needs_it() -> None:
    other = replace(FEED, id="o", name="other feed")
    unrelated = replace(FEED, id="u", name="unrelated")
    over = replace(hit(RACK), evidence=(Step(other, RACK, "powered_by", "hard"),))
    already = replace(hit(WEB), is_present=True)
    present = tuple(
        PresentOutage(ci, "DOWN", "incident", "i", "lost", None, None) for ci in (other, unrelated)
    )

    picture = draw(replace(report(over, already), present=present))

    drawn = {box.ci.name: (box.column, box.state) for box in picture.boxes}
    assert drawn == {"feed": (0, "DOWN"), "other feed": (0, "DOWN"), "rack": (1, "DOWN")}
    assert picture.left_out == 0


def structure(*nodes: StructureNode, edges: tuple[StructureEdge, ...] = ()) -> StructureReport:
    points = sum(node.is_single_point for node in nodes)
    return StructureReport(7, nodes[0].ci, nodes, edges, len(nodes), points, True, "")


def node(name: str, distance: int, *, point: bool = False, k: int | None = None) -> StructureNode:
    ci = replace(RACK, id=name, name=name)
    return StructureNode(ci, distance, 0.01, point, k, 3 if k else 0)


def test_a_structure_leads_to_its_service_and_marks_single_points_in_words() -> None:
    found = structure(
        node("shop", 0),
        node("pool", 1, k=2),
        node("rack", 1, point=True),
        edges=(
            StructureEdge(0, 1, "hard"),
            StructureEdge(1, 2, "member"),
            StructureEdge(0, 2, "soft"),
        ),
    )

    picture = draw_structure(found)

    assert {box.ci.name: (box.column, box.note) for box in picture.boxes} == {
        "shop": (2, "the service"),
        "pool": (1, "2 of 3 needed"),
        "rack": (0, "single point"),
    }
    assert {(a.start, a.to, a.label, a.is_dashed) for a in picture.arrows} == {
        ("n1", "n0", "hard", False),
        ("n2", "n1", "member", False),
        ("n2", "n0", "soft", True),
    }
    assert "single point" in draw_svg(picture)
    assert "single point" in draw_mermaid(picture)
    assert draw_mermaid(picture).count(":::SINGLE_POINT") == 1


def test_a_circle_of_a_structure_stands_in_one_column() -> None:
    edges = (
        StructureEdge(0, 1, "hard"),
        StructureEdge(1, 2, "hard"),
        StructureEdge(2, 1, "hard"),
    )
    picture = draw_structure(structure(node("shop", 0), node("a", 1), node("b", 2), edges=edges))

    assert [box.column for box in picture.boxes] == [1, 0, 0]


def test_a_large_structure_is_drawn_up_to_the_limit() -> None:
    many = [node("shop", 0), *(node(f"n{i}", 1) for i in range(MOST_DRAWN + 4))]
    edges = tuple(StructureEdge(0, i, "hard") for i in range(1, len(many)))

    picture = draw_structure(structure(*many, edges=edges))

    assert len(picture.boxes) == MOST_DRAWN
    assert picture.left_out == 5
    assert len(picture.arrows) == MOST_DRAWN - 1


def test_an_evil_name_stays_text_in_a_structure() -> None:
    evil = '"]; click n0 "javascript:alert(1)" <script>&'
    picture = draw_structure(structure(node("shop", 0), node(evil, 1, point=True)))

    root = ET.fromstring(draw_svg(picture))  # noqa: S314 - our own picture

    assert root.find(f".//{SVG}script") is None
    assert 'click n0 "' not in draw_mermaid(picture)
